//! Flaps: an alert that comes and goes is told once, until it has come to rest. Pure.

use promise::Timestamp;
use serde::{Deserialize, Serialize};
use spec::section::severity::Flapping;

/// Changes that are remembered at most, whatever the spec asks for.
const CHANGES_MAX: usize = 100;

/// When an alert was raised or ended, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flap {
    /// The alert's id.
    pub alert: String,
    pub changes: Vec<Timestamp>,
}

impl Flap {
    #[must_use]
    pub fn new(alert: &str) -> Self {
        Self {
            alert: alert.to_owned(),
            changes: Vec::new(),
        }
    }

    /// Notes a change; what lies further back than the rule looks is forgotten.
    pub fn note(&mut self, at: Timestamp, rule: &Flapping) {
        self.changes.retain(|known| *known + rule.within.0 > at);
        self.changes.push(at);
        let surplus = self.changes.len().saturating_sub(CHANGES_MAX);
        self.changes.drain(..surplus);
    }

    #[must_use]
    pub fn is_flapping(&self, rule: &Flapping) -> bool {
        let wanted = usize::try_from(rule.transitions).unwrap_or(usize::MAX);
        self.changes.len() >= wanted.clamp(2, CHANGES_MAX)
    }
}

#[cfg(test)]
mod tests {
    use promise::unit::Span;

    use super::*;

    #[test]
    fn so_many_changes_within_the_time_are_flapping() {
        let rule = Flapping {
            transitions: 4,
            within: Span::secs(60),
        };
        let mut flap = Flap::new("a");
        let at = |secs: u64| Timestamp::EPOCH + std::time::Duration::from_secs(secs);
        // 0, 10, 20: three. At 70 the first two are 60 s old or older, so 20 and 70 are left.
        for secs in [0, 10, 20] {
            flap.note(at(secs), &rule);
        }
        assert!(!flap.is_flapping(&rule));
        flap.note(at(70), &rule);
        assert_eq!(flap.changes, [at(20), at(70)]);
        flap.note(at(72), &rule);
        flap.note(at(74), &rule);
        assert!(flap.is_flapping(&rule));
    }
}
