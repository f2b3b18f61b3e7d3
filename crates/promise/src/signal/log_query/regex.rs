//! Lucene's dialect of regular expressions, written anew in the one that the `regex` crate reads.
//!
//! In it `^` and `$` are letters, `"…"` is literal text, `@` any text, `#` nothing at all, and `<1-20>` a number.
//! The complement `~` and the intersection `&` have no counterpart and are refused. No look-around, no
//! back-reference: the time to match grows with the text and never faster.

use crate::Say;

/// A number range is written out; more numbers than this belong into a range query.
const NUMBERS_MAX: u64 = 1_000;
/// Groups within each other.
const DEPTH_MAX: usize = 64;

pub(super) fn translate(text: &str) -> Result<String, Say> {
    let mut out = String::from("^(?s:");
    let mut chars = text.chars().enumerate().peekable();
    let mut depth = 0;
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, c)) => match named_class(c.to_ascii_lowercase()) {
                    Some(class) if c.is_ascii_uppercase() => out.push_str(&format!("[^{class}]")),
                    Some(class) => out.push_str(&format!("[{class}]")),
                    None => literal(c, &mut out),
                },
                None => return wrong(at, "nothing follows `\\`", "`\\` の後に文字がありません"),
            },
            '.' | '?' | '+' | '*' | '|' => out.push(c),
            '(' => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return wrong(
                        at,
                        "too many groups within each other",
                        "括弧の入れ子が深すぎます",
                    );
                }
                // `()` is the empty text.
                out.push_str("(?:");
            }
            ')' => {
                if depth == 0 {
                    return wrong(
                        at,
                        "this `)` closes nothing",
                        "この `)` に対応する括弧がありません",
                    );
                }
                depth -= 1;
                out.push(')');
            }
            '{' => {
                let count: String = std::iter::from_fn(|| chars.next_if(|(_, c)| *c != '}'))
                    .map(|(_, c)| c)
                    .collect();
                let is_count = count.split(',').enumerate().all(|(i, n)| {
                    i < 2 && n.bytes().all(|b| b.is_ascii_digit()) && (i == 1 || !n.is_empty())
                });
                if chars.next().is_none() || !is_count {
                    return wrong(
                        at,
                        "expected `{n}` or `{n,m}`",
                        "`{n}` か `{n,m}` が必要です",
                    );
                }
                out.push_str(&format!("{{{count}}}"));
            }
            '[' => class(at, &mut chars, &mut out)?,
            '"' => loop {
                match chars.next() {
                    Some((_, '"')) => break,
                    Some((_, c)) => literal(c, &mut out),
                    None => return wrong(at, "the quote is not closed", "引用符が閉じていません"),
                }
            },
            '@' => out.push_str(".*"),
            // A class of no character at all.
            '#' => out.push_str("[^\\s\\S]"),
            '<' => numbers(at, &mut chars, &mut out)?,
            '~' | '&' => {
                return wrong(
                    at,
                    "the complement `~` and the intersection `&` are not supported; write NOT or AND around the field",
                    "`~`(補集合)と `&`(共通部分)は使えません。項目の外に NOT か AND を書いてください",
                );
            }
            c => literal(c, &mut out),
        }
    }
    if depth > 0 {
        return wrong(text.chars().count(), "expected `)`", "`)` が必要です");
    }
    out.push_str(")$");
    Ok(out)
}

/// What stands in brackets for `\d`, `\s` and `\w`.
fn named_class(c: char) -> Option<&'static str> {
    match c {
        'd' => Some("0-9"),
        's' => Some(" \\t\\n\\r"),
        'w' => Some("A-Za-z0-9_"),
        _ => None,
    }
}

type Chars<'t> = std::iter::Peekable<std::iter::Enumerate<std::str::Chars<'t>>>;

