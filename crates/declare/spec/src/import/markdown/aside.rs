//! What a document says and does not owe: examples, samples of good and bad writing, what was not chosen, what was there
//! before, what another environment has.
//!
//! A sentence says so itself. A whole block, whatever it is, is told by the heading or the line that it stands under.

use promise::{Say, say};

use super::{
    Reader,
    blocks::{Block, What, bare},
    figures::{Kind, figures},
    numbers::says_one,
    words::plain,
};

impl Reader<'_> {
    /// Why a block is none of what the document says itself: by the headings above it, but for the document's title, or
    /// by the line or bullet that it stands under.
    pub(super) fn aside(&self, block: &Block<'_>) -> Option<Say> {
        if matches!(block.what, What::Heading { .. }) {
            return None;
        }
        let headings = self.headings.iter().filter(|(level, _)| *level > 1);
        let above = headings.chain(&self.above).map(|(_, text)| text.as_str());
        let own = match &block.what {
            What::Bullet { text, .. } => begins_an_example(&bare(text).to_lowercase()),
            // A document within a document is a form to fill in, or shows how one is written.
            What::Fence { language, .. } => {
                ["markdown", "md"].contains(language) && !self.headings.is_empty()
            }
            What::Table { head, .. } => is_of_samples(head),
            _ => false,
        };
        if own || above.clone().chain([self.lead.as_str()]).any(is_sample) {
            return Some(example());
        }
        let lower = |text: &str| text.to_lowercase();
        above
            .map(lower)
            .any(|text| REFUSED.iter().any(|word| text.contains(word)))
            .then(refused)
    }

    /// Tells the figures of such a block as what they are.
    pub(super) fn set_aside(&mut self, block: &Block<'_>, why: &Say) {
        let said = match &block.what {
            What::Fence { text, .. } => (block.line + 1..)
                .zip(text.lines())
                .map(|(line, text)| (line, text.to_owned()))
                .collect(),
            _ => block.said(),
        };
        for (line, text) in said.iter().filter(|(_, text)| says_one(text)) {
            self.draft.lost(*line, &bare(text), why.clone());
        }
    }

    /// The document without the examples that stand in brackets, line by line: `a large range (e.g. /16)`.
    pub(super) fn without_examples(&mut self, text: &str) -> String {
        let lines = (1..).zip(text.lines());
        let lines: Vec<String> = lines
            .map(|(line, text)| self.without_example(text, line))
            .collect();
        lines.join("\n")
    }

    fn without_example(&mut self, text: &str, line: usize) -> String {
        let mut left = text.to_owned();
        for (open, close) in [('(', ')'), ('（', '）')] {
            let mut from = 0;
            while let Some(start) = left[from..].find(open).map(|at| from + at)
                && let Some(length) = left[start..].find(close)
            {
                let end = start + length + close.len_utf8();
                let inner = left[start + open.len_utf8()..end - close.len_utf8()].to_lowercase();
                let is_one = EXAMPLES.iter().any(|word| inner.starts_with(word))
                    || begins_an_example(&inner);
                from = end;
                if is_one {
                    if figures(&inner).iter().any(|it| it.kind != Kind::Count) {
                        self.draft.lost(line, &left[start..end], example());
                    }
                    left.replace_range(start..end, "");
                    from = start;
                }
            }
        }
        left
    }
}

fn example() -> Say {
    say!("it is an example", "例として書かれています")
}

fn refused() -> Say {
    say!("it is what was not chosen", "採用されなかった案の記述です")
}

/// Words that make an example of what they stand with.
const EXAMPLES: [&str; 9] = [
    "in this example",
    "previous example",
    "この例で",
    "例えば",
    "たとえば",
    "for example",
    "for instance",
    "e.g.",
    "例として",
];

const REFUSED: [&str; 11] = [
    "options considered",
    "considered options",
    "比較検討",
    "alternatives considered",
    "considered alternatives",
    "rejected",
    "代替案",
    "検討した案",
    "却下",
    "不採用",
    "見送った案",
];

/// Whether a text, in lower case, is shown as an example by its first words: `例: 99.9 %`, `✅ Good: "…"`.
fn begins_an_example(lower: &str) -> bool {
    const NAMED: [&str; 9] = [
        "例",
        "記載例",
        "記述例",
        "記入例",
        "良い例",
        "悪い例",
        "example",
        "good example",
        "bad example",
    ];
    const MARKED: [&str; 4] = ["✅ good", "❌ bad", "○ 良い例", "× 悪い例"];
    let name = lower.split([':', '：']).next().unwrap_or_default();
    let name = name.trim_matches(|c: char| !c.is_alphanumeric());
    (name.len() < lower.len() && NAMED.contains(&name))
        || MARKED.iter().any(|mark| lower.starts_with(mark))
}

