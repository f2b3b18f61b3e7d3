//! `canary`: a made-up alert that travels the whole way, so that a broken way is noticed before it is needed.

use promise::{record, unit::Span};

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
