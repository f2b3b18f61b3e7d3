//! Bounds: what a figure is of, and on which side of it a value must lie.

use super::figures::{Figure, Kind, figures};

/// A condition: what it is about, how the value must lie (`> 5 %`), and how long.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Condition {
    pub(super) about: String,
    pub(super) sign: &'static str,
    pub(super) figure: Figure,
}

impl Condition {
    pub(super) fn bound(&self) -> String {
        format!("{} {}", self.sign, self.figure.text)
    }
}

/// Signs before a figure.
const BEFORE: &[(&str, &str)] = &[
    (">=", ">="),
    ("<=", "<="),
    ("≥", ">="),
    ("≤", "<="),
    ("＞", ">"),
    ("＜", "<"),
    (">", ">"),
    ("<", "<"),
    ("not exceed", "<="),
    ("no more than", "<="),
    ("not more than", "<="),
    ("no less than", ">="),
    ("more than", ">"),
    ("greater than", ">"),
    ("at least", ">="),
    ("at most", "<="),
    ("less than", "<"),
    ("exceeds", ">"),
    ("above", ">"),
    ("below", "<"),
    ("under", "<"),
    ("over", ">"),
    ("within", "<="),
    ("up to", "<="),
];

/// Words after a figure.
const AFTER: &[(&str, &str)] = &[
    ("以上", ">="),
    ("以下", "<="),
    ("以内", "<="),
    ("未満", "<"),
    ("超", ">"),
    ("を超え", ">"),
    ("を上回", ">"),
    ("を下回", "<"),
    ("or more", ">="),
    ("or less", "<="),
];

/// The condition that a text states; `None` where it states none.
pub(super) fn condition(text: &str) -> Option<Condition> {
    figures(text).iter().find_map(|figure| signed(text, figure))
}

/// The condition that a figure of a text is, by the sign or word beside it.
pub(super) fn signed(text: &str, figure: &Figure) -> Option<Condition> {
    let (before, after) = (
        text[..figure.start].trim_end(),
        text[figure.end..].trim_start(),
    );
    let lower = before.to_ascii_lowercase();
    // `5x over 1 hour`: over which time, and no bound.
    let is_window = figure.kind == Kind::Time && lower.ends_with("over");
    let (about, sign) = match BEFORE
        .iter()
        .find(|(word, _)| lower.ends_with(word) && !is_window)
    {
        Some((word, sign)) => (&before[..before.len() - word.len()], *sign),
        None => (
            before,
            AFTER.iter().find(|(word, _)| after.starts_with(word))?.1,
        ),
    };
    let about = about
        .trim_end_matches(['が', 'は', 'を', ':', '：', ' ', '(', '（', '、'])
        .trim();
    Some(Condition {
        about: about.to_owned(),
        sign,
        figure: figure.clone(),
    })
}

/// The time within which a share of all is done, and its quantile: `3 秒以内の応答が 95 % 以上`, `95 % in < 5 min`.
pub(super) fn share_within(text: &str) -> Option<(Figure, String)> {
    const WITHIN: [&str; 6] = ["以内", "within", "in <", "in under", "less than", "未満"];
    let all = figures(text);
    let time = all.iter().find(|it| it.kind == Kind::Time)?;
    let of_all = all.iter().find(|it| it.kind == Kind::Share)?;
    let number = of_all.text.trim_end_matches([' ', '%']);
    // Of fewer than half nobody promises how fast they are.
    let is_quantile = share(of_all).is_some_and(|share| (MOSTLY..100.0).contains(&share));
    let lower = text.to_lowercase();
    // `稼働率 99.9 %（月間ダウンタイム 43 分以内）` says the same twice.
    const DOWN: [&str; 3] = ["ダウンタイム", "停止時間", "downtime"];
    if DOWN.iter().any(|word| lower.contains(word)) {
        return None;
    }
    let start = (0..=time.start.saturating_sub(12))
        .rev()
        .find(|at| lower.is_char_boundary(*at))?;
    let around = lower.get(start..)?;
    (is_quantile && all.len() == 2 && WITHIN.iter().any(|word| around.contains(word)))
        .then(|| (time.clone(), format!("p{number}")))
}

/// A share from here on is one that succeeds, unless its name says what fails.
const MOSTLY: f64 = 50.0;

/// The number of a share: 99.5 of `99.5 %`.
fn share(figure: &Figure) -> Option<f64> {
    let number = figure.text.trim_end_matches([' ', '%']);
    number.parse().ok().filter(|_| figure.kind == Kind::Share)
}

/// Whether a figure is a share of most of all.
pub(super) fn is_most_of_all(figure: &Figure) -> bool {
    share(figure).is_some_and(|share| share >= MOSTLY)
}

/// How a figure without a sign binds: most shares are of what succeeds, and of all else less is better.
pub(super) fn direction(text: &str, figure: &Figure) -> &'static str {
    const WASTE: [&str; 12] = [
        "error",
        "エラー",
        "失敗",
        "fail",
        "miss",
        "ミス",
        "使用率",
        "usage",
        "utili",
        "cpu",
        "loss",
        "損失",
    ];
    const LEAST: [&str; 4] = ["最小", "最低", "minimum", "at least"];
    let lower = text.to_lowercase();
    let before = text[..figure.start].to_lowercase();
    if LEAST.iter().any(|word| before.contains(word)) {
        return ">=";
    }
    let is_most = is_most_of_all(figure);
    let is_flow = figure.kind == Kind::Rate;
    if (is_most || is_flow) && !WASTE.iter().any(|word| lower.contains(word)) {
        ">="
    } else {
        "<="
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_say_what_they_are_about() {
        for (text, about, bound) in [
            ("Acquirer errors > 4%", "Acquirer errors", "> 4 %"),
            ("Slow checkout (>1.5s)", "Slow checkout", "> 1.5s"),
            (
                "Main site unreachable > 3 min",
                "Main site unreachable",
                "> 3m",
            ),
            ("ディスク使用率が 85% を超えたら通知", "ディスク使用率", ""),
            ("応答時間 800ms 以内", "応答時間", "<= 800ms"),
            ("エラー率が 2% 以上", "エラー率", ">= 2 %"),
        ] {
            let found = condition(text);
            if bound.is_empty() {
                assert_eq!(found.map(|it| it.sign), Some(">"), "{text}");
            } else {
                assert_eq!(
                    found.map(|it| (it.about.clone(), it.bound())),
                    Some((about.to_owned(), bound.to_owned())),
                    "{text}"
                );
            }
        }
        assert_eq!(condition("a plain sentence about 3 zones"), None);
    }
}
