//! The vocabulary of design documents: what people call a part, a field, a severity, a rhythm.
//!
//! A key is compared in lower case with `_` between its words, so that `instanceType`, `Instance type` and
//! `instance_type` are one. Words of a longer text are looked for anywhere in it.

use std::sync::LazyLock;

use super::numbers::QUANTILES;

/// A name as it is compared: lower case, words joined by `_`.
pub(super) fn plain(name: &str) -> String {
    let mut out = String::new();
    let mut was_lower = false;
    for c in name.chars() {
        if c.is_uppercase() && was_lower {
            out.push('_');
        }
        was_lower = c.is_lowercase() || c.is_ascii_digit();
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !out.ends_with('_') && !out.is_empty() {
            out.push('_');
        }
    }
    out.trim_end_matches('_').to_owned()
}

/// How a field is written in a document, and what it becomes. Money is read from the texts of `costs` only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Count,
    Flag,
    Share,
    /// Bare numbers are seconds.
    Seconds,
    /// Bare numbers are days.
    Days,
    /// Bare numbers are gigabytes.
    Size,
    Rate,
    Money,
    Texts,
    /// All tries of a call; what a spec counts are the repetitions.
    Tries,
}

/// One line of the vocabulary.
struct Word {
    kind: &'static str,
    section: &'static str,
    name: &'static str,
    form: &'static str,
    words: Vec<&'static str>,
}

static WORDS: LazyLock<Vec<Word>> = LazyLock::new(|| {
    let lines = include_str!("words.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'));
    lines.filter_map(Word::read).collect()
});

impl Word {
    fn read(line: &'static str) -> Option<Self> {
        let mut cells = line.split('\t');
        let [kind, section, name, form, words] =
            std::array::from_fn(|_| cells.next().unwrap_or_default());
        let words: Vec<&str> = words.split(", ").collect();
        (!section.is_empty()).then_some(Self {
            kind,
            section,
            name,
            form,
            words,
        })
    }

    fn form(&self) -> Option<Form> {
        Some(match self.form {
            "text" => Form::Text,
            "count" => Form::Count,
            "flag" => Form::Flag,
            "share" => Form::Share,
            "seconds" => Form::Seconds,
            "days" => Form::Days,
            "size" => Form::Size,
            "rate" => Form::Rate,
            "texts" => Form::Texts,
            "tries" => Form::Tries,
            _ => return None,
        })
    }
}

/// Products: what people call each, its section and its name.
pub(super) fn products() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let products = WORDS.iter().filter(|word| word.kind == "product");
    products.flat_map(|word| {
        word.words
            .iter()
            .map(|text| (*text, word.section, word.name))
    })
}

/// The field of a section that people call `key`.
pub(super) fn field(section: &str, key: &str) -> Option<(&'static str, Form)> {
    let mut fields = WORDS
        .iter()
        .filter(|word| word.kind == "field" && word.section == section);
    let word = fields.find(|word| word.words.contains(&key))?;
    Some((word.name, word.form()?))
}

/// The field that the longest word within a key names: `their_sla`, `提供元 SLA`.
pub(super) fn field_within(section: &str, key: &str) -> Option<(&'static str, Form)> {
    let holds = |word: &str| {
        let is_part = |at: usize| {
            let before = key[..at].chars().next_back();
            let after = key[at + word.len()..].chars().next();
            let ends = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric());
            !word.is_ascii() || (ends(before) && ends(after))
        };
        word.len() > 2 && key.match_indices(word).any(|(at, _)| is_part(at))
    };
    let fields = WORDS
        .iter()
        .filter(|word| word.kind == "field" && word.section == section);
    let held = fields.flat_map(|word| {
        word.words
            .iter()
            .filter(|text| holds(text))
            .map(move |text| (text.len(), word))
    });
    let (_, word) = held.max_by_key(|(length, _)| *length)?;
    Some((word.name, word.form()?))
}

/// The section whose parts people call `key`.
pub(super) fn part(key: &str) -> Option<&'static str> {
    let mut parts = WORDS.iter().filter(|word| word.kind == "part");
    parts
        .find(|word| word.words.contains(&key))
        .map(|word| word.section)
}

/// Whether a section is one of parts of the infrastructure.
pub(super) fn is_part(section: &str) -> bool {
    WORDS
        .iter()
        .any(|word| word.kind == "part" && word.section == section)
}

