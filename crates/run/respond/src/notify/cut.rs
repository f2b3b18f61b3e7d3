//! Texts made to fit: receivers refuse, or silently cut, what is longer than their limits.

use serde_json::Value;

/// At most `most` characters; where something is missing it ends in `…`.
///
/// Counted as services in Java and JavaScript count, and as LINE's documentation says ("Text character count"): in units of
/// UTF-16, of which an emoji or a rare kanji has two. Who counts whole characters sees fewer.
pub fn chars(text: &str, most: usize) -> String {
    if text.encode_utf16().nth(most).is_none() {
        return text.to_owned();
    }
    let mut room = most.saturating_sub('…'.len_utf16());
    let kept = text.chars().take_while(|c| {
        let fits = c.len_utf16() <= room;
        room = room.saturating_sub(c.len_utf16());
        fits
    });
    kept.chain(['…']).collect()
}

/// The same in bytes of UTF-8, of which `…` itself has three.
pub fn bytes(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let mut end = most.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

/// Lengths to which long texts are cut, one after the other, until a message fits. Four times 300 characters of three bytes
/// are below every limit that a receiver has.
const LENGTHS: [usize; 5] = [2_900, 2_000, 1_200, 600, 300];

/// The first message that has no more than `bytes_max` bytes, made by `make` with texts of at most so many characters.
pub fn to_fit(bytes_max: usize, make: impl Fn(usize) -> Value) -> Value {
    let fits = |message: &Value| message.to_string().len() <= bytes_max;
    let [.., last] = LENGTHS;
    let mut tried = LENGTHS.into_iter().map(&make);
    tried.find(fits).unwrap_or_else(|| make(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_cut_within_a_letter() {
        assert_eq!(chars("決済成功率", 5), "決済成功率");
        assert_eq!(chars("決済成功率", 4), "決済成…");
        // U+20BB7 and U+1F34E are two units each: of five, four fit beside the sign.
        assert_eq!(chars("𠮷野家", 4), "𠮷野家");
        assert_eq!(chars("𠮷野🍎家", 5), "𠮷野…");
        // Three bytes a letter: in 10 bytes fit two and the sign itself.
        assert_eq!(bytes("決済成功率", 10), "決済…");
        assert_eq!(bytes("決済成功率", 15), "決済成功率");
        assert_eq!(bytes("決", 2), "…");
    }
}
