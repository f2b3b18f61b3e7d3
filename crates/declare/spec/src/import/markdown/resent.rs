//! What is sent again until it is answered: webhooks with their signatures, and what carries an idempotency key.

use promise::{record::Scalar as _, unit::Span};

use super::{
    Reader, by_the_words,
    figures::{Kind, figures},
};

/// Words for what tells a second request from a first.
const KEYS: [&str; 4] = [
    "冪等キー",
    "冪等性キー",
    "idempotency key",
    "idempotency-key",
];
const SIGNED: [&str; 3] = ["signature", "署名", "hmac"];

impl Reader<'_> {
    /// A sentence, or a row of a table, of something that is sent again. What it says is taken beside its other readers.
    pub(super) fn sent_again(&mut self, text: &str, line: usize) {
        let lower = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let times: Vec<Span> = figures(text)
            .into_iter()
            .filter(|it| it.kind == Kind::Time)
            .filter_map(|it| Span::parse(&it.text).ok())
            .collect();
        if has(&KEYS) {
            return self.with_a_key(&lower, &times, line);
        }
        if !self.is_under(&["webhook"]) && !lower.contains("webhook") {
            return;
        }
        let id = match self.is_under(&["受信", "inbound"]) {
            true => "inbound",
            false => "webhooks",
        };
        const OLD: [&str; 8] = [
            "old",
            "reject",
            "stale",
            "tolerance",
            "捨て",
            "拒否",
            "拒む",
            "無効",
        ];
        const STAMPED: [&str; 5] = ["timestamp", "タイムスタンプ", "whose t ", "`t`", "時刻"];
        if let [age] = times.as_slice()
            && has(&STAMPED)
            && has(&OLD)
        {
            self.delivery(id, "signature_max_age", &age.to_string(), line);
        }
        const AGAIN: [&str; 5] = ["attempt", "retr", "resen", "再送", "sent again"];
        const SAME: [&str; 9] = [
            "stored bytes",
            "unchanged",
            "same signature",
            "byte for byte",
            "as first",
            "初回のまま",
            "同じ署名",
            "変わらない",
            "変えない",
        ];
        // The stored signature is spoken of in the sentence, or in the one before it.
        let is_signed = has(&SIGNED) || SIGNED.iter().any(|word| self.before.contains(word));
        if has(&AGAIN) && has(&SAME) && is_signed {
            let why = by_the_words();
            self.draft
                .guess(&["deliveries", id, "signed_once"], true, line, why);
        }
        // `at once, then after 1 min, 5 min, 30 min, …`
        const SCHEDULE: usize = 3;
        let later: Vec<Span> = times.into_iter().filter(|it| !it.0.is_zero()).collect();
        let is_growing = later.windows(2).all(|pair| pair[0] <= pair[1]);
        if has(&AGAIN) && later.len() >= SCHEDULE && is_growing {
            const EACH: [&str; 4] = ["attempt before", "previous", "前回から", "直前の"];
            let all = later.iter().map(|it| it.0).sum();
            let last = later.iter().map(|it| it.0).max().unwrap_or_default();
            let whole = if has(&EACH) { all } else { last };
            self.delivery(id, "first_retry", &later[0].to_string(), line);
            self.delivery(id, "retried_for", &Span(whole).to_string(), line);
        }
        const KNOWN: [&str; 7] = [
            "remember",
            "dedup",
            "event id",
            "イベントid",
            "イベント id",
            "重複",
            "duplicate",
        ];
        const KEPT: [&str; 6] = ["remember", "keep", "kept", "除く", "保持", "覚え"];
        if let [known] = later.as_slice()
            && has(&KNOWN)
            && has(&KEPT)
        {
            self.delivery(id, "remembered_for", &known.to_string(), line);
        }
    }

    /// How long a key is known, or how long a request with one may wait until it is sent.
    fn with_a_key(&mut self, lower: &str, times: &[Span], line: usize) {
        const KNOWN: [&str; 8] = [
            "ttl",
            "登録から",
            "有効期限",
            "expire",
            "remember",
            "keeps it",
            "kept for",
            "保存期間",
        ];
        const WAITS: [&str; 6] = ["送る", "送信", "再送", "resend", "sent again", "sends"];
        let [time] = times else { return };
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let field = match (has(&KNOWN), has(&WAITS)) {
            (true, false) => "remembered_for",
            (false, true) => "retried_for",
            _ => return,
        };
        self.delivery("requests", field, &time.to_string(), line);
    }

    fn delivery(&mut self, id: &str, field: &str, value: &str, line: usize) {
        let path = ["deliveries", id, field];
        if !self.draft.has(&path) {
            let why = by_the_words();
            self.draft.guess(&path, value, line, why);
        }
    }
}