/// Severities by what people call them, the worst first.
const SEVERITIES: [(&str, u64, &[&str]); 3] = [
    (
        "sev1",
        1,
        &[
            "critical",
            "immediate",
            "emergency",
            "urgent",
            "sev1",
            "severity_1",
            "sev_1",
            "p1",
            "fatal",
            "critic",
            "критич",
            "重大",
            "緊急",
            "致命",
            "最優先",
            "pages",
        ],
    ),
    (
        "sev2",
        2,
        &[
            "warning",
            "high",
            "major",
            "sev2",
            "severity_2",
            "sev_2",
            "p2",
            "警告",
            "重要",
            "高",
        ],
    ),
    (
        "sev3",
        3,
        &[
            "info",
            "medium",
            "minor",
            "low",
            "notice",
            "sev3",
            "severity_3",
            "sev_3",
            "p3",
            "ticket",
            "情報",
            "軽微",
            "中",
            "低",
        ],
    ),
];

/// The severity that a text speaks of, and its level.
pub(super) fn severity(text: &str) -> Option<(&'static str, u64)> {
    let text = plain(text);
    // `SEV1のアラート`: Japanese goes on without a space.
    let words: Vec<&str> = text.split(|c: char| c == '_' || !c.is_ascii()).collect();
    let speaks = |name: &&str| {
        let is_ascii = name.is_ascii();
        if is_ascii && !name.contains('_') {
            words.contains(name)
        } else {
            text.contains(*name)
        }
    };
    // `P4 Low`: the number says it, and is none of the three.
    let is_lowest = words
        .iter()
        .any(|word| ["p4", "p5", "sev4", "sev5"].contains(word));
    if is_lowest && !["p1", "p2", "p3"].iter().any(|word| words.contains(word)) {
        return None;
    }
    SEVERITIES
        .iter()
        .find(|(.., names)| names.iter().any(&speaks))
        .map(|(name, level, _)| (*name, *level))
}

/// A rhythm: the words for it and how long it is.
const RHYTHMS: [(&str, &str); 47] = [
    ("every year", "365d"),
    ("年に2回", "184d"),
    ("年 2 回", "184d"),
    ("every hour", "1h"),
    ("each night", "1d"),
    ("every night", "1d"),
    ("every week", "7d"),
    ("each week", "7d"),
    ("once a week", "7d"),
    ("every month", "31d"),
    ("each month", "31d"),
    ("once a month", "31d"),
    ("every quarter", "92d"),
    ("each quarter", "92d"),
    ("once a quarter", "92d"),
    ("half a year", "184d"),
    ("half-year", "184d"),
    ("twice a year", "184d"),
    ("once a year", "365d"),
    ("hourly", "1h"),
    ("毎時", "1h"),
    ("daily", "1d"),
    ("every day", "1d"),
    ("nightly", "1d"),
    ("毎日", "1d"),
    ("日次", "1d"),
    ("毎晩", "1d"),
    ("weekly", "7d"),
    ("毎週", "7d"),
    ("週次", "7d"),
    ("monthly", "31d"),
    ("毎月", "31d"),
    ("月次", "31d"),
    ("quarterly", "92d"),
    ("四半期", "92d"),
    ("semi-annual", "184d"),
    ("半年", "184d"),
    ("半期", "184d"),
    ("annual", "365d"),
    ("yearly", "365d"),
    ("毎年", "365d"),
    ("年1回", "365d"),
    ("年に1回", "365d"),
    ("年2回", "184d"),
    ("月1回", "31d"),
    ("月に1回", "31d"),
    ("年次", "365d"),
];

/// More often than the rhythm that follows, and nobody says how often.
const SEVERAL: [&str; 6] = [
    "multiple times",
    "several times",
    "many times",
    "複数回",
    "数回",
    "何度",
];

pub(super) fn rhythm(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    if SEVERAL.iter().any(|word| text.contains(word)) {
        return None;
    }
    // `12 monthly dumps`: how many are kept.
    let is_count = |at: usize| {
        let before = text[..at].trim_end();
        before.len() < at && before.ends_with(|c: char| c.is_ascii_digit())
    };
    RHYTHMS
        .iter()
        .find(|(word, _)| text.find(word).is_some_and(|at| !is_count(at)))
        .map(|(_, span)| *span)
}

/// The severity that a row of a table of severities is, where its name is a mark of some order: `S`, `レベル 2`, `③`.
pub(super) fn ranked(name: &str, at: usize) -> Option<(&'static str, u64)> {
    const RANKS: [(&str, u64); 5] = [
        ("sev1", 1),
        ("sev2", 2),
        ("sev3", 3),
        ("sev4", 4),
        ("sev5", 5),
    ];
    const MARK_MAX: usize = 12;
    (name.chars().count() <= MARK_MAX)
        .then(|| RANKS.get(at).copied())
        .flatten()
}

