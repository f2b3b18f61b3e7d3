//! Instants as requests write them: ISO 8601, Unix time, patterns such as `yyyy|MM|dd`, and date math (`now-1h/d`).

use jiff::{
    RoundMode, Span, ToSpan, Unit, Zoned, ZonedRound,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};
use promise::Timestamp;

use crate::error::{Error, illegal};

/// The zone in which days begin.
#[derive(Debug, Clone)]
pub struct Zone(pub TimeZone);

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

/// `Asia/Tokyo`, `+09:00`, `Z`.
pub fn time_zone(name: &str) -> Result<Zone, Error> {
    if matches!(name, "Z" | "UTC" | "utc") {
        return Ok(Zone::default());
    }
    if let Some(offset) = offset(name) {
        return Ok(Zone(TimeZone::fixed(offset)));
    }
    match TimeZone::get(name) {
        Ok(zone) => Ok(Zone(zone)),
        Err(_) => illegal(format!("Unknown time-zone ID: {name}")),
    }
}

fn offset(text: &str) -> Option<jiff::tz::Offset> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    let number = |range: std::ops::Range<usize>| {
        digits.get(range).map_or(Some(0), |d| d.parse::<i32>().ok())
    };
    let is_whole = matches!(digits.len(), 2 | 4) && digits.bytes().all(|b| b.is_ascii_digit());
    let seconds = sign * (number(0..2)? * 3600 + number(2..4)? * 60);
    is_whole.then(|| jiff::tz::Offset::from_seconds(seconds).ok())?
}

/// A text without math, in one of the formats (`||` between them) or in those that Elasticsearch takes by itself.
#[must_use]
pub fn parse(text: &str, formats: Option<&str>) -> Option<Timestamp> {
    read(text, formats, &Zone::default()).map(|(at, _)| at)
}

