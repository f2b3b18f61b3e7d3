//! Who is called and when: how many take turns, after which time the next one is told, between which hours; and at which a
//! service is stopped on purpose.

use promise::say;
use serde_json::json;

use super::{
    Reader,
    figures::{Kind, figures},
    no_home,
    table::Table,
    words,
};

/// What speaks of those who are called.
pub(super) const ON_CALL: [&str; 12] = [
    "待機体制",
    "待機者",
    "待機の時間",
    "on_call",
    "on-call",
    "on call",
    "oncall",
    "pagerduty",
    "pager",
    "rota",
    "当番",
    "オンコール",
];

/// Words for every hour of every day.
const AROUND: [&str; 15] = [
    "at any hour",
    "at every hour",
    "at all hours",
    "day or night",
    "day and night",
    "昼夜を問わず",
    "夜間休日を問わず",
    "24時間365日",
    "24時間 365日",
    "365日24時間",
    "24x7",
    "24/7",
    "24×7",
    "around the clock",
    "round the clock",
];

impl Reader<'_> {
    /// `rota: 6 engineers`, `tool: PagerDuty` of those who are on call.
    pub(super) fn took_turns(&mut self, name: &str, path: &str, text: &str, line: usize) -> bool {
        const ON_CALL: [&str; 7] = [
            "on_call",
            "oncall",
            "pagerduty",
            "pager",
            "rota",
            "当番",
            "オンコール",
        ];
        const TEAM: [&str; 9] = [
            "rota",
            "people",
            "team",
            "members",
            "engineers",
            "size",
            "人数",
            "体制",
            "メンバー",
        ];
        const TOOL: [&str; 4] = ["tool", "kept_in", "ツール", "道具"];
        if !ON_CALL.iter().any(|word| path.contains(word)) {
            return false;
        }
        let count = figures(text).into_iter().find(|it| it.kind == Kind::Count);
        match count.and_then(|it| it.text.parse::<u64>().ok()) {
            Some(team) if TEAM.contains(&name) && !self.draft.has(&["on_call", "team"]) => {
                self.draft.set(&["on_call", "team"], team, line);
            }
            None if TOOL.contains(&name) => self.draft.set(&["on_call", "kept_in"], text, line),
            _ => return false,
        }
        true
    }

    /// `p1_ack_deadline: 15 min`, `sev1: [primary: must acknowledge within 15 min]`: then the next person is called.
    pub(super) fn acknowledged(&mut self, path: &str, text: &str, line: usize) -> bool {
        const ACKNOWLEDGED: [&str; 4] = ["acknowledg", "応答がな", "応答しな", "未応答"];
        let said = format!("{path} {text}").to_lowercase();
        // `backup_retention` acknowledges nothing.
        let is_ack = |text: &str| {
            text.split(|c: char| !c.is_alphanumeric())
                .any(|word| word == "ack")
        };
        let severity = words::severity(&path.replace('.', "_"));
        let time = figures(text).into_iter().find(|it| it.kind == Kind::Time);
        let (Some((severity, level)), Some(time)) = (severity, time) else {
            return false;
        };
        if !is_ack(&said) && !ACKNOWLEDGED.iter().any(|word| said.contains(word)) {
            return false;
        }
        let at = |field| ["severities", severity, field];
        if !self.draft.has(&at("level")) {
            self.draft.set(&at("level"), level, line);
        }
        if !self.draft.has(&at("escalate_after")) {
            self.draft.set(&at("escalate_after"), time.text, line);
            self.draft
                .push(&at("escalate_to"), json!("secondary"), line);
        }
        true
    }

    /// `対応時間: 毎日 07:00-23:00`, `On-call covers 08:00–22:00`: when people are called; `false` where nothing says so.
    pub(super) fn called(&mut self, path: &str, text: &str, line: usize) -> bool {
        const HANDED_OVER: [&str; 8] = [
            "交代",
            "引き継",
            "handover",
            "hand over",
            "rotat",
            "switch",
            "review",
            "standup",
        ];
        const CALLED: [&str; 18] = [
            "duty",
            "当番は",
            "on shift",
            "待機",
            "対応",
            "呼び出し",
            "呼出",
            "鳴",
            "cover",
            "hours",
            "page",
            "paged",
            "answer",
            "staffed",
            "体制",
            "phone",
            "時間帯",
            "call",
        ];
        let said = format!("{path} {text}").to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
        if !has(&ON_CALL) && !self.is_under(&ON_CALL) || has(&HANDED_OVER) || !has(&CALLED) {
            return false;
        }
        let at = ["on_call", "hours"];
        let is_always = || AROUND.iter().any(|word| said.contains(word));
        let around = || is_always().then_some((0, 24 * 60));
        let Some((from, to)) = range(text).or_else(|| range(path)).or_else(around) else {
            return false;
        };
        if self.draft.has(&at) {
            return false;
        }
        let why = say!("when people are called", "呼び出しの時間帯の記述");
        self.draft
            .guess(&at, format!("{}-{}", clock(from), clock(to)), line, why);
        true
    }

    /// A table of the hours in which people are called, whatever days it parts them by: the first row is of most days.
    pub(super) fn hours_table(&mut self, table: &Table<'_>) -> bool {
        const HOURS: [&str; 6] = [
            "待機時間",
            "待機の時間帯",
            "呼び出し時間",
            "当番時間",
            "on_call_hours",
            "covered_hours",
        ];
        let at = ["on_call", "hours"];
        let Some(column) = table.column(&HOURS) else {
            return false;
        };
        for (line, row) in table.rows {
            let cell = table.cell(row, column);
            match range(&cell).filter(|_| !self.draft.has(&at)) {
                Some((from, to)) => {
                    let why = say!("when people are called", "呼び出しの時間帯の記述");
                    let hours = format!("{}-{}", clock(from), clock(to));
                    self.draft.guess(&at, hours, *line, why);
                }
                None => self.draft.lost(*line, &row.join(" / "), no_home()),
            }
        }
        true
    }

    /// A severity that is answered at every hour.
    pub(super) fn around_the_clock(&mut self, severity: &str, text: &str, line: usize) {
        let lower = text.to_lowercase();
        let path = ["severities", severity, "around_the_clock"];
        if AROUND.iter().any(|word| lower.contains(word)) && !self.draft.has(&path) {
            self.draft.set(&path, true, line);
        }
    }

    /// `毎週日曜 02:00-04:00 に全機能を止めて`: a stop on purpose; `false` where nothing says so.
    pub(super) fn stopped(&mut self, path: &str, text: &str, line: usize) -> bool {
        const PLANNED: [&str; 12] = [
            "保守",
            "全機能を止",
            "計画メンテナンス",
            "計画停止",
            "定期メンテナンス",
            "定期停止",
            "定例メンテナンス",
            "planned",
            "maintenance",
            "fixed slot",
            "release window",
            "change window",
        ];
        const DOWN: [&str; 18] = [
            "holding page",
            "maintenance page",
            "sorry page",
            "ソーリーページ",
            "メンテナンスページ",
            "停止",
            "止め",
            "止ま",
            "利用できない",
            "503",
            "unavailable",
            "offline",
            "downtime",
            "is down",
            "taken down",
            "be down",
            "no service",
            "outage",
        ];
        const NOT_DOWN: [&str; 7] = [
            "without downtime",
            "no downtime",
            "zero downtime",
            "zero-downtime",
            "無停止",
            "停止しない",
            "停止なし",
        ];
        let own = format!("{path} {text}").to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| own.contains(word));
        if has(&NOT_DOWN) {
            return false;
        }
        // `A fixed slot every Sunday, 02:00–02:45. The API returns 503 for the whole slot.`
        if let Some((at, every, lasts)) = self.slot.take()
            && at == line
            && has(&DOWN)
        {
            self.stop(every, &lasts, line);
            return true;
        }
        // `**Maintenance.** Once a month from 07:00 to 07:30 …`
        const LABEL: usize = 24;
        let label = Some(&self.before).filter(|it| it.chars().count() <= LABEL);
        let is_labelled = label.is_some_and(|it| PLANNED.iter().any(|word| it.contains(word)));
        let is_planned = has(&PLANNED) || is_labelled || self.is_under(&PLANNED);
        if !is_planned {
            return false;
        }
        let Some(every) = rhythm(&own) else {
            return false;
        };
        if !has(&DOWN) {
            self.slot = range(text)
                .map(|(from, to)| (line, every, format!("{}m", (to + DAY - from) % DAY)));
            return false;
        }
        let lasts = range(text).map(|(from, to)| format!("{}m", (to + DAY - from) % DAY));
        let time = || {
            figures(text)
                .into_iter()
                .find(|it| it.kind == Kind::Time)
                .map(|it| it.text)
        };
        let Some(lasts) = lasts.or_else(time) else {
            return false;
        };
        self.stop(every, &lasts, line);
        true
    }

    fn stop(&mut self, every: &str, lasts: &str, line: usize) {
        let id = self.draft.id("stops", "planned");
        let at = |field| ["service", "stops", id.as_str(), field];
        self.draft.set(&at("every"), every, line);
        self.draft.set(&at("lasts"), lasts, line);
        if let Some(counted) = counted(&self.whole) {
            let why = say!(
                "the document says so of all stops",
                "計画停止の扱いの記述による"
            );
            self.draft.guess(&at("counted"), json!(counted), line, why);
        }
    }
}

