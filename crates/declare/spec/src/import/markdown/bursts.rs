//! How often others are called, and may be: many requests that are all to be sent between two times of a night
//! (`720,000 charges, begun at 01:00 and closed by 05:00`), and the most that a contract allows.

use super::{
    Reader,
    blocks::{bare, sentences_of},
    by_the_words,
    clock::moments,
    figures::{Kind, figures},
    table::Table,
};

/// A time by which, or within which, something is to be over.
const STARTS: [&str; 10] = [
    "starts at",
    "start at",
    "started at",
    "begins at",
    "begin at",
    "begun at",
    "from",
    "between",
    "runs at",
    "kicks off at",
];
const STARTS_JA: [&str; 6] = ["に始", "に開始", "から", "開始", "に起動", "より"];
const ENDS: [&str; 12] = [
    "by",
    "before",
    "until",
    "to",
    "and",
    "closes at",
    "close at",
    "closed at",
    "ends at",
    "end at",
    "no later than",
    "not later than",
];
const ENDS_JA: [&str; 5] = ["まで", "に終", "に締", "に完了", "には終"];
/// What is sent one by one.
const SENT: [&str; 14] = [
    "件",
    "通",
    "要求",
    "リクエスト",
    "charge",
    "request",
    "call",
    "payment",
    "transaction",
    "message",
    "order",
    "renewal",
    "notification",
    "card",
];
/// Words by which a sentence says that each of them is a call.
const EACH: [&str; 9] = [
    "1 要求",
    "1要求",
    "1 リクエスト",
    "1リクエスト",
    "1 回",
    "1回",
    "one request",
    "one call",
    "a call each",
];
/// What a name of one letter stands after.
const THROUGH: [&str; 12] = [
    "through",
    "via",
    " to",
    " at",
    " for",
    "acquirer",
    "provider",
    "processor",
    "psp",
    "gateway",
    "bank",
    "社",
];
/// Words for the most that is allowed.
const LIMITS: [&str; 10] = [
    "上限",
    "まで",
    "超過",
    "制限",
    "limit",
    "at most",
    "no more than",
    "maximum",
    "cap of",
    "capped",
];
const DAY: u32 = 24 * 60;
/// Fewer than these are no burst.
const COUNT_MIN: f64 = 1_000.0;
/// A start is remembered for the paragraphs that follow it.
const NEAR: usize = 4;

impl Reader<'_> {
    /// Reads both from all that was said, once it is known on whom the service depends.
    pub(super) fn bursts(&mut self) {
        let others = self.draft.names(&["dependencies"]);
        let said: Vec<(usize, String)> = self
            .said
            .iter()
            .map(|(line, text)| (*line, bare(text)))
            .collect();
        let caps = std::mem::take(&mut self.caps);
        for (line, text) in caps.iter().chain(&said) {
            if let Some((id, rate)) = allowed(text, &others) {
                self.rate_of(&id, "rate_limit", &rate, *line);
            }
        }
        let mut begun: Option<(usize, u32)> = None;
        for (at, (line, text)) in said.iter().enumerate() {
            for sentence in sentences_of(text) {
                let (start, end) = edges(sentence);
                if let Some(start) = start {
                    begun = Some((*line, start));
                }
                let start = begun.filter(|(from, _)| line - from <= NEAR);
                let window = match (start, end) {
                    (Some((_, start)), Some(end)) => (end + DAY - start) % DAY * 60,
                    _ => continue,
                };
                let Some(count) = sent(sentence).filter(|_| window > 0) else {
                    continue;
                };
                let beside = said[at.saturating_sub(2)..said.len().min(at + 3)]
                    .iter()
                    .filter(|(_, text)| EACH.iter().any(|word| text.to_lowercase().contains(word)));
                let mut candidates = std::iter::once(sentence)
                    .chain(beside.map(|(_, text)| text.as_str()))
                    .filter_map(|text| named(text, &others));
                if let Some(id) = candidates.next() {
                    let rate = format!("{}/s", (count / f64::from(window) * 100.0).floor() / 100.0);
                    self.rate_of(&id, "calls_max", &rate, *line);
                }
            }
        }
    }

    /// A table with a column of what is allowed: its rows say so without the word.
    pub(super) fn capped(&mut self, table: &Table<'_>) {
        const CAPS: [&str; 5] = ["上限", "limit", "quota", "制限", "cap"];
        let Some(column) = table.column(&CAPS).filter(|at| *at != table.name) else {
            return;
        };
        for (line, row) in table.rows {
            let (name, cap) = (table.cell(row, table.name), table.cell(row, column));
            self.caps
                .push((*line, format!("{name} {} {cap}", LIMITS[0])));
        }
    }

    fn rate_of(&mut self, id: &str, field: &str, rate: &str, line: usize) {
        let path = ["dependencies", id, field];
        if !self.draft.has(&path) {
            let why = by_the_words();
            self.draft.guess(&path, rate, line, why);
        }
    }
}