/// Whether a heading, or a line that ends with a colon, says that what follows only shows how something is written.
fn is_sample(text: &str) -> bool {
    const WITHIN: [&str; 13] = [
        "❌",
        "良い例",
        "悪い例",
        "ng例",
        "ok例",
        "記入例",
        "記載例",
        "記述例",
        "アンチパターン",
        "anti-pattern",
        "antipattern",
        "good example",
        "bad example",
    ];
    const ENDS: [&str; 4] = ["example", "examples", "sample", "samples"];
    // What stands under nothing but this word is the template that makes something.
    const FORMS: [&str; 5] = ["template", "templates", "テンプレート", "雛形", "ひな形"];
    const WHOLE: [&str; 3] = ["例", "具体例", "サンプル"];
    // What is made from these templates runs.
    const RUNS: [&str; 8] = [
        "cloudformation",
        "arm ",
        "bicep",
        "launch",
        "起動",
        "helm",
        "terraform",
        "インスタンス",
    ];
    let whole = text.to_lowercase();
    let lower = whole.trim_matches(|c: char| !c.is_alphanumeric());
    let bare = lower.trim_start_matches(|c: char| !c.is_alphabetic());
    let ends = |word: &&str| {
        bare.strip_suffix(*word)
            .is_some_and(|before| !before.ends_with(|c: char| c.is_ascii_alphanumeric()))
    };
    let is_form = |word: &&str| ends(word) && bare != *word;
    let is_one = WITHIN.iter().any(|word| whole.contains(word))
        || WHOLE.contains(&bare)
        || bare.starts_with("example of")
        || bare.starts_with("examples of")
        || ENDS.iter().any(ends)
        || FORMS.iter().any(is_form);
    is_one && !RUNS.iter().any(|word| bare.contains(word))
}

/// Whether a column shows how something is written badly, or well: `悪い例（NG）`.
fn shows(head: &str) -> bool {
    let lower = head.to_lowercase();
    [
        "悪い例",
        "良い例",
        "よい例",
        "ng例",
        "bad example",
        "good example",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// Whether a table shows how something is written, and says nothing itself.
fn is_of_samples(head: &[&str]) -> bool {
    head.iter().any(|cell| shows(cell))
}

/// Whether the head of a column names an environment, and whether it is the one that serves.
fn serves(head: &str) -> Option<bool> {
    const SERVES: [&str; 4] = ["prod", "prd", "production", "本番"];
    const OTHERS: [&str; 14] = [
        "dev",
        "development",
        "develop",
        "stg",
        "stage",
        "staging",
        "test",
        "uat",
        "qa",
        "開発",
        "検証",
        "ステージング",
        "テスト",
        "試験",
    ];
    let key = plain(head);
    let mut words = key
        .split('_')
        .map(|word| word.strip_suffix("環境").unwrap_or(word));
    words.find_map(|word| match word {
        word if SERVES.contains(&word) => Some(true),
        word if OTHERS.contains(&word) => Some(false),
        _ => None,
    })
}

/// The columns of a table that are of other environments than the one that serves, where it has both.
pub(super) fn columns_elsewhere(head: &[&str]) -> Vec<usize> {
    let told: Vec<Option<bool>> = head.iter().map(|cell| serves(cell)).collect();
    if !told.contains(&Some(true)) {
        return Vec::new();
    }
    (0..head.len())
        .filter(|at| told[*at] == Some(false))
        .collect()
}

/// Why the figures of a sentence bind nobody, where it says so itself.
pub(super) fn unpromised(text: &str) -> Option<Say> {
    const ELSEWHERE: [&str; 8] = [
        "sandbox",
        "サンドボックス",
        "検証環境",
        "開発環境",
        "ステージング",
        "staging",
        "development environment",
        "test environment",
    ];
    const FORMER: [&str; 16] = [
        "predecessor",
        "used to cost",
        "used to be",
        "の頃は",
        "従来は",
        "pilot",
        "パイロット",
        "where we come from",
        "以前のシステム",
        "現行システムでは",
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
    // A pilot light is a standby.
    let mut lower = text.to_lowercase().replace("pilot light", "");
    // So are sandboxes that code runs in a part of what serves.
    for run in [
        "sandboxes",
        "sandboxed",
        "sandbox host",
        "sandbox pool",
        "sandbox resume",
    ] {
        lower = lower.replace(run, "");
    }
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&UNBOUND) {
        return Some(say!(
            "the document says that it is no promise",
            "約束ではないと書かれています"
        ));
    }
    if has(&["(recommended)", "（推奨）", "(推奨)"]) {
        return Some(say!(
            "a recommendation, and no promise",
            "推奨であり、約束ではありません"
        ));
    }
    let is_shown = ["（例）", "(例)", "の例です", "(example)"];
    if has(&EXAMPLES) || has(&is_shown) || begins_an_example(&lower) {
        return Some(example());
    }
    if has(&REFUSED) {
        return Some(refused());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_told_by_the_line_above_them() {
        for (text, wanted) in [
            ("Good Example:", true),
            ("3.2 Postmortem template", true),
            ("障害報告テンプレート", true),
            ("例：", true),
            ("5. テンプレート", false),
            ("CloudFormation テンプレート", false),
            ("Example Bank payments", false),
            ("例外処理", false),
        ] {
            assert_eq!(is_sample(text), wanted, "{text}");
        }
        assert!(begins_an_example("例: 99.9 %") && begins_an_example("✅ good: \"rto 1h\""));
        assert!(!begins_an_example("例外は 3 件: 再試行する") && !begins_an_example("✅ multi-az"));
    }

    #[test]
    fn of_the_columns_of_environments_the_one_that_serves_counts() {
        assert_eq!(
            columns_elsewhere(&["項目", "dev", "CIDR (stg)", "本番環境"]),
            [1, 2]
        );
        assert!(columns_elsewhere(&["Item", "Test", "Result"]).is_empty());
    }
}
