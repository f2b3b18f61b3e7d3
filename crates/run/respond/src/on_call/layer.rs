//! One layer: whose turn it is, and whether the layer covers that time of the week.

use jiff::{
    SignedDuration, ToSpan as _,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};
use promise::Timestamp;
use spec::section::{
    calendar::{TimeOfDay, Weekday},
    on_call::{During, Holidays, Layer, OnCall},
};

use super::holiday;

/// Who has the turn where the layer covers `at`.
pub fn who<'s>(
    layer: &'s Layer,
    on_call: &OnCall,
    zone: &TimeZone,
    at: Timestamp,
) -> Option<&'s str> {
    if at < layer.from || layer.until.is_some_and(|until| until <= at) {
        return None;
    }
    let local = at.to_zoned(zone).datetime();
    if !layer.during.is_empty() && !layer.during.iter().any(|it| covers(it, on_call, local)) {
        return None;
    }
    let turns = Turns::of(layer, zone)?;
    let people = i64::try_from(layer.rotation.len())
        .ok()
        .filter(|count| *count > 0)?;
    let place = turns.at(at)?.rem_euclid(people);
    layer
        .rotation
        .get(usize::try_from(place).ok()?)
        .map(String::as_str)
}

/// The next instant after `at` at which the layer may begin, end, hand over, or cover or leave a part of the week.
pub fn next_change(layer: &Layer, zone: &TimeZone, at: Timestamp) -> Option<Timestamp> {
    if at < layer.from {
        return Some(layer.from);
    }
    let until = layer.until.filter(|until| *until > at);
    if layer.until.is_some() && until.is_none() {
        return None;
    }
    let turns = Turns::of(layer, zone);
    let hand_over = turns.and_then(|turns| turns.begin(turns.at(at)?.checked_add(1)?));
    let today = at.to_zoned(zone).date();
    // Tomorrow's begin is at most 49 hours away, over any change of the clock.
    let edges = [
        Some(today),
        today.tomorrow().ok(),
        today.checked_add(2.days()).ok(),
    ];
    let edges = edges.into_iter().flatten().flat_map(|date| {
        let parts = layer.during.iter();
        parts.flat_map(move |part| {
            [TimeOfDay::MIDNIGHT, part.from, part.to].map(|time| on(date, time))
        })
    });
    let edges = edges.flatten().filter_map(|local| instant(local, zone));
    let all = edges.chain(hand_over).chain(until);
    all.filter(|it| *it > at).min()
}

/// Turns of equal length on the wall clock.
struct Turns<'z> {
    zone: &'z TimeZone,
    first: DateTime,
    length: SignedDuration,
}

impl<'z> Turns<'z> {
    fn of(layer: &Layer, zone: &'z TimeZone) -> Option<Self> {
        // A shorter one is a mistake of the spec; here it only must not become a long loop.
        let length = Some(layer.turn.0).filter(|turn| *turn >= Layer::TURN_MIN)?;
        Some(Self {
            zone,
            first: layer.from.to_zoned(zone).datetime(),
            length: SignedDuration::try_from(length).ok()?,
        })
    }

    /// When the turn of this number begins.
    fn begin(&self, number: i64) -> Option<Timestamp> {
        let millis = i64::try_from(self.length.as_millis())
            .ok()?
            .checked_mul(number)?;
        let local = self
            .first
            .checked_add(SignedDuration::from_millis(millis))
            .ok()?;
        instant(local, self.zone)
    }

    /// The number of the turn that holds `at`.
    fn at(&self, at: Timestamp) -> Option<i64> {
        let local = at.to_zoned(self.zone).datetime();
        let since = local.duration_since(self.first).as_millis();
        let mut number = i64::try_from(since.div_euclid(self.length.as_millis())).ok()?;
        // The wall clock may stand before or after what the instants say, by as much as it was ever put.
        while self.begin(number)? > at {
            number -= 1;
        }
        while self.begin(number + 1)? <= at {
            number += 1;
        }
        Some(number)
    }
}

fn covers(part: &During, on_call: &OnCall, local: DateTime) -> bool {
    let minute = u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute()));
    let minute = minute.unwrap_or_default();
    let (from, to) = (part.from.minutes(), part.to.minutes());
    let means = |date: Date| means(part, on_call, date);
    if from < to {
        return from <= minute && minute < to && means(local.date());
    }
    let evening = from <= minute && means(local.date());
    let morning = minute < to && local.date().yesterday().is_ok_and(means);
    evening || morning
}

/// Whether the part of the week begins on this date.
fn means(part: &During, on_call: &OnCall, date: Date) -> bool {
    let day = Weekday::ALL[usize::from(date.weekday().to_monday_zero_offset().unsigned_abs()) % 7];
    let is_day = part.days.is_empty() || part.days.contains(&day);
    let is_off = || {
        on_call.days_off.iter().any(|off| off.0 == date) || holiday::is_one(on_call.holidays, date)
    };
    match part.holidays {
        Holidays::Include => is_day,
        Holidays::Except => is_day && !is_off(),
        Holidays::Only => is_day && is_off(),
    }
}

fn on(date: Date, time: TimeOfDay) -> Option<DateTime> {
    let (hour, minute) = (time.minutes() / 60, time.minutes() % 60);
    if time == TimeOfDay::END {
        return Some(date.tomorrow().ok()?.to_datetime(Time::midnight()));
    }
    let time = Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()?;
    Some(date.to_datetime(time))
}

fn instant(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let instant = zone.to_ambiguous_timestamp(local).compatible().ok()?;
    Some(Timestamp::from_millis(instant.as_millisecond()))
}
