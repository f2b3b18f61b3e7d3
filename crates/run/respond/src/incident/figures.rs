//! Figures: how fast people answered and how fast things were mended, by severity, month and person. Pure.
//!
//! MTTA counts from the opening of an incident to its first acknowledgement, MTTR from its first bad evidence to its end. What
//! nobody answered has no time to answer but counts as late; what is still open has no time to resolve. Both are means, as
//! their names say, with the median beside them, because one bad night hides in a mean.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Serialize;

use super::Incident;

/// One line: a month, a severity, and who answered first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// `2026-11`, in the service's time zone.
    pub month: String,
    pub severity: String,
    /// `None`: nobody did.
    pub person: Option<String>,
    pub incidents: usize,
    pub answered: usize,
    /// Answered within the severity's `answer_within`; of those that have one.
    pub in_time: usize,
    pub late: usize,
    pub resolved: usize,
    pub mtta_secs: Option<f64>,
    pub median_tta_secs: Option<f64>,
    pub mttr_secs: Option<f64>,
    pub median_ttr_secs: Option<f64>,
}

/// By what incidents are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Severity,
    Month,
    Person,
    /// All three.
    Each,
}

impl By {
    pub const ALL: [(&'static str, Self); 4] = [
        ("severity", Self::Severity),
        ("month", Self::Month),
        ("person", Self::Person),
        ("each", Self::Each),
    ];

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = Self::ALL.into_iter();
        all.filter(|(known, _)| *known == name)
            .map(|(_, by)| by)
            .next()
    }
}

/// What stands in a column that incidents are not put together by.
pub const ALL: &str = "*";

#[derive(Default)]
struct Times {
    incidents: usize,
    answered: Vec<f64>,
    in_time: usize,
    late: usize,
    resolved: Vec<f64>,
}

/// Newest month first, then the severity's name, then the person's.
#[must_use]
pub fn rows(incidents: &[Incident], by: By, time_zone: &str) -> Vec<Row> {
    let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
    let mut all: BTreeMap<(String, String, Option<String>), Times> = BTreeMap::new();
    for incident in incidents.iter().filter(|incident| incident.is_paging) {
        let answer = incident
            .work
            .first_answer
            .as_ref()
            .or(incident.acknowledged.as_ref());
        let opened = incident.opened.to_zoned(&zone);
        let any = || ALL.to_owned();
        let month = match by {
            By::Month | By::Each => opened.strftime("%Y-%m").to_string(),
            _ => any(),
        };
        let severity = match by {
            By::Severity | By::Each => incident.severity.clone().unwrap_or_default(),
            _ => any(),
        };
        let person = match by {
            By::Person | By::Each => answer.map(|answer| answer.who.clone()),
            _ => Some(any()),
        };
        let times = all.entry((month, severity, person)).or_default();
        times.incidents += 1;
        if let Some(answer) = answer {
            times
                .answered
                .push(answer.at.since(incident.opened).as_secs_f64());
        }
        match (
            incident.is_late(),
            incident.answer_due.is_some() && answer.is_some(),
        ) {
            (true, _) => times.late += 1,
            (false, true) => times.in_time += 1,
            (false, false) => {}
        }
        if let Some(resolved) = incident.resolved {
            times
                .resolved
                .push(resolved.since(incident.bad_since).as_secs_f64());
        }
    }
    let rows = all
        .into_iter()
        .map(|((month, severity, person), mut times)| Row {
            month,
            severity,
            person,
            incidents: times.incidents,
            answered: times.answered.len(),
            in_time: times.in_time,
            late: times.late,
            resolved: times.resolved.len(),
            mtta_secs: mean(&times.answered),
            median_tta_secs: median(&mut times.answered),
            mttr_secs: mean(&times.resolved),
            median_ttr_secs: median(&mut times.resolved),
        });
    let mut rows: Vec<Row> = rows.collect();
    rows.sort_by(|a, b| {
        (&b.month, &a.severity, &a.person).cmp(&(&a.month, &b.severity, &b.person))
    });
    rows
}

#[allow(clippy::cast_precision_loss)]
fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => values.get(middle).copied(),
        _ => Some((values.get(middle - 1)? + values.get(middle)?) / 2.0),
    }
}

/// The rows as a spreadsheet reads them (RFC 4180).
#[must_use]
pub fn csv(rows: &[Row]) -> String {
    let mut out = String::from(
        "month,severity,person,incidents,answered,in_time,late,resolved,mtta_secs,median_tta_secs,mttr_secs,median_ttr_secs\r\n",
    );
    let secs = |secs: Option<f64>| secs.map_or_else(String::new, |secs| format!("{secs:.1}"));
    for row in rows {
        let cells = [
            cell(&row.month),
            cell(&row.severity),
            cell(row.person.as_deref().unwrap_or_default()),
            row.incidents.to_string(),
            row.answered.to_string(),
            row.in_time.to_string(),
            row.late.to_string(),
            row.resolved.to_string(),
            secs(row.mtta_secs),
            secs(row.median_tta_secs),
            secs(row.mttr_secs),
            secs(row.median_ttr_secs),
        ];
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}

/// A text that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::{Acknowledgement, samples};

    /// Two incidents that opened 16 s after their fault: one answered after 60 s and ended 616 s after its fault, one
    /// answered after 300 s, too late for 120 s, and ended after 1,016 s. A third nobody answered.
    fn three() -> Vec<Incident> {
        let mut first = samples::open();
        let answer = |secs: u64| Acknowledgement {
            at: first.opened + std::time::Duration::from_secs(secs),
            who: "佐藤".into(),
            reason: None,
        };
        let (early, late) = (answer(60), answer(300));
        let ends = |secs: u64| Some(first.bad_since + std::time::Duration::from_secs(secs));
        let (soon, later) = (ends(616), ends(1_016));
        let mut second = first.clone();
        let third = Incident {
            answer_missed: true,
            ..first.clone()
        };
        (first.acknowledged, first.resolved) = (Some(early), soon);
        (second.acknowledged, second.resolved, second.answer_missed) = (Some(late), later, true);
        vec![first, second, third]
    }

    #[test]
    fn means_and_medians_by_severity() {
        let rows = rows(&three(), By::Severity, "Asia/Tokyo");
        let [row] = rows.as_slice() else {
            panic!("{rows:?}");
        };
        assert_eq!(
            (
                row.incidents,
                row.answered,
                row.in_time,
                row.late,
                row.resolved
            ),
            (3, 2, 1, 2, 2)
        );
        // (60 + 300) / 2 and (616 + 1,016) / 2.
        assert_eq!((row.mtta_secs, row.mttr_secs), (Some(180.0), Some(816.0)));
    }

    #[test]
    fn what_nobody_answered_is_a_row_without_a_person() {
        let rows = rows(&three(), By::Person, "UTC");
        let people: Vec<_> = rows
            .iter()
            .map(|row| (row.person.as_deref(), row.incidents))
            .collect();
        assert_eq!(people, [(None, 1), (Some("佐藤"), 2)]);
    }

    #[test]
    fn a_name_is_no_formula() {
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
    }
}
