//! `on_call`: who answers, when: people, schedules of layers, overrides and holidays.

use std::{collections::BTreeMap, fmt, time::Duration};

use promise::{Name, Say, Timestamp, record, record::Scalar, say, scalar_as_text, unit::Span};

use super::calendar::{TimeOfDay, Weekday};

record! {
    /// Who answers, and when.
    /// ja: 当番。
    pub struct OnCall {
        /// The people, by a short name.
        /// ja: 人。
        people: BTreeMap<String, Person> = BTreeMap::new(),
        /// Schedules by name; each has one person on call at a time.
        /// ja: 当番表(名前ごと)。それぞれ一度に一人が当番になります。
        schedules: BTreeMap<String, Schedule> = BTreeMap::new(),
        /// How many take turns, where they are not named here.
        /// ja: 交代する人数(ここに名前を書かない場合)。
        team: Option<u64>,
        /// How many are on call at the same time, such as a first and a second.
        /// ja: 同時に当番に入る人数(主当番と副当番など)。
        at_once: u64 = 1,
        /// Nobody should be on call in more than one turn of so many.
        /// ja: 当番に入る頻度の上限(何回に 1 回まで)。
        one_in: Option<u64>,
        /// Where the schedules are kept, if not here: the name of a tool.
        /// ja: 当番表がここではなく別の道具にある場合、その名前。
        kept_in: Option<String>,
        /// Between which hours people are called, where the schedule is kept elsewhere: `07:00-23:00`.
        /// ja: 呼び出しの時間帯(当番表が別の場所にある場合)。`07:00-23:00` など。
        hours: Option<String>,
        /// Whose public holidays `holidays` in a layer means: `japan` or `none`.
        /// ja: `holidays` が指す祝日。`japan` か `none`。
        holidays: Country = Country::None,
        /// Days off besides the public holidays, such as the company's.
        /// ja: 祝日のほかの休業日。
        days_off: Vec<Day> = Vec::new(),
        /// Nobody should be on call for longer than this without a break.
        /// ja: 続けて当番に入る長さの上限。
        longest: Span = Span::days(14),
    }
}

record! {
    /// A person who can be on call.
    /// ja: 当番になる人。
    pub struct Person {
        /// What people call them.
        /// ja: 名前。
        name: Name,
        /// Receivers that reach them.
        /// ja: 連絡先。
        receivers: Vec<String> = Vec::new(),
    }
}

record! {
    /// Who is on call at which time.
    /// ja: 当番表。
    pub struct Schedule {
        /// In which zone its hours and hand-overs are; the service's where none is given.
        /// ja: 時刻の時間帯。なければサービスの時間帯。
        time_zone: Option<String>,
        /// Rotations; where several cover an instant, the last one counts.
        /// ja: 当番の層。重なる時間帯では後のものが優先されます。
        layers: Vec<Layer>,
        /// Swaps and stand-ins; these come before every layer.
        /// ja: 交代や代理。どの層よりも優先されます。
        overrides: Vec<Override> = Vec::new(),
    }
}

record! {
    /// People who take turns.
    /// ja: 交代で入る人たち。
    pub struct Layer {
        /// In which order they take turns.
        /// ja: 交代の順番。
        rotation: Vec<String>,
        /// How long a turn lasts by the clock on the wall: a turn of days is handed over at the same hour, summer time or not.
        /// ja: 一回の当番の長さ。夏時間でも同じ時刻に交代します。
        turn: Span = Span::days(7),
        /// When the first turn begins, RFC 3339; its time of day is when turns are handed over.
        /// ja: 最初の当番の開始時刻。交代もこの時刻です。
        from: Timestamp,
        /// When the layer ends.
        /// ja: この層の終わり。
        until: Option<Timestamp>,
        /// Only at these times; always where none is given. The turns go on meanwhile.
        /// ja: この時間帯に限ります。なければ常時。
        during: Vec<During> = Vec::new(),
    }
}

record! {
    /// A part of the week.
    /// ja: 週のうちの時間帯。
    pub struct During {
        /// On these days; every day where none is given.
        /// ja: 曜日。なければ毎日。
        days: Vec<Weekday> = Vec::new(),
        /// From this time of the day.
        /// ja: 開始時刻。
        from: TimeOfDay = TimeOfDay::MIDNIGHT,
        /// Until this time; an earlier one than `from` is on the next day.
        /// ja: 終了時刻。`from` より早ければ翌日。
        to: TimeOfDay = TimeOfDay::END,
        /// What of holidays: `include` treats them as any day, `except` leaves them out, `only` takes nothing else.
        /// ja: 祝日の扱い。`include` は区別なし、`except` は除外、`only` は祝日のみ。
        holidays: Holidays = Holidays::Include,
    }
}

record! {
    /// Somebody stands in.
    /// ja: 代理。
    pub struct Override {
        /// Who is on call.
        /// ja: 当番に入る人。
        who: String,
        /// From when, RFC 3339.
        /// ja: 開始。
        from: Timestamp,
        /// Until when.
        /// ja: 終了。
        to: Timestamp,
        /// Only where this person would have been on call: a swap of turns and not of hours.
        /// ja: この人が当番のときに限る(当番の交換)。
        instead_of: Option<String>,
        /// Why.
        /// ja: 理由。
        why: Option<String>,
    }
}

/// A date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub jiff::civil::Date);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Scalar for Day {
    const NAME: &'static str = "date";
    const NAME_JA: &'static str = "日付";
    const EXAMPLE: &'static str = "2026-12-29";
    const PATTERN: Option<&'static str> = Some(r"^\d{4}-\d{2}-\d{2}$");

    fn parse(text: &str) -> Result<Self, Say> {
        text.parse()
            .map(Self)
            .map_err(|_| say!("`{text}` is not a date", "`{text}` は日付ではありません"))
    }
}
scalar_as_text!(Day);

/// Whose public holidays count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Country {
    None,
    Japan,
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ONE_OF[*self as usize])
    }
}

impl Scalar for Country {
    const NAME: &'static str = "calendar of holidays";
    const NAME_JA: &'static str = "祝日の暦";
    const EXAMPLE: &'static str = "japan";
    const ONE_OF: &'static [&'static str] = &["none", "japan"];

    fn parse(text: &str) -> Result<Self, Say> {
        match text {
            "none" => Ok(Self::None),
            "japan" => Ok(Self::Japan),
            _ => Err(say!(
                "`{text}` is no calendar known here",
                "`{text}` という祝日の暦はありません"
            )),
        }
    }
}
scalar_as_text!(Country);

/// How a part of the week treats holidays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holidays {
    Include,
    Except,
    Only,
}

impl fmt::Display for Holidays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ONE_OF[*self as usize])
    }
}

impl Scalar for Holidays {
    const NAME: &'static str = "treatment of holidays";
    const NAME_JA: &'static str = "祝日の扱い";
    const EXAMPLE: &'static str = "except";
    const ONE_OF: &'static [&'static str] = &["include", "except", "only"];

    fn parse(text: &str) -> Result<Self, Say> {
        match text {
            "include" => Ok(Self::Include),
            "except" => Ok(Self::Except),
            "only" => Ok(Self::Only),
            _ => Err(say!(
                "`{text}` is no treatment of holidays",
                "`{text}` という祝日の扱いはありません"
            )),
        }
    }
}
scalar_as_text!(Holidays);

impl Layer {
    /// In shorter turns an incident changes hands before it is understood: four times the 15 minutes in which the worst
    /// severity is usually answered.
    pub const TURN_MIN: Duration = Duration::from_secs(3600);
}
