//! From how many addresses a load test comes, and what the web firewall lets each of them send. One without the other
//! says nothing.

use promise::{record::Scalar as _, unit::Span};

use super::{
    Reader, by_the_words,
    figures::{Kind, figures},
    numbers::NUMBERS,
};

impl Reader<'_> {
    /// A sentence about either.
    pub(super) fn injected(&mut self, text: &str, line: usize) {
        const LIMITS: [&str; 5] = [
            "rate-based",
            "rate based",
            "rate limit",
            "レートベース",
            "レート制限",
        ];
        const ADDRESSES: [&str; 4] = [" ip", "ip ", "address", "アドレス"];
        const LOAD: [&str; 3] = ["load", "負荷", "stress test"];
        const REQUESTS: [&str; 4] = ["request", "リクエスト", "要求", "回"];
        let lower = format!(" {} ", text.to_lowercase());
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if !has(&ADDRESSES) {
            return;
        }
        let all = figures(text);
        let of = |kind| all.iter().filter(move |it| it.kind == kind);
        if has(&LIMITS) {
            let requests = of(Kind::Count).find(|it| {
                let after = text[it.end..].trim_start().to_lowercase();
                REQUESTS.iter().any(|word| after.starts_with(word))
            });
            let window = of(Kind::Time)
                .next()
                .and_then(|it| Span::parse(&it.text).ok());
            if let (Some(count), Some(window)) = (requests, window)
                && let Ok(count) = count.text.parse::<f64>()
                && !window.0.is_zero()
            {
                let rate = count / window.0.as_secs_f64();
                self.per_address.get_or_insert((rate, line));
            }
        } else if self.is_under(&LOAD)
            && let Some(count) = machines(&lower)
        {
            self.load_from.get_or_insert((count, line));
        }
    }

    /// Both, where the document says both.
    pub(super) fn injected_and_limited(&mut self) {
        let (Some((rate, limited)), Some((count, sent))) = (self.per_address, self.load_from)
        else {
            return;
        };
        let id = self.draft.only_in(&["security", "waf"]);
        let path = [
            "security",
            "waf",
            id.as_deref().unwrap_or("main"),
            "rate_limit",
        ];
        let why = by_the_words();
        if !self.draft.has(&path) {
            self.draft
                .guess(&path, format!("{rate:.2}/s"), limited, why.clone());
        }
        for scenario in self.draft.names(&["load", "scenarios"]) {
            let path = ["load", "scenarios", scenario.as_str(), "addresses"];
            if !self.draft.has(&path) {
                self.draft.guess(&path, count, sent, why.clone());
            }
        }
    }
}

/// `four k6 machines, each with one fixed IP`, `EC2 4 台(IP 各 1)`: as many as there are machines.
fn machines(lower: &str) -> Option<u64> {
    const MACHINES: [&str; 8] = [
        "machine",
        "injector",
        "generator",
        "runner",
        "instance",
        "worker",
        "host",
        "台",
    ];
    const EACH: [&str; 4] = ["each", "one ip", "各", "ずつ"];
    if !EACH.iter().any(|word| lower.contains(word)) {
        return None;
    }
    let at = MACHINES.iter().find_map(|word| lower.find(word))?;
    let before = lower[..at]
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    // `four k6 machines`: what they run may stand between.
    before.rev().take(2).find_map(|word| {
        let named = NUMBERS
            .iter()
            .find(|(name, _)| *name == word && word.len() > 2);
        named.map_or_else(|| word.parse().ok(), |(_, count)| Some(u64::from(*count)))
    })
}
