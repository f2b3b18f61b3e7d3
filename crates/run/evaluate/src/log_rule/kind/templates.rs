//! Lines of a kind that was not seen before, or hardly ever.

use std::time::Duration;

use promise::{Say, Timestamp, say};
use serde::{Deserialize, Serialize};

use super::Firing;
use crate::{
    anomaly::Templates as Mined,
    log_rule::{Event, Kind, LogRule, Scalar},
};

/// Characters of a template that name an alert.
const KEY_MAX: usize = 160;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Templates {
    mined: Mined,
    since: Option<Timestamp>,
}

impl Templates {
    pub fn event(&mut self, rule: &LogRule, event: &Event, fire: &mut dyn FnMut(Firing)) {
        let Kind::Template { most, learn, .. } = rule.kind else {
            return;
        };
        let Some(Scalar::Text(line)) = event.values.first().and_then(Option::as_ref) else {
            return;
        };
        let lines = self.mined.lines();
        let since = *self.since.get_or_insert(event.at);
        let seen = self.mined.observe(line, event.at);
        // While hardly anything was seen, everything is new.
        if seen.before >= most || event.at.since(since) < learn {
            return;
        }
        let Some(template) = self.mined.get(seen.template) else {
            return;
        };
        let text = template.text();
        fire(Firing {
            at: event.at,
            key: Some(text.chars().take(KEY_MAX).collect()),
            event: Some(event.id),
            #[allow(clippy::cast_precision_loss)]
            figure: Some(seen.before as f64 + 1.0),
            why: Some(why(&text, seen.before, lines, event.at.since(since))),
        });
    }
}

fn why(text: &str, before: u64, lines: u64, past: Duration) -> Say {
    let hours = past.as_secs() / 3_600;
    match before {
        0 => say!(
            "the first line of its kind among {lines} lines of {hours} h: {text}",
            "{hours} 時間の {lines} 行の中で初めて現れた種類の行です: {text}"
        ),
        _ => say!(
            "one of a kind that stood {before} × among {lines} lines of {hours} h: {text}",
            "{hours} 時間の {lines} 行の中に {before} 回しかない種類の行です: {text}"
        ),
    }
}