/// Whether the document counts planned stops against what it promises.
fn counted(whole: &str) -> Option<bool> {
    const OUT: [&str; 15] = [
        "計画停止を除",
        "計画停止は除",
        "稼働率に含めない",
        "可用性に含めない",
        "稼働率に含まない",
        "計画メンテナンスを除",
        "計画メンテナンスは除",
        "メンテナンスを除",
        "計画停止を含まない",
        "excluding planned",
        "excludes planned",
        "planned maintenance is excluded",
        "planned maintenance excluded",
        "excluding maintenance",
        "excluding scheduled",
    ];
    const IN: [&str; 16] = [
        "計画停止の時間も",
        "除外規定は置かない",
        "not carved out",
        "planned work counts",
        "planned downtime counts",
        "計画停止を含",
        "計画停止も含",
        "稼働率に含め",
        "可用性に含め",
        "計画メンテナンスを含",
        "計画メンテナンスも含",
        "メンテナンスを含め",
        "planned or not",
        "including planned",
        "no maintenance exclusion",
        "includes planned",
    ];
    // `計画停止も停止なので、計算から除外しない`: the stop and how it is counted stand in one sentence.
    const STOPS: [&str; 8] = [
        "計画停止",
        "計画メンテナンス",
        "定期メンテナンス",
        "定期停止",
        "planned",
        "scheduled",
        "maintenance",
        "計画的な停止",
    ];
    const COUNTED: [&str; 13] = [
        "除外しない",
        "除外せず",
        "除かない",
        "除かず",
        "差し引かない",
        "停止時間に数え",
        "停止に数え",
        "not excluded",
        "not exempt",
        "not deducted",
        "count as downtime",
        "counts as downtime",
        "counts against",
    ];
    const UNCOUNTED: [&str; 6] = [
        "除外する",
        "除外し、",
        "数えない",
        "not counted",
        "not count ",
        "are excluded",
    ];
    // What is stressed is said no differently.
    let whole = whole.replace('*', "");
    let has = |words: &[&str]| words.iter().any(|word| whole.contains(word));
    let sentences = whole.split(['。', '\n']).flat_map(|it| it.split(". "));
    let says = |words: &[&str]| {
        sentences.clone().any(|sentence| {
            let has = |words: &[&str]| words.iter().any(|word| sentence.contains(word));
            has(&STOPS) && has(words)
        })
    };
    match (has(&OUT) || says(&UNCOUNTED), has(&IN) || says(&COUNTED)) {
        (true, _) => Some(false),
        (false, true) => Some(true),
        _ => None,
    }
}

