//! What is asked, from the address and from a form: both at once is how Grafana and promtool ask. What is wrong with
//! it is said in Prometheus's words, for people look them up.

use std::time::Duration;

use ::promise::{Timestamp, signal::Matcher};
use axum::{body::Bytes, extract::rejection::BytesRejection};
use promql::{Options, Query};

use super::answer::Failure;
use crate::reply::{Visit, read_query};

pub(super) type Form = Result<Bytes, BytesRejection>;

/// As Prometheus: 11,000 points are more than the widest screen shows.
pub(super) const STEPS_MAX: u128 = 11_000;
/// Instants are counted in milliseconds; within these bounds all sums of them stay in range.
const SECONDS_MAX: f64 = 1e13;
/// The ends of time as Go's clients write them when they mean "everything".
const FIRST: &str = "-292273086-05-16T16:47:06Z";
const LAST: &str = "292277025-08-18T07:12:54.999999999Z";

pub(super) struct Asked(Vec<(String, String)>);

impl Asked {
    /// The form's word counts more than the address's.
    pub fn read(visit: &Visit, form: Form) -> Result<Self, Failure> {
        let body = form.map_err(|why| Failure::BadData(why.body_text()))?;
        let mut all = read_query(&String::from_utf8_lossy(&body));
        all.extend_from_slice(&visit.query);
        Ok(Self(all))
    }

    /// The first that is given under this name; what is empty is not given.
    pub fn one(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(given, _)| given == name)?;
        Some(found.1.as_str()).filter(|value| !value.is_empty())
    }

    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let given = self.0.iter().filter(move |(given, _)| given == name);
        given.map(|(_, value)| value.as_str())
    }

    /// The text under `name` as a query with the options that were asked for.
    pub fn query(&self) -> Result<Query, Failure> {
        let query = self.bare_query()?;
        let mut options = Options::default();
        if let Some(text) = self.one("lookback_delta") {
            let wrong = || {
                Failure::BadData(format!(
                    "error parsing lookback delta duration: {}",
                    no_duration(text)
                ))
            };
            // Prometheus takes zero or less for its default.
            if let Length::Positive(look_back) = length(text).ok_or_else(wrong)? {
                options.look_back = look_back;
            }
        }
        Ok(query.with(options))
    }

    pub fn bare_query(&self) -> Result<Query, Failure> {
        let text = self.one("query").unwrap_or_default();
        Query::parse(text).map_err(|why| bad("query", &parse_error(&why)))
    }

    /// An instant that need not be given.
    pub fn time(&self, name: &str) -> Result<Option<Timestamp>, Failure> {
        let Some(text) = self.one(name) else {
            return Ok(None);
        };
        let why = || {
            bad(
                name,
                &format!("invalid time value for '{name}': {}", no_instant(text)),
            )
        };
        instant(text).ok_or_else(why).map(Some)
    }

    pub fn need_time(&self, name: &str) -> Result<Timestamp, Failure> {
        let text = self.one(name).unwrap_or_default();
        instant(text).ok_or_else(|| bad(name, &no_instant(text)))
    }

    /// From when to when series are looked for; all of time when neither is given.
    pub fn stretch(&self) -> Result<(Timestamp, Timestamp), Failure> {
        #[allow(clippy::cast_possible_truncation)]
        const END: Timestamp = Timestamp::from_millis((SECONDS_MAX * 1_000.0) as i64);
        let from = self.time("start")?;
        let to = self.time("end")?;
        let first = Timestamp::from_millis(-END.as_millis());
        Ok((from.unwrap_or(first), to.unwrap_or(END)))
    }

    /// Seconds, or a duration such as `15s`.
    pub fn step(&self) -> Result<Duration, Failure> {
        let text = self.one("step").unwrap_or_default();
        match length(text).ok_or_else(|| bad("step", &no_duration(text)))? {
            // The engine counts in milliseconds; a finer step would stand still.
            Length::Positive(step) if step >= Duration::from_millis(1) => Ok(step),
            _ => {
                let why = "zero or negative query resolution step widths are not accepted. Try a positive integer";
                Err(bad("step", &why))
            }
        }
    }

    /// How long the asker waits.
    pub fn timeout(&self, most: Duration) -> Result<Duration, Failure> {
        let Some(text) = self.one("timeout") else {
            return Ok(most);
        };
        match length(text).ok_or_else(|| bad("timeout", &no_duration(text)))? {
            Length::Positive(timeout) => Ok(timeout.min(most)),
            Length::NotPositive => Err(Failure::Timeout(
                "query timed out in query execution".to_owned(),
            )),
        }
    }

    /// How many at most; zero, or none given, is no limit.
    pub fn limit(&self) -> Result<usize, Failure> {
        let Some(text) = self.one("limit") else {
            return Ok(usize::MAX);
        };
        match text.parse::<i64>() {
            Ok(0) => Ok(usize::MAX),
            Ok(limit) => {
                usize::try_from(limit).map_err(|_| bad("limit", &"limit must be non-negative"))
            }
            Err(_) => Err(bad("limit", &no_number("Atoi", text))),
        }
    }

    /// A number that bounds a list; negative is no bound.
    pub fn count(&self, name: &str) -> Result<Option<usize>, Failure> {
        let number = self.one(name).map(str::parse::<i64>).transpose();
        let number = number.map_err(|_| Failure::BadData(format!("{name} must be a number")))?;
        Ok(number.and_then(|number| usize::try_from(number).ok()))
    }

    /// The matchers of each `match[]`.
    pub fn selectors(&self) -> Result<Vec<Vec<Matcher>>, Failure> {
        let given = self.all("match[]");
        given
            .map(|text| {
                let matchers = selector(text).map_err(|why| bad("match[]", &why))?;
                if matchers.iter().all(|matcher| matcher.accepts("")) {
                    let why = "match[] must contain at least one non-empty matcher";
                    return Err(bad("match[]", &why));
                }
                Ok(matchers)
            })
            .collect()
    }
}

