//! Figures of a sentence, each by the words around it.

use promise::{Say, say};

use super::{
    Reader,
    bounds::share_within,
    figures::{Figure, Kind, figures},
    owed::OFFERED,
    stated::KEPT,
    waiting::{PAUSED, RETRIED, Topic, WAITED, topic},
    words,
};

impl Reader<'_> {
    /// Every figure of a sentence, by the words around it.
    pub(super) fn prose(&mut self, text: &str, line: usize) {
        self.regions(text, line);
        if let Some(why) = unpromised(text) {
            return self.explained(text, why, line);
        }
        if let Some((time, quantile)) = share_within(text) {
            let bound = format!("<= {}", time.text);
            self.measured(text, "latency", Some(quantile), &bound, &time, line);
            return;
        }
        let left = self.statements(text, line);
        let left = self.part_sentence(&left, line).unwrap_or(left);
        let text = left.as_str();
        let mut from = 0;
        for figure in figures(text) {
            let clause_start = text[from..figure.start]
                .rfind(['、', '。', '；', ';', '（', '('])
                .map_or(from, |at| from + at);
            let before = text[clause_start..figure.start]
                .trim_start_matches(['、', '。', '；', ';', '（', '(', ' ', ',']);
            let after: String = text[figure.end..]
                .chars()
                .take_while(|c| !['、', '。', ';', '；', '（', '('].contains(c))
                .take(16)
                .collect();
            from = figure.end;
            if figure.kind == Kind::Count && !self.counts(before, &after) {
                continue;
            }
            self.figure(before, &after, text, &figure, line);
        }
        if let Some(id) = self.waiting_for(line) {
            let lower = text.to_lowercase();
            let says = ["idempotent", "冪等"]
                .iter()
                .any(|word| lower.contains(word));
            let denied = ["not idempotent", "冪等でない", "冪等ではない"]
                .iter()
                .any(|word| lower.contains(word));
            if says {
                self.once(&["dependencies", &id, "idempotent"], !denied, line);
            }
        }
    }

    /// Figures that stand there and owe nothing, told as what they are.
    fn explained(&mut self, text: &str, why: Say, line: usize) {
        if figures(text).iter().any(|it| it.kind != Kind::Count) {
            self.draft.lost(line, text, why);
        }
    }

    /// Whether a bare number is one that a design owes: dates, versions and headings have numbers too.
    fn counts(&self, before: &str, after: &str) -> bool {
        let before = before.to_lowercase();
        let loses = ["rpo", "目標復旧時点"]
            .iter()
            .any(|word| before.contains(word));
        loses || after.starts_with('回') || RETRIED.iter().any(|word| before.contains(word))
    }

    fn figure(&mut self, before: &str, after: &str, text: &str, figure: &Figure, line: usize) {
        let near = format!("{before} {after}").to_lowercase();
        let whole = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| near.contains(word));
        let speaks = |words: &[&str]| words.iter().any(|word| whole.contains(word));
        let value = figure.text.as_str();
        // What the sentence turned to last, before this figure.
        let topic = topic(&text[..figure.start]);
        match figure.kind {
            Kind::Count if value == "0" && has(&["rpo", "目標復旧時点"]) => {
                self.objective("rpo", "0s", text, line);
            }
            Kind::Time if has(&["rto", "目標復旧時間"]) => {
                self.objective("rto", value, text, line)
            }
            Kind::Time if has(&["rpo", "目標復旧時点"]) => {
                self.objective("rpo", value, text, line)
            }
            Kind::Share if has(&OFFERED) => {
                self.objective("availability", value, text, line);
            }
            Kind::Time if is_of_logs(&near) && has(&KEPT) => {
                self.once(&["monitoring", "log_retention"], value, line);
            }
            Kind::Time if names_ttl(before) && speaks(&DNS) => {
                self.once(&["infrastructure", "dns", "main", "ttl"], value, line);
            }
            Kind::Time | Kind::Count if topic == Some(Topic::Checked) => {
                self.checked(&near, text, figure, line);
            }
            Kind::Time if topic == Some(Topic::Balancer) && has(&WAITED) => {
                let id = self.balancer(text, line);
                let drains = ["登録解除", "draining", "deregistration"]
                    .iter()
                    .any(|word| before.to_lowercase().contains(word));
                let field = if drains {
                    "deregistration_delay"
                } else {
                    "idle_timeout"
                };
                self.once(
                    &["infrastructure", "load_balancers", &id, field],
                    value,
                    line,
                );
            }
            Kind::Time if has(&["タイムアウト", "timeout"]) => {
                match self.waited_for(before, text, line) {
                    Some(id) => self.once(&["dependencies", &id, "timeout"], value, line),
                    None => self.draft.lost(
                        line,
                        text,
                        say!(
                            "whose timeout it is, nothing says",
                            "何のタイムアウトか書かれていません"
                        ),
                    ),
                }
            }
            Kind::Count if has(&RETRIED) => match self.waited_for(before, text, line) {
                Some(id) => {
                    let count = value.parse::<u64>().unwrap_or_default();
                    self.once(&["dependencies", &id, "retries"], count, line);
                }
                None => self.draft.lost(
                    line,
                    text,
                    say!(
                        "what is tried again, nothing says",
                        "何を再試行するか書かれていません"
                    ),
                ),
            },
            Kind::Time if self.waiting_for(line).is_some() && has(&PAUSED) => {
                if let Some(id) = self.waiting_for(line) {
                    self.once(&["dependencies", &id, "backoff"], value, line);
                }
            }
            // What the service offers itself has been told above.
            Kind::Share if self.waiting_for(line).is_some() && near.contains("sla") => {
                if let Some(id) = self.waiting_for(line) {
                    self.once(&["dependencies", &id, "availability"], value, line);
                }
            }
            Kind::Time if has(&["間隔", "interval", "every"]) && speaks(&MEASURED) => {
                self.once(&["monitoring", "interval"], value, line);
            }
            Kind::Time if has(&ANSWERED) && words::severity(text).is_some() => {
                if let Some((severity, _)) = words::severity(text) {
                    self.severity(severity, line);
                    self.once(&["severities", severity, "answer_within"], value, line);
                }
            }
            Kind::Time if speaks(&TOLD) && words::severity(before).is_some() => {
                if let Some((severity, _)) = words::severity(before) {
                    self.severity(severity, line);
                    self.once(&["severities", severity, "page_within"], value, line);
                }
            }
            Kind::Time
                if has(&["証明書", "certificate", "ssl"])
                    || (whole.contains("証明書") && after.starts_with('前')) =>
            {
                self.once(
                    &["security", "certificates", "site", "told_before"],
                    value,
                    line,
                );
            }
            Kind::Share | Kind::Time | Kind::Rate if self.is_owed(text, figure) => {
                self.declare(before, after, text, figure, line);
            }
            Kind::Share | Kind::Time | Kind::Rate => self.draft.lost(
                line,
                text,
                say!(
                    "{value} is told, and not owed: no bound stands with it",
                    "{value} は説明の数値とみなしました(上限も下限も書かれていません)"
                ),
            ),
            _ => self.draft.lost(
                line,
                text,
                say!(
                    "a figure that nothing in a spec says: {value}",
                    "仕様に書くところのない数値です: {value}"
                ),
            ),
        }
    }

    /// Sets what several sentences may say alike.
    pub(super) fn once(&mut self, path: &[&str], value: impl Into<serde_json::Value>, line: usize) {
        self.draft.guess(
            path,
            value,
            line,
            say!("told by the words around it", "前後の語による"),
        );
    }
}
const DNS: [&str; 3] = ["dns", "route 53", "名前解決"];
const MEASURED: [&str; 6] = ["メトリクス", "監視", "収集", "metric", "scrape", "collect"];
const ANSWERED: [&str; 6] = [
    "一次対応",
    "初動",
    "応答を開始",
    "acknowledg",
    "first response",
    "answer within",
];
const TOLD: [&str; 8] = [
    "phoned",
    "called",
    "message",
    "通知",
    "アラート",
    "alert",
    "notif",
    "page",
];

