//! What a visitor asks of the logs: a query, a stretch of time. Read from the address, so that it can be sent to somebody.

use std::time::Duration;

use ::promise::{LogQuery, Say, Timestamp, record::Scalar as _};

use crate::{
    page::explore::ask::{RANGES, instant},
    reply::{Visit, escape},
};

/// How far back where nothing is asked.
const RANGE: &str = "1h";

pub(super) struct Question {
    pub text: String,
    pub query: Result<LogQuery, Say>,
    pub range: &'static str,
    /// Exclusive.
    pub from: Timestamp,
    pub to: Timestamp,
    /// As it was asked for; now when it was not.
    pub end: Option<Timestamp>,
    pub follows: bool,
}

impl Question {
    pub fn read(visit: &Visit) -> Self {
        Self::of(visit, &|name| visit.param(name).map(str::to_owned))
    }

    pub fn of(visit: &Visit, param: &dyn Fn(&str) -> Option<String>) -> Self {
        let asked = param("range").unwrap_or_default();
        let is = |name: &str| RANGES.into_iter().find(|(known, _)| *known == name);
        let (range, secs) = is(&asked).or_else(|| is(RANGE)).unwrap_or(RANGES[0]);
        let end = param("end").and_then(|text| instant(&text, &visit.zone()));
        let text = param("query").unwrap_or_default();
        let to = end.unwrap_or(visit.now);
        let is_all = text.trim().is_empty();
        Self {
            query: LogQuery::parse(if is_all { "*" } else { &text }),
            text,
            range,
            from: to - Duration::from_secs(secs),
            to,
            end,
            follows: end.is_none() && param("follow").is_some(),
        }
    }

    /// The same with another query.
    pub fn with(&self, text: &str) -> String {
        self.at("/logs", text)
    }

    /// The same on another page.
    pub fn at(&self, page: &str, text: &str) -> String {
        let mut href = format!("{page}?query={}&range={}", escape(text), self.range);
        if let Some(end) = self.end {
            href.push_str(&format!("&end={}", escape(&end.to_string())));
        }
        href
    }

    /// The same with one condition more.
    pub fn and(&self, condition: &str) -> String {
        let text = self.text.trim();
        if text.is_empty() || text == "*" {
            return self.with(condition);
        }
        if text.contains(" OR ") {
            return self.with(&format!("({text}) AND {condition}"));
        }
        self.with(&format!("{text} AND {condition}"))
    }

    /// The same around another stretch of time.
    pub fn around(&self, range: &str, end: Timestamp) -> String {
        let end = end.to_string();
        format!(
            "/logs?query={}&range={range}&end={}",
            escape(&self.text),
            escape(&end)
        )
    }
}

/// A field and its value as a condition.
pub(super) fn condition(name: &str, value: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == '.';
    if !value.is_empty() && value.chars().all(plain) && !value.starts_with('-') {
        return format!("{name}:{value}");
    }
    format!("{name}:{}", LogQuery::phrase(value))
}