/// An instant, with math. `up` takes the end of the span that is left open: the last millisecond of a day.
#[must_use]
pub fn instant(
    text: &str,
    formats: Option<&str>,
    now: Timestamp,
    zone: &Zone,
    up: bool,
) -> Option<Timestamp> {
    let (base, math) = match text.strip_prefix("now") {
        Some(math) => ((now, None), math),
        None => {
            let (date, math) = text.split_once("||").unwrap_or((text, ""));
            (read(date, formats, zone)?, math)
        }
    };
    let (mut at, unit) = (base.0, base.1);
    if math.is_empty() {
        if let (true, Some(unit)) = (up, unit) {
            at = end_of(at, unit, zone)?;
        }
        return Some(at);
    }
    let mut rest = math;
    while let Some(sign) = rest.chars().next() {
        rest = &rest[1..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (count, after) = rest.split_at(digits);
        let unit = unit_of(after.chars().next()?)?;
        rest = &after[1..];
        let zoned = at.to_zoned(&zone.0);
        at = match sign {
            '/' if count.is_empty() && up => end_of(at, unit, zone)?,
            '/' if count.is_empty() => stamp(&floor(&zoned, unit)?),
            '+' | '-' => {
                let count: i64 = if count.is_empty() {
                    1
                } else {
                    count.parse().ok()?
                };
                let span = span(unit, count)?;
                stamp(
                    &if sign == '+' {
                        zoned.checked_add(span)
                    } else {
                        zoned.checked_sub(span)
                    }
                    .ok()?,
                )
            }
            _ => return None,
        };
    }
    Some(at)
}

fn stamp(zoned: &Zoned) -> Timestamp {
    Timestamp::from_millis(zoned.timestamp().as_millisecond())
}

fn unit_of(letter: char) -> Option<Unit> {
    Some(match letter {
        'y' => Unit::Year,
        'M' => Unit::Month,
        'w' => Unit::Week,
        'd' => Unit::Day,
        'h' | 'H' => Unit::Hour,
        'm' => Unit::Minute,
        's' => Unit::Second,
        _ => return None,
    })
}

/// So many of a unit.
pub(crate) fn span(unit: Unit, count: i64) -> Option<Span> {
    match unit {
        Unit::Year => Span::new().try_years(count),
        Unit::Month => Span::new().try_months(count),
        Unit::Week => Span::new().try_weeks(count),
        Unit::Day => Span::new().try_days(count),
        Unit::Hour => Span::new().try_hours(count),
        Unit::Minute => Span::new().try_minutes(count),
        Unit::Second => Span::new().try_seconds(count),
        _ => Span::new().try_milliseconds(count),
    }
    .ok()
}

/// The beginning of the unit in which an instant lies; weeks begin on Monday.
pub(crate) fn floor(at: &Zoned, unit: Unit) -> Option<Zoned> {
    match unit {
        Unit::Year => at
            .start_of_day()
            .ok()?
            .with()
            .month(1)
            .day(1)
            .build()
            .ok()?
            .start_of_day()
            .ok(),
        Unit::Month => at.first_of_month().ok()?.start_of_day().ok(),
        Unit::Week => {
            let days = i64::from(at.weekday().to_monday_zero_offset());
            at.checked_sub(days.days()).ok()?.start_of_day().ok()
        }
        Unit::Day => at.start_of_day().ok(),
        unit => at
            .round(ZonedRound::new().smallest(unit).mode(RoundMode::Floor))
            .ok(),
    }
}

/// The last millisecond of the unit in which an instant lies.
fn end_of(at: Timestamp, unit: Unit, zone: &Zone) -> Option<Timestamp> {
    let begin = floor(&at.to_zoned(&zone.0), unit)?;
    let next = begin.checked_add(span(unit, 1)?).ok()?;
    Some(Timestamp::from_millis(
        next.timestamp().as_millisecond() - 1,
    ))
}

/// The instant and, where the text leaves the rest open, the smallest unit that it says.
fn read(text: &str, formats: Option<&str>, zone: &Zone) -> Option<(Timestamp, Option<Unit>)> {
    let formats = formats.unwrap_or("strict_date_optional_time||epoch_millis");
    formats.split("||").find_map(|format| match format {
        "epoch_millis" => {
            let millis: f64 = text.trim().parse().ok()?;
            #[allow(clippy::cast_possible_truncation)]
            millis
                .is_finite()
                .then(|| (Timestamp::from_millis(millis as i64), None))
        }
        "epoch_second" => {
            let seconds: f64 = text.trim().parse().ok()?;
            #[allow(clippy::cast_possible_truncation)]
            seconds
                .is_finite()
                .then(|| (Timestamp::from_millis((seconds * 1e3) as i64), None))
        }
        pattern
            if pattern.chars().any(|c| "|'/ :.".contains(c))
                || pattern.starts_with("yy")
                || pattern.starts_with("uu")
                || pattern.starts_with("dd") =>
        {
            by_pattern(text, pattern, zone)
        }
        _ => iso(text, zone),
    })
}

/// `2015`, `2015-02`, `2015-02-01`, `2015-02-01T10:20:30.5+09:00`.
fn iso(text: &str, zone: &Zone) -> Option<(Timestamp, Option<Unit>)> {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.splitn(3, '-');
    let number = |part: Option<&str>| part.map(|p| p.parse::<i8>());
    let year: i16 = parts.next().filter(|y| y.len() == 4)?.parse().ok()?;
    let (month, day) = (
        number(parts.next()).transpose().ok()?,
        number(parts.next()).transpose().ok()?,
    );
    let mut unit = match (month, day) {
        (None, _) => Unit::Year,
        (_, None) => Unit::Month,
        _ => Unit::Day,
    };
    let date = Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).ok()?;
    let (mut clock, mut own_zone) = (Time::midnight(), None);
    if let Some(time) = time.filter(|time| !time.is_empty()) {
        let at = time.find(['Z', '+', '-']).unwrap_or(time.len());
        let (digits, zone) = time.split_at(at);
        if !zone.is_empty() {
            own_zone = Some(if zone == "Z" {
                TimeZone::UTC
            } else {
                TimeZone::fixed(offset(zone)?)
            });
        }
        (clock, unit) = time_of_day(digits)?;
    }
    let zone = own_zone.unwrap_or_else(|| zone.0.clone());
    let zoned = DateTime::from_parts(date, clock).to_zoned(zone).ok()?;
    Some((stamp(&zoned), (unit != Unit::Millisecond).then_some(unit)))
}

fn time_of_day(text: &str) -> Option<(Time, Unit)> {
    let mut parts = text.splitn(3, ':');
    let hour = parts.next()?.parse().ok()?;
    let minute = parts.next().map(str::parse).transpose().ok()?;
    let (mut second, mut nanos, mut unit) = (None, 0, Unit::Minute);
    if let Some(text) = parts.next() {
        let (whole, part) = text.split_once(['.', ',']).unwrap_or((text, ""));
        second = Some(whole.parse().ok()?);
        unit = if part.is_empty() {
            Unit::Second
        } else {
            Unit::Millisecond
        };
        if !part.is_empty() {
            let digits: String = part.chars().chain("000000000".chars()).take(9).collect();
            nanos = digits.parse().ok()?;
        }
    } else if minute.is_none() {
        unit = Unit::Hour;
    }
    let time = Time::new(hour, minute.unwrap_or(0), second.unwrap_or(0), nanos).ok()?;
    Some((time, unit))
}