fn class(at: usize, chars: &mut Chars<'_>, out: &mut String) -> Result<(), Say> {
    out.push('[');
    if chars.next_if(|(_, c)| *c == '^').is_some() {
        out.push('^');
    }
    let begin = out.len();
    loop {
        match chars.next() {
            Some((_, ']')) if out.len() > begin => {
                out.push(']');
                return Ok(());
            }
            Some((_, '\\')) => match chars.next() {
                Some((_, c)) => match named_class(c) {
                    Some(class) => out.push_str(class),
                    None => escaped(c, out),
                },
                None => break,
            },
            // A hyphen between two characters makes a range, here and there.
            Some((_, '-')) if out.len() > begin => match chars.peek() {
                Some((_, ']')) => escaped('-', out),
                _ => out.push('-'),
            },
            Some((_, c)) => escaped(c, out),
            None => break,
        }
    }
    wrong(at, "expected `]`", "`]` が必要です")
}

fn numbers(at: usize, chars: &mut Chars<'_>, out: &mut String) -> Result<(), Say> {
    let inner: String = std::iter::from_fn(|| chars.next_if(|(_, c)| *c != '>'))
        .map(|(_, c)| c)
        .collect();
    let ends = chars.next().and_then(|_| inner.split_once('-'));
    let ends = ends.and_then(|(a, b)| Some((a, b, a.parse::<u64>().ok()?, b.parse::<u64>().ok()?)));
    let Some((a, b, low, high)) = ends else {
        return wrong(at, "expected `<n-m>`", "`<n-m>` が必要です");
    };
    let (low, high) = (low.min(high), low.max(high));
    if high - low >= NUMBERS_MAX {
        return wrong(
            at,
            "this range holds more than 1,000 numbers",
            "この範囲は 1,000 個を超えています",
        );
    }
    // Ends of the same length ask for that many digits; others allow zeros in front.
    let width = if a.len() == b.len() { a.len() } else { 0 };
    let zeros = if width == 0 { "0*" } else { "" };
    let each: Vec<String> = (low..=high).map(|n| format!("{n:0width$}")).collect();
    out.push_str(&format!("(?:{zeros}(?:{}))", each.join("|")));
    Ok(())
}

fn literal(c: char, out: &mut String) {
    let mut buffer = [0; 4];
    out.push_str(&regex::escape(c.encode_utf8(&mut buffer)));
}

/// Within a class.
fn escaped(c: char, out: &mut String) {
    if c.is_ascii_punctuation() {
        out.push('\\');
    }
    out.push(c);
}

fn wrong<T>(at: usize, en: &str, ja: &str) -> Result<T, Say> {
    let place = at + 1;
    Err(say!(
        "this is not a regular expression: {en}, at its character {place}",
        "正規表現として読めません: 式の {place} 文字目、{ja}"
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::pattern::regex;

    fn accepts(pattern: &str, text: &str) -> bool {
        regex(pattern, false).unwrap().is_match(text)
    }

    #[test]
    fn the_dialect_is_lucenes() {
        for (pattern, text) in [
            ("joh?n(ath[oa]n)", "johnathon"),
            ("gold$", "gold$"),
            ("^a", "^a"),
            ("a\"b.c\"d", "ab.cd"),
            ("a@z", "a to z"),
            ("v<1-12>", "v12"),
            ("v<01-12>", "v07"),
            ("[^a-c\\]]x", "dx"),
            ("[a-]+", "a-a"),
            ("ab{2,3}", "abbb"),
            ("\\d+\\.\\w", "42.x"),
            ("a.c", "a\nc"),
            ("a()b", "ab"),
            ("失.", "失敗"),
        ] {
            assert!(accepts(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("red$", "red"),
            ("event", "pushevent"),
            ("v<1-12>", "v13"),
            ("v<01-12>", "v7"),
            ("a#|b", "a"),
            ("[^a-c]", "b"),
        ] {
            assert!(!accepts(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn what_would_explode_is_refused() {
        for pattern in [
            "(((a{99}){99}){99}){99}",
            "<1-99999>",
            "~a",
            "a&b",
            "(",
            ")",
            "[a",
            "a{x}",
            "\\",
            "\"a",
            "*",
        ] {
            assert!(regex(pattern, false).is_err(), "{pattern}");
        }
        assert!(regex(&"(".repeat(10_000), false).is_err());
        // Exponential for a matcher that backtracks.
        assert!(!accepts("(a+)+b", &"a".repeat(100_000)));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-c\\\\(){}\\[\\]\"*?+<>^$.|~&@#0-9,-]{0,20}") {
            let _ = regex(&text, true);
        }
    }
}
