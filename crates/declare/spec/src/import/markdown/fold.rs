//! Full-width letters, digits and signs, as the half-width ones that figures are written with.

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
    letters.iter().enumerate().map(fold).collect()
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
        ] {
            assert_eq!(folded(text), wanted);
        }
    }
}