/// A pattern of Java's `DateTimeFormatter`, as far as logs use it: numbers, literal text, fractions, offsets.
fn by_pattern(text: &str, pattern: &str, zone: &Zone) -> Option<(Timestamp, Option<Unit>)> {
    let (mut year, mut month, mut day) = (1970_i16, 1_i8, 1_i8);
    let (mut hour, mut minute, mut second, mut nanos) = (0_i8, 0_i8, 0_i8, 0_i32);
    let mut own_zone = None;
    let mut unit = Unit::Year;
    let mut rest = text;
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\'' {
            for literal in letters.by_ref().take_while(|c| *c != '\'') {
                rest = rest.strip_prefix(literal)?;
            }
            continue;
        }
        if !letter.is_ascii_alphabetic() {
            rest = rest.strip_prefix(letter)?;
            continue;
        }
        let mut width = 1;
        while letters.next_if_eq(&letter).is_some() {
            width += 1;
        }
        if matches!(letter, 'X' | 'x' | 'Z') {
            let end = rest
                .find(|c: char| !c.is_ascii_digit() && !"+-:Z".contains(c))
                .unwrap_or(rest.len());
            let (zone, after) = rest.split_at(end);
            own_zone = Some(if zone == "Z" {
                TimeZone::UTC
            } else {
                TimeZone::fixed(offset(zone)?)
            });
            rest = after;
            continue;
        }
        let most = if width == 1 { 9 } else { width };
        let digits = rest
            .bytes()
            .take(most)
            .take_while(u8::is_ascii_digit)
            .count();
        let (number, after) = rest.split_at(digits);
        rest = after;
        match letter {
            'y' | 'u' => (year, unit) = (number.parse().ok()?, Unit::Year),
            'M' => (month, unit) = (number.parse().ok()?, Unit::Month),
            'd' => (day, unit) = (number.parse().ok()?, Unit::Day),
            'H' => (hour, unit) = (number.parse().ok()?, Unit::Hour),
            'm' => (minute, unit) = (number.parse().ok()?, Unit::Minute),
            's' => (second, unit) = (number.parse().ok()?, Unit::Second),
            'S' => {
                let digits: String = number.chars().chain("000000000".chars()).take(9).collect();
                (nanos, unit) = (digits.parse().ok()?, Unit::Millisecond);
            }
            _ => return None,
        }
    }
    let date = Date::new(year, month, day).ok()?;
    let time = Time::new(hour, minute, second, nanos).ok()?;
    let zoned = DateTime::from_parts(date, time)
        .to_zoned(own_zone.unwrap_or_else(|| zone.0.clone()))
        .ok()?;
    rest.is_empty()
        .then(|| (stamp(&zoned), (unit != Unit::Millisecond).then_some(unit)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// 2026-11-22T10:20:30.500Z, a Sunday.
    const NOW: Timestamp = Timestamp::from_millis(1_795_342_830_500);

    fn at(text: &str, up: bool) -> String {
        instant(text, None, NOW, &Zone::default(), up).map_or("none".into(), |at| at.to_string())
    }

    #[test]
    fn math_is_done_in_order_and_rounds_to_the_side_that_is_asked() {
        assert_eq!(at("now", false), "2026-11-22T10:20:30.500Z");
        assert_eq!(at("now-1h", false), "2026-11-22T09:20:30.500Z");
        assert_eq!(at("now/d", false), "2026-11-22T00:00:00.000Z");
        assert_eq!(at("now/d", true), "2026-11-22T23:59:59.999Z");
        assert_eq!(at("now-1M/M", false), "2026-10-01T00:00:00.000Z");
        assert_eq!(at("now/w", false), "2026-11-16T00:00:00.000Z");
        assert_eq!(at("2015-02-01||+1M/d", false), "2015-03-01T00:00:00.000Z");
        assert_eq!(at("2015-02-01", true), "2015-02-01T23:59:59.999Z");
        assert_eq!(at("1422748813000", false), "2015-02-01T00:00:13.000Z");
        assert_eq!(
            at("2015-02-01T00:00:00.001999Z", true),
            "2015-02-01T00:00:00.001Z"
        );
        for bad in ["now-", "now/x", "soon", "2015-13-01", "now-1", "2015-02-30"] {
            assert_eq!(at(bad, false), "none", "{bad}");
        }
    }

    #[test]
    fn a_day_begins_where_the_zone_says() {
        let tokyo = time_zone("Asia/Tokyo").unwrap();
        let day = instant("now/d", None, NOW, &tokyo, false).unwrap();
        assert_eq!(day.to_string(), "2026-11-21T15:00:00.000Z");
        let fixed = time_zone("+09:00").unwrap();
        assert_eq!(
            instant("2026-11-22", None, NOW, &fixed, false)
                .unwrap()
                .to_string(),
            "2026-11-21T15:00:00.000Z"
        );
        assert!(time_zone("Mars/Olympus").is_err());
    }

    #[test]
    fn patterns_are_those_of_java() {
        let format = "yyyy|MM|dd 'T'HH:mm:ss.SSSSSS'Z'";
        let at = instant(
            "2015|02|01 T00:00:00.001999Z",
            Some(format),
            NOW,
            &Zone::default(),
            false,
        )
        .unwrap();
        assert_eq!(at.to_string(), "2015-02-01T00:00:00.001Z");
        assert_eq!(
            parse("01/02/2015", Some("dd/MM/yyyy")).unwrap().to_string(),
            "2015-02-01T00:00:00.000Z"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(now)?[0-9a-zTZ+/|:. -]{0,24}", format in "[yMdHmsSX'|/-]{0,12}") {
            let _ = instant(&text, Some(&format), NOW, &Zone::default(), true);
            let _ = instant(&text, None, NOW, &Zone::default(), true);
        }
    }
}