/// Why the figures of a sentence bind nobody, where it says so itself.
fn unpromised(text: &str) -> Option<Say> {
    const ELSEWHERE: [&str; 6] = [
        "検証環境",
        "開発環境",
        "ステージング",
        "staging",
        "development environment",
        "test environment",
    ];
    const FORMER: [&str; 6] = [
        "旧システム",
        "旧環境",
        "old platform",
        "old system",
        "legacy system",
        "previous platform",
    ];
    const HERE: [&str; 2] = ["本番", "production"];
    const UNBOUND: [&str; 5] = [
        "目安",
        "保証しない",
        "保証するものではない",
        "best effort",
        "not guaranteed",
    ];
    let lower = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&UNBOUND) {
        return Some(say!(
            "the document says that it is no promise",
            "約束ではないと書かれています"
        ));
    }
    if has(&FORMER) {
        return Some(say!(
            "it is of what was there before",
            "以前のシステムの記述です"
        ));
    }
    (has(&ELSEWHERE) && !has(&HERE)).then(|| {
        say!(
            "it is of another environment than production",
            "本番ではない環境の記述です"
        )
    })
}

fn is_of_logs(text: &str) -> bool {
    ["ログ", "log ", "logs", "証跡"]
        .iter()
        .any(|word| text.contains(word))
}

/// The first words of a sentence, for an id.
pub(super) fn few_words(text: &str) -> String {
    const WORDS_MAX: usize = 3;
    let words = text
        .split(|c: char| !c.is_ascii_alphabetic())
        .filter(|word| word.len() > 1);
    words.take(WORDS_MAX).collect::<Vec<_>>().join(" ")
}

/// Whether the last words before a figure are those of a TTL.
fn names_ttl(before: &str) -> bool {
    const NEAR: usize = 10;
    let lower = before.to_lowercase();
    let last: Vec<char> = lower.chars().rev().take(NEAR).collect();
    last.into_iter().rev().collect::<String>().contains("ttl")
}
