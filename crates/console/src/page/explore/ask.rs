//! What a visitor asks the explorer: a query, a stretch of time, a step. Read from the address, so that a question can
//! be sent to somebody else.

use std::time::Duration;

use ::promise::{Lang, Timestamp, record::Scalar as _, unit::Span};
use jiff::{civil::DateTime, tz::TimeZone};

use crate::{
    lang::Pick,
    reply::{Visit, escape},
};

/// How far back; the first is shown when none is asked for.
pub(in crate::page) const RANGES: [(&str, u64); 8] = [
    ("1h", 3_600),
    ("5m", 300),
    ("15m", 900),
    ("6h", 21_600),
    ("1d", 86_400),
    ("7d", 604_800),
    ("30d", 2_592_000),
    ("90d", 7_776_000),
];
/// Points along the chart where no step is asked for: one for each few pixels.
const POINTS: u64 = 240;
/// The finest step that is chosen for somebody: that of most scrapes.
const STEP_MIN: Duration = Duration::from_secs(15);
/// Points that may be asked for; more than a wide screen has pixels.
const POINTS_MAX: u128 = 2_000;

pub(super) struct Question {
    pub query: String,
    pub range: &'static str,
    pub from: Timestamp,
    pub to: Timestamp,
    /// As it was asked for; now when it was not.
    pub end: Option<Timestamp>,
    pub step: Duration,
    /// As it was asked for.
    pub step_text: String,
    pub is_table: bool,
}

impl Question {
    pub fn read(visit: &Visit) -> Self {
        let asked = visit.param("range").unwrap_or_default();
        let (range, secs) = RANGES
            .into_iter()
            .find(|(name, _)| *name == asked)
            .unwrap_or(RANGES[0]);
        let span = Duration::from_secs(secs);
        let end = visit
            .param("end")
            .and_then(|text| instant(text, &visit.zone()));
        let step_text = visit.param("step").unwrap_or_default().to_owned();
        let asked_step = Span::parse(&step_text).ok().map(|step| step.0);
        let even = Duration::from_secs((secs / POINTS).max(1)).max(STEP_MIN.min(span / 60));
        let step = asked_step
            .filter(|step| !step.is_zero() && span.as_millis() / step.as_millis() <= POINTS_MAX)
            .unwrap_or(even);
        let to = even_end(end.unwrap_or(visit.now), step);
        Self {
            query: visit.param("query").unwrap_or_default().to_owned(),
            range,
            from: to - span,
            to,
            end,
            step,
            step_text,
            is_table: visit.param("view") == Some("table"),
        }
    }

    /// The same question, shown as a table or as a chart.
    pub fn href(&self, table: bool) -> String {
        let mut href = format!(
            "/explore?query={}&range={}",
            escape(&self.query),
            self.range
        );
        if let Some(end) = self.end {
            href.push_str(&format!("&end={}", escape(&end.to_string())));
        }
        if !self.step_text.is_empty() {
            href.push_str(&format!("&step={}", escape(&self.step_text)));
        }
        if table {
            href.push_str("&view=table");
        }
        href
    }
}

/// Steps lie on whole multiples of themselves, so that a chart made a second later shows the same points.
fn even_end(end: Timestamp, step: Duration) -> Timestamp {
    let step = i64::try_from(step.as_millis()).unwrap_or(i64::MAX).max(1);
    Timestamp::from_millis(end.as_millis().div_euclid(step).saturating_mul(step))
}

/// RFC 3339, or what a browser's field for date and time gives: wall-clock time of the service.
pub(in crate::page) fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let local: DateTime = text.parse().ok()?;
    let at = zone.to_ambiguous_zoned(local).compatible().ok()?;
    Some(Timestamp::from_millis(at.timestamp().as_millisecond()))
}

/// How a field for date and time wants it.
pub(in crate::page) fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone).strftime("%Y-%m-%dT%H:%M").to_string()
}

pub(in crate::page) fn range_name(range: &str, lang: Lang) -> String {
    let (number, unit) = range.split_at(range.len() - 1);
    let unit = match unit {
        "m" => lang.pick(" min", " 分"),
        "h" => lang.pick(" h", " 時間"),
        _ => lang.pick(" d", " 日"),
    };
    format!("{number}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_an_instant_or_the_service_s_wall_clock() {
        let zone = TimeZone::get("Asia/Tokyo").unwrap_or(TimeZone::UTC);
        let expected: Option<Timestamp> = "2026-11-22T01:47:00Z".parse().ok();
        assert_eq!(instant("2026-11-22T01:47:00Z", &zone), expected);
        // Tokyo is nine hours ahead.
        assert_eq!(instant("2026-11-22T10:47", &zone), expected);
        assert_eq!(instant("soon", &zone), None);
        assert_eq!(
            expected.map(|at| local(at, &zone)).as_deref(),
            Some("2026-11-22T10:47")
        );
    }
}
