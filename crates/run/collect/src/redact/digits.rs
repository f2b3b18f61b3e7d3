//! Where a text has enough digits together to be a number of a person or a card.
//!
//! Such a number stands within at least eight bytes of digits and what groups them, so one byte in eight is looked
//! at: most of a log is passed over at the speed of memory, and only what may be a number is read digit by digit.

/// The shortest number that is looked for (保険者番号) has so many.
pub(super) const DIGITS_MIN: usize = 8;
/// `4242 - 4242` is still one number; a wider gap is a column of a table.
const SEPARATORS_MAX: usize = 3;

/// A digit of the text and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digit {
    pub value: u8,
    pub from: usize,
    pub to: usize,
    /// Whether it follows the one before without anything between.
    pub is_joined: bool,
}

/// Bytes that can stand within a number: digits, ASCII separators, and all that are not ASCII.
const INSIDE: [bool; 256] = {
    let mut inside = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        inside[byte] =
            byte >= 0x80 || matches!(byte as u8, b'0'..=b'9' | b' ' | b'-' | b'.' | b'_' | b'\t');
        byte += 1;
    }
    inside
};

/// Gives every run of at least [`DIGITS_MIN`] digits, in the order of the text.
pub(super) fn runs(text: &str, each: &mut dyn FnMut(&[Digit])) {
    let bytes = text.as_bytes();
    let mut digits = Vec::new();
    let mut at = DIGITS_MIN - 1;
    let mut floor = 0;
    while let Some(byte) = bytes.get(at) {
        if !INSIDE[usize::from(*byte)] {
            at += DIGITS_MIN;
            continue;
        }
        let before = bytes[floor..at].iter().rev();
        let start = at
            - before
                .take_while(|byte| INSIDE[usize::from(**byte)])
                .count();
        let (mut end, mut count) = (start, 0);
        while let Some(byte) = bytes.get(end)
            && INSIDE[usize::from(*byte)]
        {
            // A full-width digit begins with EF.
            count += usize::from(byte.is_ascii_digit() || *byte == 0xef);
            end += 1;
        }
        if count >= DIGITS_MIN {
            // Both ends lie beside ASCII or the text's own, so no character is cut.
            read(text, start, end, &mut digits, each);
        }
        floor = end;
        at = end + DIGITS_MIN;
    }
}

fn read(
    text: &str,
    start: usize,
    end: usize,
    run: &mut Vec<Digit>,
    each: &mut dyn FnMut(&[Digit]),
) {
    run.clear();
    let mut gap = 0;
    for (place, c) in text[start..end].char_indices() {
        if let Some(value) = digit(c) {
            let from = start + place;
            run.push(Digit {
                value,
                from,
                to: from + c.len_utf8(),
                is_joined: gap == 0 && !run.is_empty(),
            });
            gap = 0;
        } else if run.is_empty() {
            continue;
        } else if is_separator(c) && gap < SEPARATORS_MAX {
            gap += 1;
        } else {
            told(run, each);
            gap = 0;
        }
    }
    told(run, each);
}

fn told(run: &mut Vec<Digit>, each: &mut dyn FnMut(&[Digit])) {
    if run.len() >= DIGITS_MIN {
        each(run);
    }
    run.clear();
}

fn digit(c: char) -> Option<u8> {
    match c {
        '0'..='9' => u8::try_from(u32::from(c) - u32::from('0')).ok(),
        '０'..='９' => u8::try_from(u32::from(c) - u32::from('０')).ok(),
        _ => None,
    }
}

fn is_separator(c: char) -> bool {
    matches!(
        c,
        ' ' | '-' | '.' | '_' | '\t' | '\u{a0}' | '\u{3000}' | '‐' | '‑' | '–' | '−' | '－' | '・'
    )
}

/// How many digits stand together, group by group.
pub(super) fn groups(digits: &[Digit]) -> Vec<usize> {
    let mut groups = Vec::new();
    for digit in digits {
        match groups.last_mut() {
            Some(last) if digit.is_joined => *last += 1,
            _ => groups.push(1),
        }
    }
    groups
}

/// Whether the same stands between all groups.
pub(super) fn is_even_between(text: &str, digits: &[Digit]) -> bool {
    let gaps = digits.windows(2).filter(|pair| !pair[1].is_joined);
    let mut gaps = gaps.map(|pair| &text[pair[0].to..pair[1].from]);
    let first = gaps.next();
    gaps.all(|gap| Some(gap) == first)
}

/// The name that the text gives to what stands at `at`: `name=…`, `"name": "…`.
pub(super) fn name_before(text: &str, at: usize) -> Option<&str> {
    /// No name is longer; what stands further away is no name of this value.
    const NAME_MAX: usize = 48;
    let before = text[..at].trim_end_matches(['"', '\'', ' ', '\\']);
    let before = before.strip_suffix(['=', ':'])?;
    let before = before.trim_end_matches(['"', '\'', ' ', '\\']);
    let length = before
        .bytes()
        .rev()
        .take(NAME_MAX)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        .count();
    (length > 0).then(|| &before[before.len() - length..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        runs(text, &mut |run| {
            found.push(
                run.iter()
                    .map(|digit| char::from(b'0' + digit.value))
                    .collect(),
            );
        });
        found
    }

    proptest! {
        /// Eight digits are found wherever they begin, though only one byte in eight is looked at.
        #[test]
        fn no_run_is_passed_over(
            before in "([a-z:{,\"]|日|é){0,20}",
            digits in "[0-9]{8,20}",
            after in "([a-z:{,\"]|日|é){0,20}",
        ) {
            let text = format!("{before}{digits}{after}{digits}");
            let joined = match after.is_empty() {
                true => vec![format!("{digits}{digits}")],
                false => vec![digits.clone(), digits],
            };
            prop_assert_eq!(all(&text), joined);
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "([0-9０-９ .-]|日|a|.){0,60}") {
            all(&text);
        }
    }

    #[test]
    fn a_wide_gap_parts_two_numbers() {
        assert_eq!(
            all("1234-5678   12345678    87654321"),
            ["1234567812345678", "87654321"]
        );
        assert_eq!(name_before("{\"order_id\": \"123", 14), Some("order_id"));
        assert_eq!(name_before("paid 123", 5), None);
    }
}