/// The matchers of a text that is one series selector and nothing else.
pub(super) fn selector(text: &str) -> Result<Vec<Matcher>, String> {
    let query = Query::parse(text).map_err(|why| parse_error(&why))?;
    match query.as_selector() {
        Some(matchers) => Ok(matchers.to_vec()),
        None => Err("1:1: parse error: a series selector is wanted".to_owned()),
    }
}

/// `line:column: parse error: …`
pub(super) fn parse_error(why: &promql::ParseError) -> String {
    // Of a text without an expression Prometheus knows no place.
    let nothing = why.message.starts_with("no expression found");
    match why.offset {
        Some(_) if !nothing => why.to_string(),
        _ => format!("unknown position: parse error: {}", why.message),
    }
}

pub(super) fn bad(name: &str, why: &dyn std::fmt::Display) -> Failure {
    Failure::BadData(format!("invalid parameter \"{name}\": {why}"))
}

fn no_instant(text: &str) -> String {
    format!("cannot parse \"{text}\" to a valid timestamp")
}

fn no_duration(text: &str) -> String {
    format!("cannot parse \"{text}\" to a valid duration")
}

/// What Go says of a text that is no number.
pub(super) fn no_number(reader: &str, text: &str) -> String {
    format!("strconv.{reader}: parsing \"{text}\": invalid syntax")
}

/// Unix seconds with a fraction, or RFC 3339.
#[allow(clippy::cast_possible_truncation)]
fn instant(text: &str) -> Option<Timestamp> {
    let seconds = match text.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() => seconds,
        Ok(_) => return None,
        Err(_) if text == FIRST => f64::MIN,
        Err(_) if text == LAST => f64::MAX,
        Err(_) => return text.parse().ok(),
    };
    let seconds = seconds.clamp(-SECONDS_MAX, SECONDS_MAX);
    Some(Timestamp::from_millis((seconds * 1_000.0).round() as i64))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Positive(Duration),
    NotPositive,
}

/// Seconds, or `1h30m`: a number before each unit, the larger unit first.
fn length(text: &str) -> Option<Length> {
    let found = match text.parse::<f64>() {
        Ok(seconds) if !seconds.is_finite() || seconds >= SECONDS_MAX => return None,
        Ok(seconds) if seconds <= 0.0 => return Some(Length::NotPositive),
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok()?,
        Err(_) => units(text)?,
    };
    Some(if found.is_zero() {
        Length::NotPositive
    } else {
        Length::Positive(found)
    })
}

fn units(text: &str) -> Option<Duration> {
    const UNITS: [(&str, u64); 7] = [
        ("y", 365 * 86_400_000),
        ("w", 7 * 86_400_000),
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ];
    let (mut rest, mut millis, mut next) = (text, 0u64, 0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
        let letters = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let unit = rest.get(..letters)?;
        let place = UNITS.iter().position(|(name, _)| *name == unit)?;
        // Each unit once, from the largest down.
        if place < next {
            return None;
        }
        next = place + 1;
        millis = millis.checked_add(number.checked_mul(UNITS[place].1)?)?;
        rest = rest.get(letters..)?;
    }
    (!text.is_empty()).then(|| Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_seconds_or_rfc_3339() {
        // `date -u -d 2026-11-22T01:47:05Z +%s` says 1795312025.
        let expected = Some(Timestamp::from_millis(1_795_312_025_250));
        assert_eq!(instant("1795312025.25"), expected);
        assert_eq!(instant("2026-11-22T01:47:05.250Z"), expected);
        assert_eq!(instant("2026-11-22T10:47:05.250+09:00"), expected);
        for wrong in ["", "x", "NaN", "inf", "2026-11-22"] {
            assert_eq!(instant(wrong), None, "{wrong}");
        }
        // What means "for ever" in a client of Go's lies within what we can count.
        for (first, last) in [(FIRST, LAST), ("-9223309901257974", "9.223371974719179e15")] {
            assert!(instant(first) < instant("0") && instant("0") < instant(last));
        }
    }

    #[test]
    fn a_length_is_seconds_or_units_from_the_largest_down() {
        let positive = |millis| Some(Length::Positive(Duration::from_millis(millis)));
        assert_eq!(length("15"), positive(15_000));
        assert_eq!(length("0.5"), positive(500));
        assert_eq!(length("1h30m"), positive(5_400_000));
        assert_eq!(length("1d12h1ms"), positive(129_600_001));
        for zero in ["0", "-1", "0s", "-0.5"] {
            assert_eq!(length(zero), Some(Length::NotPositive), "{zero}");
        }
        for wrong in [
            "NaN",
            "inf",
            "1e300",
            "soon",
            "",
            "30m1h",
            "1m1m",
            "1.5h",
            "h",
            "9999999999999y",
        ] {
            assert_eq!(length(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_selector_is_nothing_but_a_selector() {
        assert!(selector("up{job=\"a\"}").is_ok());
        for wrong in [
            "1",
            "rate(up[5m])",
            "up[5m]",
            "up offset 5m",
            "-up",
            "up{",
            "",
        ] {
            assert!(selector(wrong).is_err(), "{wrong}");
        }
    }
}