/// The most that a text says somebody allows: `PSP への要求 / 契約上限25要求/秒`.
fn allowed(text: &str, others: &[String]) -> Option<(String, String)> {
    let all = figures(text);
    let mut rates = all.iter().filter(|it| it.kind == Kind::Rate);
    let (rate, None) = (rates.next()?, rates.next()) else {
        return None;
    };
    let lower = text.to_lowercase();
    let id = named(&text[..rate.start], others)?;
    let is_limit = LIMITS.iter().any(|word| lower.contains(word));
    is_limit.then(|| (id, rate.text.clone()))
}

/// Which of those on whom the service depends a text names; a letter (`B`) only as the one that something goes through.
pub(super) fn named(text: &str, others: &[String]) -> Option<String> {
    let lower = text.to_lowercase();
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric());
    let stands = |name: &str| {
        lower.match_indices(name).any(|(at, _)| {
            let ends = lower[at + name.len()..].chars().next();
            let whole = is_edge(lower[..at].chars().next_back()) && is_edge(ends);
            let through = || {
                let before = lower[..at].trim_end();
                THROUGH.iter().any(|word| before.ends_with(word))
            };
            // An article is no name.
            let is_written = || {
                text.get(at..at + 1)
                    .is_some_and(|it| it != it.to_lowercase())
            };
            whole && (name.len() > 1 || (through() && is_written()))
        })
    };
    // `Provider B` is `B` further on.
    let is_named = |id: &String| {
        let letter = id.rsplit('_').next().filter(|last| last.len() == 1);
        stands(&id.replace('_', " ")) || letter.is_some_and(stands)
    };
    others.iter().find(|id| is_named(id)).cloned()
}

/// When a sentence says that something begins, and when it is to be over, in minutes of the day.
fn edges(sentence: &str) -> (Option<u32>, Option<u32>) {
    let lower = sentence.to_lowercase();
    let (mut start, mut end) = (None, None);
    for (from, to, minute) in moments(&lower) {
        let before = lower[..from].trim_end();
        let after = lower[to..].trim_start();
        let has = |en: &[&str], ja: &[&str]| {
            en.iter().any(|word| before.ends_with(word))
                || ja.iter().any(|it| after.starts_with(it))
        };
        if has(&ENDS, &ENDS_JA) {
            end = end.or(Some(minute));
        } else if has(&STARTS, &STARTS_JA) {
            start = start.or(Some(minute));
        }
    }
    (start, end)
}

/// How many a sentence says are sent.
fn sent(sentence: &str) -> Option<f64> {
    let lower = sentence.to_lowercase();
    let counts = figures(&lower)
        .into_iter()
        .filter(|it| it.kind == Kind::Count);
    let counts = counts.filter(|it| {
        let after = lower[it.end..].trim_start();
        SENT.iter().any(|word| after.starts_with(word))
    });
    let counts = counts.filter_map(|it| it.text.parse::<f64>().ok());
    counts
        .filter(|count| *count >= COUNT_MIN)
        .max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begun_and_over() {
        for (text, wanted) in [
            ("The run starts at 01:00.", (Some(60), None)),
            (
                "On the 1st it has to be finished by 05:00",
                (None, Some(300)),
            ),
            (
                "毎月末日の23:00に始め、90,000件を23:30までに送り終える。",
                (Some(1380), Some(1410)),
            ),
            ("22:00〜6:00 は待機", (None, None)),
        ] {
            assert_eq!(edges(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_letter_is_a_name_where_something_goes_through_it() {
        let others = ["a".to_owned(), "b".to_owned()];
        let through = |text| named(text, &others);
        assert_eq!(through("all charges are sent through B"), Some("b".into()));
        assert_eq!(through("charges belong to a bank"), None);
    }
}
