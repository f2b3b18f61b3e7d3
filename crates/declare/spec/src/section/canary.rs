//! `canary`: a made-up alert that travels the whole way, so that a broken way is noticed before it is needed.

use promise::{Promise, document::parse_yaml, record, unit::Span};

record! {
    /// A made-up alert that travels the whole way from a sample to the receiver, again and again.
    /// ja: サンプルから宛先までの全経路を定期的に通る、試験用の警報。
    pub struct Canary {
        /// How often.
        /// ja: 間隔。
        every: Span = Span::secs(3_600),
        /// Where it goes; it says that it is a canary, and these should wake nobody.
        /// ja: 宛先。試験用と明記されます。人を起こさない宛先を選びます。
        receivers: Vec<String>,
        /// How long it may take; then the built-in promise `tegata_canary` is broken.
        /// ja: 届くまでの上限。過ぎると組み込みの約束 `tegata_canary` が破れます。
        within: Span = Span::secs(60),
        /// How bad it is when it does not arrive; a key of `severities`.
        /// ja: 届かないときの重大度。`severities` の名前。
        severity: Option<String>,
    }
}

/// The promise that canaries arrive.
pub const ARRIVES: &str = "tegata_canary";
/// The promise whose breaking is the made-up alert; it is judged like any other and shown nowhere.
const ALARM: &str = "tegata_canary_alarm";
/// The series whose sample is the made-up fault.
pub const SERIES: &str = "tegata_canary";

impl Canary {
    /// The built-in promise that a canary arrives each time.
    pub(crate) fn promise(&self, worst: Option<&String>) -> Option<Promise> {
        let within = Span(self.every.0 + self.within.0);
        let text = format!(
            "{{ kind: freshness, logs: \"stream:tegata_pages AND event:canary_arrived\", within: {within}, \
             name: {{ en: The test alert arrives, ja: 試験用の警報が届く }} }}"
        );
        let mut promise = read(ARRIVES, &text)?;
        promise.terms.severity = self.severity.as_ref().or(worst).cloned();
        Some(promise)
    }

    /// The promise that breaks to send it: the series is never above 0 otherwise.
    #[must_use]
    pub fn alarm(&self) -> Option<Promise> {
        let text = format!(
            "{{ kind: threshold, query: {SERIES}, at_most: 0, fresh_for: 5m, \
             name: {{ en: Test alert, ja: 試験用の警報 }} }}"
        );
        read(ALARM, &text)
    }
}

fn read(id: &str, text: &str) -> Option<Promise> {
    Promise::read(id, &parse_yaml(text).0?, &mut Vec::new())
}