/// How often a day of the week comes that a text names.
fn rhythm(text: &str) -> Option<&'static str> {
    const WEEKLY: [&str; 11] = [
        "毎週",
        "週次",
        "週1回",
        "weekly",
        "every week",
        "every sun",
        "every sat",
        "every monday",
        "every tue",
        "every wed",
        "every thu",
    ];
    const MONTHLY: [&str; 11] = [
        "each month",
        "of the month",
        "of every month",
        "毎月",
        "月次",
        "月1回",
        "monthly",
        "every month",
        "once a month",
        "first ",
        "last ",
    ];
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let ordinals = text.matches('第').count();
    match ordinals {
        1 => Some("31d"),
        2.. => Some("15d"),
        0 if has(&WEEKLY) => Some("7d"),
        0 if has(&MONTHLY) => Some("31d"),
        0 => None,
    }
}

const DAY: u32 = 24 * 60;

/// Two times of a day with nothing but a dash between them, in minutes: `07:00-23:00`, `1:00〜翌5:00`, and as a key has them
/// (`7_00_20_00`).
fn range(text: &str) -> Option<(u32, u32)> {
    let moments = moments(text);
    moments.windows(2).find_map(|pair| {
        let [(_, end, from), (start, _, to)] = [pair[0], pair[1]];
        let between = text.get(end..start)?;
        let bare = between.trim().trim_start_matches('翌');
        let parts = [
            "-",
            "–",
            "—",
            "〜",
            "～",
            "~",
            "to",
            "から",
            "until",
            "_",
            "-翌",
            "〜翌",
            "～翌",
            "から翌",
        ];
        (parts.contains(&bare) || parts.contains(&between.trim())).then_some((from, to))
    })
}

/// The times of a day in a text: where each starts and ends, and its minute.
pub(super) fn moments(text: &str) -> Vec<(usize, usize, u32)> {
    let bytes = text.as_bytes();
    let digits = |at: usize| {
        bytes[at..]
            .iter()
            .take_while(|c| c.is_ascii_digit())
            .count()
    };
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let hour = digits(at);
        if hour == 0 {
            at += 1;
            continue;
        }
        let parted = matches!(bytes.get(at + hour), Some(b':' | b'_'));
        let minute = if parted { digits(at + hour + 1) } else { 0 };
        let number =
            |from: usize, length: usize| text.get(from..from + length)?.parse::<u32>().ok();
        if hour <= 2
            && minute == 2
            && let (Some(hours), Some(minutes)) = (number(at, hour), number(at + hour + 1, 2))
            && hours <= 24
            && minutes < 60
        {
            let end = at + hour + 3;
            out.push((at, end, hours * 60 + minutes));
            at = end;
        } else {
            at += hour;
        }
    }
    out
}

fn clock(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_people_and_keys_write_them() {
        for (text, wanted) in [
            ("毎日 07:00-23:00", Some((420, 1380))),
            ("Sunday, 02:00–02:45 Central", Some((120, 165))),
            ("平日_土曜_7_00_20_00", Some((420, 1200))),
            ("23:00〜翌5:00", Some((1380, 300))),
            ("月曜 10:00 JST", None),
            ("RTO 5:00", None),
        ] {
            assert_eq!(range(text), wanted, "{text}");
        }
    }
}
