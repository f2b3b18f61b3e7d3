//! A value goes from what a rule remembers: a group, a value that was seen, a sentence about them.
//!
//! Each kind remembers in its own shape, and all of them are written down as one text; so the text is what is searched, and
//! nothing that a kind will remember one day can be forgotten to be forgotten. Only whole strings are replaced, and the
//! value within sentences: counts stay, so a rule that was about to fire for others still does.

use super::Saved;

/// The same without the value; `None` where it does not stand in it.
pub(super) fn without(saved: &Saved, value: &str, instead: &str) -> Option<Saved> {
    let text = serde_json::to_string(saved).ok()?;
    let (value, instead) = (escaped(value)?, escaped(instead)?);
    let text = replaced(&text, &value, &instead)?;
    serde_json::from_str(&text).ok()
}

/// As it stands between quotes.
fn escaped(text: &str) -> Option<String> {
    let quoted = serde_json::to_string(text).ok()?;
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.is_empty()).then(|| inner.to_owned())
}

/// Ids in it are numbers of 128 bits, which a tree of values cannot hold: so it stays text, of which the strings are read.
fn replaced(json: &str, value: &str, instead: &str) -> Option<String> {
    if !json.contains(value) {
        return None;
    }
    let mut out = String::with_capacity(json.len());
    let (mut rest, mut name, mut any) = (json, "", false);
    while let Some(begin) = rest.find('"') {
        let (before, string) = rest.split_at(begin + 1);
        let end = end_of(string)?;
        let (inner, after) = string.split_at(end);
        let is_sentence = ["en", "ja"].contains(&name);
        let new = match inner {
            inner if inner == value => instead.to_owned(),
            inner if is_sentence => inner.replace(value, instead),
            inner => inner.to_owned(),
        };
        any |= new != inner;
        out.push_str(before);
        out.push_str(&new);
        name = if after.starts_with("\":") { inner } else { "" };
        out.push('"');
        rest = &after[1..];
    }
    out.push_str(rest);
    any.then_some(out)
}

/// Where a string's closing quote is.
fn end_of(string: &str) -> Option<usize> {
    let mut is_escaped = false;
    string.bytes().position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_strings_and_sentences_lose_the_value_and_numbers_keep_every_digit() {
        let json = r#"{"id":340282366920938463463374607431768211455,"groups":[["Sato",3],["Satou",1],[null,2]],"Sato":{"en":"Sato did \"x\" 3 times","name":"Sato did"},"q":"say \"Sato"}"#;
        let told = replaced(json, "Sato", "(erased)");
        let want = r#"{"id":340282366920938463463374607431768211455,"groups":[["(erased)",3],["Satou",1],[null,2]],"(erased)":{"en":"(erased) did \"x\" 3 times","name":"Sato did"},"q":"say \"Sato"}"#;
        assert_eq!(told.as_deref(), Some(want));
        assert_eq!(replaced(want, "Sato", "(erased)"), None, "nothing is left");
        assert_eq!(escaped("a\"b").as_deref(), Some("a\\\"b"));
        assert_eq!(escaped(""), None);
    }
}
