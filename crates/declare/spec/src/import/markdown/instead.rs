//! Who takes the place of whom: `if the second call is not answered either, the charge is sent to Acquirer B`.

use promise::say;

use super::{
    Reader,
    blocks::{bare, sentences_of},
    bursts::named,
};

/// What has happened when another takes over.
const FAILED: [&str; 15] = [
    "not answer",
    "no answer",
    "fails",
    "failed",
    "failing",
    "unavailable",
    "is down",
    "is open",
    "times out",
    "timeout",
    "応答がな",
    "応答しな",
    "失敗",
    "タイムアウト",
    "障害",
];
/// Words that stand before the one that takes over, and Japanese ones that stand after it.
const SENT: [&str; 10] = [
    "sent to",
    "go to",
    "goes to",
    "falls back to",
    "fall back to",
    "fails over to",
    "switches to",
    "retried at",
    "tried at",
    "routed to",
];
const SENT_JA: [&str; 6] = [
    "に切り替え",
    "へ切り替え",
    "に切替",
    "へ切替",
    "にフォールバック",
    "へ送る",
];

impl Reader<'_> {
    /// Reads it from all that was said, once it is known on whom the service depends.
    pub(super) fn taken_over(&mut self) {
        let others = self.draft.names(&["dependencies"]);
        if others.len() < 2 {
            return;
        }
        for (line, text) in self.said.clone() {
            for sentence in sentences_of(&bare(&text)) {
                let Some((from, to)) = replaced(sentence, &others) else {
                    continue;
                };
                let path = ["dependencies", from.as_str(), "fallback"];
                if !self.draft.has(&path) {
                    let why = say!("the sentence says who takes over", "切り替え先の文による");
                    self.draft.guess(&path, to, line, why);
                }
            }
        }
    }
}

/// Whose place is taken, and by whom.
fn replaced(sentence: &str, others: &[String]) -> Option<(String, String)> {
    let lower = sentence.to_lowercase();
    if lower.len() != sentence.len() || !FAILED.iter().any(|word| lower.contains(word)) {
        return None;
    }
    let split = |at: usize| (&sentence[..at], &sentence[at..]);
    let (before, after) = match SENT.iter().find_map(|word| lower.find(word)) {
        Some(at) => split(at),
        None => {
            // `A 社が応答しない場合は B 社へ切り替え`: the last that stands before the verb.
            let at = SENT_JA.iter().find_map(|word| lower.find(word))?;
            let comma = lower[..at].rfind(['、', 'は']).unwrap_or_default();
            (&sentence[..comma], &sentence[comma..at])
        }
    };
    let to = named(after, others)?;
    let rest: Vec<String> = others.iter().filter(|id| **id != to).cloned().collect();
    let only = || rest.first().filter(|_| rest.len() == 1).cloned();
    let from = named(before, &rest).or_else(only)?;
    Some((from, to))
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn who_takes_over_is_named_after_the_verb() {
        let others = ["a".to_owned(), "b".to_owned()];
        let pair = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
        for (text, wanted) in [
            (
                "If the second call is not answered either, a reversal for A is queued and the charge is sent to Acquirer B.",
                pair("a", "b"),
            ),
            (
                "When the breaker for A is open, new charges go to B directly.",
                pair("a", "b"),
            ),
            ("All charges go to Acquirer A.", None),
        ] {
            assert_eq!(replaced(text, &others), wanted, "{text}");
        }
    }
}
