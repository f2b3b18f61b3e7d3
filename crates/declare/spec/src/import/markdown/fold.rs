//! Full-width letters, digits and signs, as the half-width ones that figures are written with; and no space between a
//! number and the Japanese word behind it.

/// The text with as many lines; marks of punctuation stay as they are.
pub(super) fn folded(text: &str) -> String {
    const SIGNS: &str = "％．＋－／＜＝＞";
    /// From `！` (U+FF01) to `～` the full-width forms stand in the order of ASCII.
    const SHIFT: u32 = 0xff01 - 0x21;
    let letters: Vec<char> = text.chars().collect();
    let half = |c: char| match c {
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => {
            char::from_u32(c as u32 - SHIFT).unwrap_or(c)
        }
        _ if SIGNS.contains(c) => char::from_u32(c as u32 - SHIFT).unwrap_or(c),
        _ => c,
    };
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| letters.get(at))
            .is_some_and(|c| half(*c).is_ascii_digit())
    };
    let fold = |(at, c): (usize, &char)| match c {
        '，' if is_digit(at.checked_sub(1)) && is_digit(Some(at + 1)) => ',',
        // A dash alone in a cell says that there is nothing, and is told by its form.
        '－' if !is_digit(at.checked_sub(1)) && !is_digit(Some(at + 1)) => *c,
        _ => half(*c),
    };
    let text: String = letters.iter().enumerate().map(fold).collect();
    joined(&text)
}

/// `30 分` and `第 6 版` without their spaces, but in fenced blocks, which are files of another language.
fn joined(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_fenced = false;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("```") {
            is_fenced = !is_fenced;
        }
        let letters: Vec<char> = line.chars().collect();
        for (at, c) in letters.iter().enumerate() {
            let (before, after) = (at.checked_sub(1).map(|at| letters[at]), letters.get(at + 1));
            let parts = |a: char, b: char| {
                (a.is_ascii_digit() && is_japanese(b)) || (is_japanese(a) && b.is_ascii_digit())
            };
            let joins = !is_fenced
                && *c == ' '
                && before.zip(after.copied()).is_some_and(|(a, b)| parts(a, b));
            if !joins {
                out.push(*c);
            }
        }
    }
    out
}

/// Kana and kanji; marks of punctuation are none.
fn is_japanese(c: char) -> bool {
    matches!(c, 'ぁ'..='ヿ' | '一'..='鿿' | '々')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_figures_are_made_of_is_folded() {
        for (text, wanted) in [
            ("・稼働率：月間９９．９５％以上", "・稼働率：月間99.95%以上"),
            ("（ＲＴＯ）１，２００施設、８，９", "（RTO）1,200施設、8,9"),
            ("－ | ２－３", "－ | 2-3"),
            ("カナ、plain", "カナ、plain"),
            (
                "2026 年 8 月、5 秒 以内、a 5 m",
                "2026年8月、5秒 以内、a 5 m",
            ),
            ("```\na: 5 秒\n```\n5 秒", "```\na: 5 秒\n```\n5秒"),
        ] {
            assert_eq!(folded(text), wanted);
        }
    }
}
