//! Runbooks: Markdown files beside the spec, read for their steps and for when they were last looked at and tried. Pure.
//!
//! A step is an item with a box (`- [ ] fail over`) or, where a file has none, a numbered one. `Reviewed: 2026-10-01` and
//! `Rehearsed: 2026-09-15` (確認日, 訓練日) stand on lines of their own near the beginning.

use std::time::Duration;

use promise::{Say, say};
use serde::Serialize;
use spec::section::on_call::Day;

/// Longest file: a runbook that nobody can read at night helps nobody.
pub const BYTES_MAX: usize = 256 << 10;
/// Steps of one runbook.
const STEPS_MAX: usize = 200;
/// In so many lines from the beginning dates are looked for.
const HEAD_LINES: usize = 40;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Runbook {
    pub title: String,
    pub steps: Vec<Step>,
    pub reviewed: Option<Day>,
    pub rehearsed: Option<Day>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The heading above it.
    pub under: String,
    pub text: String,
}

/// Reads a file's text; what is longer than [`BYTES_MAX`] is cut.
#[must_use]
pub fn read(text: &str) -> Runbook {
    let mut runbook = Runbook::default();
    let mut under = String::new();
    let (mut boxed, mut numbered) = (Vec::new(), Vec::new());
    let mut is_code = false;
    let cut = crate::notify::cut::bytes(text, BYTES_MAX);
    for (number, line) in cut.lines().enumerate() {
        let line = line.trim();
        if line.starts_with("```") || line.starts_with("~~~") {
            is_code = !is_code;
        } else if is_code {
            continue;
        } else if let Some(heading) = line.strip_prefix('#') {
            under = heading.trim_start_matches('#').trim().to_owned();
            if runbook.title.is_empty() {
                runbook.title.clone_from(&under);
            }
        } else if let Some(text) = box_of(line) {
            boxed.push(step(&under, text));
        } else if let Some(text) = item_of(line) {
            numbered.push(step(&under, text));
        } else if number < HEAD_LINES {
            let date = |names: &[&str]| names.iter().find_map(|name| date_after(line, name));
            runbook.reviewed = runbook.reviewed.or(date(&["reviewed", "確認日"]));
            runbook.rehearsed = runbook.rehearsed.or(date(&["rehearsed", "訓練日"]));
        }
    }
    runbook.steps = if boxed.is_empty() { numbered } else { boxed };
    runbook.steps.truncate(STEPS_MAX);
    runbook
}

fn step(under: &str, text: &str) -> Step {
    Step {
        under: under.to_owned(),
        text: text.to_owned(),
    }
}

/// `- [ ] text`
fn box_of(line: &str) -> Option<&str> {
    let rest = line.strip_prefix(['-', '*', '+'])?.trim_start();
    let rest = ["[ ]", "[x]", "[X]"]
        .iter()
        .find_map(|mark| rest.strip_prefix(mark))?;
    Some(rest.trim()).filter(|text| !text.is_empty())
}

/// `1. text`
fn item_of(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = rest
        .strip_prefix(['.', ')'])
        .filter(|_| rest.len() < line.len())?;
    Some(rest.trim()).filter(|text| !text.is_empty())
}

fn date_after(line: &str, name: &str) -> Option<Day> {
    let line = line.trim_start_matches(['*', '_', '-', '>', ' ']);
    let head = line.get(..name.len())?;
    if !head.eq_ignore_ascii_case(name) {
        return None;
    }
    let rest = line[name.len()..].trim_start_matches(['*', '_', ':', '：', ' ']);
    rest.get(..10)?.parse().ok().map(Day)
}

/// What is wrong with a runbook today: never or too long ago looked at, or tried.
#[must_use]
pub fn review(
    runbook: &Runbook,
    today: Day,
    reviewed_within: Duration,
    rehearsed_within: Duration,
) -> Vec<Say> {
    let mut found = Vec::new();
    if runbook.steps.is_empty() {
        found.push(say!("it has no steps", "手順がありません"));
    }
    match age(runbook.reviewed, today) {
        None => found.push(say!(
            "it does not say when it was reviewed",
            "確認日が書かれていません"
        )),
        Some(days) if days > days_of(reviewed_within) => {
            let most = days_of(reviewed_within);
            found.push(say!(
                "it was reviewed {days} days ago; {most} are allowed",
                "最後の確認から {days} 日たっています(上限 {most} 日)"
            ));
        }
        Some(_) => {}
    }
    match age(runbook.rehearsed, today) {
        None => found.push(say!("nobody has rehearsed it", "訓練の記録がありません")),
        Some(days) if days > days_of(rehearsed_within) => {
            let most = days_of(rehearsed_within);
            found.push(say!(
                "it was rehearsed {days} days ago; {most} are allowed",
                "最後の訓練から {days} 日たっています(上限 {most} 日)"
            ));
        }
        Some(_) => {}
    }
    found
}

fn age(date: Option<Day>, today: Day) -> Option<i64> {
    let span = today.0.since(date?.0).ok()?;
    Some(i64::from(span.get_days()))
}

fn days_of(span: Duration) -> i64 {
    i64::try_from(span.as_secs() / 86_400).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const TEXT: &str = "# 決済が失敗する\n\nReviewed: 2026-10-01\n**訓練日**: 2026-01-15\n\n## 確認\n1. ignored, there are boxes\n- [ ] 決済代行の状況を見る\n```\n- [ ] no step\n```\n## Fail over\n* [x] promote the standby\n";

    #[test]
    fn steps_and_dates_are_found() {
        let runbook = read(TEXT);
        assert_eq!(runbook.title, "決済が失敗する");
        let steps: Vec<_> = runbook
            .steps
            .iter()
            .map(|step| (step.under.as_str(), step.text.as_str()))
            .collect();
        assert_eq!(
            steps,
            [
                ("確認", "決済代行の状況を見る"),
                ("Fail over", "promote the standby")
            ]
        );
        assert_eq!(runbook.reviewed, Some(Day(date(2026, 10, 1))));
        assert_eq!(runbook.rehearsed, Some(Day(date(2026, 1, 15))));
        assert_eq!(read("1. one\n2) two").steps.len(), 2);
    }

    #[test]
    fn a_runbook_grows_old() {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        let runbook = read(TEXT);
        // From 1 October to 22 November are 30 + 22 = 52 days; from 15 January 311.
        let wrong = |reviewed, rehearsed| {
            review(
                &runbook,
                Day(date(2026, 11, 22)),
                days(reviewed),
                days(rehearsed),
            )
            .len()
        };
        assert_eq!((wrong(52, 311), wrong(51, 311), wrong(51, 310)), (0, 1, 2));
        assert_eq!(
            review(&read(""), Day(date(2026, 11, 22)), days(1), days(1)).len(),
            3
        );
    }
}