/// What a metric, alert or item measures, by a word in its name.
const MEASURES: [(&str, &[&str]); 9] = [
    ("lag", &["replica", "レプリ", "複製", "lag "]),
    ("success", &["success", "成功"]),
    (
        "errors",
        &["error", "failure rate", "5xx", "失敗率", "エラー"],
    ),
    (
        "latency",
        &[
            "latency",
            "response_time",
            "response time",
            "processing_time",
            "duration",
            "レイテンシ",
            "応答時間",
            "処理時間",
            "遅延",
        ],
    ),
    ("cpu", &["cpu", "processor"]),
    ("memory", &["memory", "メモリ"]),
    ("disk", &["disk", "ディスク", "storage use"]),
    ("network", &["network use", "bandwidth", "帯域"]),
    ("misses", &["miss rate", "ミス率"]),
];

pub(super) fn measures(text: &str) -> Option<&'static str> {
    const NO_ERRORS: [&str; 7] = [
        "no 5xx",
        "without 5xx",
        "not 5xx",
        "non-5xx",
        "no error",
        "without error",
        "error-free",
    ];
    let text = text.to_lowercase();
    if NO_ERRORS.iter().any(|word| text.contains(word)) {
        return Some("success");
    }
    MEASURES
        .iter()
        .find(|(_, words)| words.iter().any(|word| text.contains(word)))
        .map(|(name, _)| *name)
}

/// The environment that a heading is about.
const ENVIRONMENTS: [(&str, &[&str]); 3] = [
    ("production", &["production", "本番"]),
    ("staging", &["staging", "ステージング", "検証"]),
    ("development", &["development", "開発環境"]),
];

pub(super) fn environment(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let named = ENVIRONMENTS
        .iter()
        .find(|(_, words)| words.iter().any(|word| text.contains(word)));
    named.map(|(name, _)| *name)
}

/// The quantile that a text names: `p95`, `95パーセンタイル`, `99%タイル`, `99th percentile`.
pub(super) fn quantile(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let named = lower.match_indices('p').find(|(at, _)| {
        let before = lower[..*at].chars().next_back();
        !before.is_some_and(|c| c.is_ascii_alphanumeric())
            && lower[at + 1..].starts_with(|c: char| c.is_ascii_digit())
    });
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    if let Some((at, _)) = named {
        let digits: String = lower[at + 1..]
            .chars()
            .take_while(|c| is_part(*c))
            .collect();
        let digits = digits.trim_end_matches('.');
        // `P1` is how bad something is.
        return (digits.parse::<f64>().ok()? >= 50.0).then(|| format!("p{digits}"));
    }
    const WORDED: [(&str, &str); 5] = [
        ("ninety-ninth", "p99"),
        ("ninety ninth", "p99"),
        ("ninety-fifth", "p95"),
        ("ninetieth", "p90"),
        ("median", "p50"),
    ];
    if let Some((_, quantile)) = WORDED.iter().find(|(word, _)| lower.contains(word)) {
        return Some((*quantile).to_owned());
    }
    let before = QUANTILES
        .iter()
        .find_map(|word| Some(&lower[..lower.find(word)?]))?;
    let before = before.trim_end();
    let digits = &before[before.trim_end_matches(is_part).len()..];
    (!digits.is_empty()).then(|| format!("p{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_has_many_names() {
        for (name, wanted) in [
            ("instanceType", "instance_type"),
            ("Instance type", "instance_type"),
            ("RTO", "rto"),
            ("目標復旧時間", "目標復旧時間"),
        ] {
            assert_eq!(plain(name), wanted);
        }
        assert_eq!(
            field("databases", "machine_type").map(|(field, _)| field),
            Some("instance")
        );
        assert_eq!(part("cloud_sql"), Some("databases"));
    }

    #[test]
    fn severities_and_rhythms_are_told_by_words() {
        for (text, wanted) in [
            ("critical_alert", Some("sev1")),
            ("Severity 2 (High)", Some("sev2")),
            ("軽微な障害", Some("sev3")),
            ("notify_team", None),
        ] {
            assert_eq!(severity(text).map(|(name, _)| name), wanted, "{text}");
        }
        assert_eq!(
            (
                rhythm("reviewed quarterly"),
                rhythm("毎日のチェック"),
                rhythm("reviewed")
            ),
            (Some("92d"), Some("1d"), None)
        );
        assert_eq!(
            (
                quantile("checkout_p99"),
                quantile("API応答 (p95)"),
                quantile("http2")
            ),
            (Some("p99".into()), Some("p95".into()), None)
        );
    }

    #[test]
    fn every_line_of_the_vocabulary_is_read() {
        let lines = include_str!("words.tsv")
            .lines()
            .filter(|line| !line.starts_with('#'));
        assert_eq!(WORDS.len(), lines.count());
        for word in WORDS.iter() {
            assert!(
                word.kind != "field" || word.form().is_some(),
                "{} {} {}",
                word.section,
                word.name,
                word.form
            );
            assert!(
                word.words.iter().all(|text| !text.is_empty()),
                "{} {}",
                word.section,
                word.name
            );
        }
    }
}
