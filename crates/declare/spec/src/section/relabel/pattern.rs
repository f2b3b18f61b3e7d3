//! Regular expressions as Prometheus reads them: Go's RE2, whole value, `.` for line ends too.
//!
//! Rust's syntax is nearly the same. What differs is rewritten: `\d`, `\w`, `\s` and `\b` know ASCII alone,
//! a brace that counts nothing stands for itself, and within brackets only `[:name:]`, ranges and escapes mean
//! anything.

use promise::{Say, say};
use regex::Regex;

/// Longer than any pattern of a person; a generated list of hosts fits.
const PATTERN_MAX: usize = 16 << 10;

/// # Errors
/// Why it is not a regular expression.
pub fn compile(pattern: &str) -> Result<Regex, Say> {
    if pattern.len() > PATTERN_MAX {
        return Err(say!(
            "the regular expression is longer than {PATTERN_MAX} bytes",
            "正規表現が {PATTERN_MAX} バイトを超えています"
        ));
    }
    let translated = translate(pattern).ok_or_else(|| {
        say!(
            "`{pattern}` is no regular expression: a repetition is repeated",
            "`{pattern}` は正規表現ではありません: 繰り返しが重なっています"
        )
    })?;
    Regex::new(&format!("^(?s:{translated})$")).map_err(|error| {
        let why = error.to_string();
        // The last line says what is wrong; those before draw the pattern that we made of it.
        let why = why.lines().last().unwrap_or_default();
        let why = why.trim_start_matches("error: ").to_owned();
        say!(
            "`{pattern}` is no regular expression: {why}",
            "`{pattern}` は正規表現ではありません: {why}"
        )
    })
}

/// `None` where a repetition is repeated, which RE2 refuses; one `?` behind it only makes it lazy.
fn translate(pattern: &str) -> Option<String> {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    let mut in_class = false;
    let mut repetitions = 0;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let count = if c == '{' && !in_class {
            counted(after)
        } else {
            None
        };
        let repeats = count.is_some() || (!in_class && matches!(c, '*' | '+' | '?'));
        repetitions = if repeats { repetitions + 1 } else { 0 };
        if repetitions > 2 || (repetitions == 2 && c != '?') {
            return None;
        }
        if let Some(count) = count {
            out.push('{');
            out.push_str(count);
            rest = &after[count.len()..];
            continue;
        }
        rest = match c {
            '\\' => escape(after, in_class, &mut out),
            '[' if in_class && !after.starts_with(':') => literal('[', after, &mut out),
            '[' if in_class => {
                // `[:alpha:]` ends with its own bracket.
                let end = after.find(":]").map_or(after.len(), |end| end + 2);
                out.push('[');
                out.push_str(&after[..end]);
                &after[end..]
            }
            '[' => {
                in_class = true;
                open_class(after, &mut out)
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
                after
            }
            '&' | '~' if in_class => literal(c, after, &mut out),
            '{' if !in_class => literal('{', after, &mut out),
            c => {
                out.push(c);
                after
            }
        };
    }
    Some(out)
}

fn literal<'p>(c: char, after: &'p str, out: &mut String) -> &'p str {
    out.push('\\');
    out.push(c);
    after
}

/// A bracket right behind the opening stands for itself.
fn open_class<'p>(after: &'p str, out: &mut String) -> &'p str {
    out.push('[');
    let mut after = after;
    if let Some(rest) = after.strip_prefix('^') {
        out.push('^');
        after = rest;
    }
    if let Some(rest) = after.strip_prefix(']') {
        out.push_str(r"\]");
        after = rest;
    }
    after
}

fn escape<'p>(after: &'p str, in_class: bool, out: &mut String) -> &'p str {
    let Some(c) = after.chars().next() else {
        out.push('\\');
        return after;
    };
    let rest = &after[c.len_utf8()..];
    let class = match c {
        'd' => "0-9",
        'D' => "^0-9",
        'w' => "0-9A-Za-z_",
        'W' => "^0-9A-Za-z_",
        's' => r"\t\n\x0C\r ",
        'S' => r"^\t\n\x0C\r ",
        'b' if !in_class => {
            out.push_str(r"(?-u:\b)");
            return rest;
        }
        'Q' if !in_class => {
            let (text, rest) = rest.split_once(r"\E").unwrap_or((rest, ""));
            out.push_str(&regex::escape(text));
            return rest;
        }
        c if c.is_ascii_punctuation() => {
            out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
            return rest;
        }
        c => {
            out.push('\\');
            out.push(c);
            return rest;
        }
    };
    out.push('[');
    out.push_str(class);
    out.push(']');
    rest
}

/// The rest of a count, where `{` begins one: `{2}`, `{2,}`, `{2,5}`.
fn counted(after: &str) -> Option<&str> {
    let (inside, _) = after.split_once('}')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let counts = match inside.split_once(',') {
        Some((from, to)) => is_number(from) && (to.is_empty() || is_number(to)),
        None => is_number(inside),
    };
    counts.then(|| &after[..=inside.len()])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Each line was asked of Go's `regexp.MustCompile("^(?s:" + p + ")$")`.
    #[test]
    fn patterns_mean_what_they_mean_to_prometheus() {
        for (pattern, text, matches) in [
            ("(.*)", "a\nb", true),
            ("a", "ab", false),
            ("a|b", "b", true),
            (r"\d+", "١", false),
            (r"[\d]+", "12", true),
            (r"[^\w]", "é", true),
            (r"\w+", "é", false),
            ("a{", "a{", true),
            ("{a}", "{a}", true),
            ("a{2}", "aa", true),
            ("[[]", "[", true),
            ("[]a]", "]", true),
            ("[a&&b]", "&", true),
            ("[[:alpha:]]+", "abc", true),
            (r"\Qa.b\E", "a.b", true),
            (r"\Qa.b\E", "axb", false),
            (r"__meta_(.+)_label", "__meta_x_label", true),
            (r"\-\_\<", "-_<", true),
            ("(?i)Prod", "pROD", true),
            (r"a\bb", "ab", false),
        ] {
            assert_eq!(
                compile(pattern).unwrap().is_match(text),
                matches,
                "{pattern}"
            );
        }
        for wrong in ["(", "[", "a**", r"\8", "(?z)"] {
            assert!(compile(wrong).is_err(), "{wrong}");
        }
    }
}
