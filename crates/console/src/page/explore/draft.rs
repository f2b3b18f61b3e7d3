//! A promise in the making: which kind fits a query, how it is written, and what the checker of specs says of it.

use ::promise::Promise;
use serde_json::json;
use spec::Diagnostic;

use super::promise::{window, world};
use crate::reply::Visit;

/// What the form says.
pub(super) struct Draft {
    pub query: String,
    pub id: String,
    pub at_least: bool,
    pub value: String,
    pub window: String,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            query: String::new(),
            id: "my_promise".to_owned(),
            at_least: false,
            value: String::new(),
            window: window(None),
        }
    }
}

/// What it comes to.
pub(super) struct Drafted {
    /// To be put below `promises:`.
    pub yaml: String,
    pub diagnostics: Vec<Diagnostic>,
    /// Only when nothing is wrong with it.
    pub promise: Option<Promise>,
}

/// A division of two counters, each within a sum of rates.
struct Ratio {
    part: String,
    total: String,
}

impl Draft {
    pub fn read(visit: &Visit) -> Self {
        let text = |name| visit.param(name).unwrap_or_default().trim().to_owned();
        Self {
            query: text("query"),
            id: text("id"),
            at_least: visit.param("bound") == Some("at_least"),
            value: text("value"),
            window: window(visit.param("window")),
        }
    }

    pub fn is_ratio(&self) -> bool {
        ratio(&self.query).is_some()
    }

    /// Reads it as a part of a spec, so that it is held to the same rules.
    pub fn check(&self, visit: &Visit) -> Drafted {
        let yaml = self.yaml();
        let head = format!(
            "service: {{ name: {}, owner: {}, time_zone: {} }}\npromises:\n",
            json!(visit.board.service.en),
            json!("owner"),
            json!(visit.board.time_zone),
        );
        let text = head + &yaml;
        let loaded = spec::load(&text, "promise", &world(visit.now));
        // The sketch around the promise has no routes or sources; what is said of those is not about the promise.
        let own = text.find("promises:").unwrap_or(0);
        let diagnostics = loaded.diagnostics.into_iter();
        let promise = loaded
            .spec
            .and_then(|spec| spec.promises.into_iter().next());
        Drafted {
            yaml,
            diagnostics: diagnostics
                .filter(|found| found.span().start >= own && found.level != spec::Level::Advice)
                .collect(),
            promise,
        }
    }

    fn yaml(&self) -> String {
        // A JSON text is a YAML text, whatever stands in it.
        let id = json!(self.id);
        let id = id
            .as_str()
            .filter(|id| is_plain(id))
            .map_or(id.to_string(), str::to_owned);
        let lines = match ratio(&self.query) {
            Some(ratio) => self.ratio(&ratio),
            None => vec![
                "kind: threshold".to_owned(),
                format!("query: {}", json!(self.query)),
                format!(
                    "{}: {}",
                    if self.at_least { "at_least" } else { "at_most" },
                    number(&self.value)
                ),
                "fresh_for: 2m".to_owned(),
            ],
        };
        let mut out = format!("  {id}:\n");
        for line in lines {
            out.push_str("    ");
            out.push_str(&line);
            out.push('\n');
        }
        out
    }

    /// A share that is at least so much counts the good; one that is at most so much counts the bad.
    fn ratio(&self, ratio: &Ratio) -> Vec<String> {
        let share = self
            .value
            .parse::<f64>()
            .ok()
            .filter(|share| (0.0..=1.0).contains(share));
        let percent = |share: f64| format!("{} %", ::promise::unit::trim_zeros(share * 100.0, 6));
        let (part, owed) = if self.at_least {
            ("good", share)
        } else {
            ("bad", share.map(|share| 1.0 - share))
        };
        vec![
            "kind: ratio".to_owned(),
            format!("total: {}", json!(ratio.total)),
            format!("{part}: {}", json!(ratio.part)),
            format!(
                "at_least: {}",
                owed.map_or_else(|| number(&self.value), percent)
            ),
            format!("window: {}", self.window),
            "fresh_for: 2m".to_owned(),
        ]
    }
}

/// The number as it was written; anything else stays a text, which the checker refuses.
fn number(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => text.to_owned(),
        _ => json!(text).to_string(),
    }
}

fn is_plain(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    id.starts_with(|c: char| c.is_ascii_lowercase()) && id.chars().all(plain)
}

fn ratio(query: &str) -> Option<Ratio> {
    let (part, total) = promql::Query::parse(query).ok()?.as_ratio()?;
    Some(Ratio { part, total })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn draft(query: &str, at_least: bool, value: &str) -> Draft {
        Draft {
            query: query.to_owned(),
            at_least,
            value: value.to_owned(),
            ..Draft::default()
        }
    }

    #[test]
    fn a_division_of_counters_becomes_a_ratio() {
        let errors = "sum(rate(http_total{code=~\"5..\"}[5m])) / sum(rate(http_total[5m]))";
        // At most 0.1 % bad is at least 99.9 % good.
        assert_eq!(
            draft(errors, false, "0.001").yaml(),
            "  my_promise:\n    kind: ratio\n    total: \"http_total\"\n    bad: \"http_total{code=~\\\"5..\\\"}\"\n    \
             at_least: 99.9 %\n    window: 30d\n    fresh_for: 2m\n"
        );
        assert!(draft(errors, true, "0.995").yaml().contains("good: "));
        for other in [
            "sum by (job) (rate(a[5m])) / sum(rate(b[5m]))",
            "sum(a) / sum(b)",
            "sum(rate(a[5m])) * sum(rate(b[5m]))",
            "sum(rate(a[5m] offset 1h)) / sum(rate(b[5m]))",
            "up",
            "up{",
        ] {
            assert!(ratio(other).is_none(), "{other}");
        }
    }

    #[test]
    fn whatever_is_written_stays_one_promise() {
        let odd = draft("up{a=\"b: c\\n\"}", false, "1\n  other: x");
        let text = format!(
            "service: {{ name: x, owner: y }}\npromises:\n{}",
            odd.yaml()
        );
        let loaded = spec::load(&text, "x", &world(promise::Timestamp::EPOCH));
        assert!(loaded.spec.is_none(), "the bound is no number");
        let good = draft("up{a=\"b: c\"}", true, "1");
        let text = format!(
            "service: {{ name: x, owner: y }}\npromises:\n{}",
            good.yaml()
        );
        let loaded = spec::load(&text, "x", &world(promise::Timestamp::EPOCH));
        assert_eq!(
            loaded.spec.unwrap().promises.len(),
            1,
            "{:?}",
            loaded.diagnostics
        );
    }
}
