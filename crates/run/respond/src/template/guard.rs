//! What a template may not hold, looked at before it is read.
//!
//! Steps and output are bounded while a template runs, but not the values in between: `{% set a = a ~ a %}` forty times
//! over is a value of a million megabytes after forty steps. So no value may grow: variables are not set, and texts are
//! not joined, repeated or added by an operator. To join texts, write them side by side.

use super::{SOURCE_MAX, TemplateError};

/// Statements that only choose and repeat.
const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];

pub fn check(source: &str) -> Result<(), TemplateError> {
    if source.len() > SOURCE_MAX {
        return Err(TemplateError::new(format!(
            "it is longer than {SOURCE_MAX} bytes"
        )));
    }
    let mut rest = source;
    while let Some(at) = rest
        .find("{%")
        .into_iter()
        .chain(rest.find("{{"))
        .chain(rest.find("{#"))
        .min()
    {
        let (kind, inside) = rest[at..].split_at(2);
        rest = match kind {
            "{#" => inside.split_once("#}").map_or("", |(_, rest)| rest),
            "{%" => {
                let word = inside.trim_start_matches('-').trim_start();
                let word = word
                    .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .next();
                let word = word.unwrap_or_default();
                if !STATEMENTS.contains(&word) {
                    let all = STATEMENTS.join(", ");
                    return Err(TemplateError::new(format!(
                        "`{word}` is not a statement here; there are {all}"
                    )));
                }
                expression(inside, "%}")?
            }
            _ => expression(inside, "}}")?,
        };
    }
    Ok(())
}

/// Looks at an expression up to its end, and answers with what follows.
fn expression<'s>(inside: &'s str, end: &str) -> Result<&'s str, TemplateError> {
    let mut quote: Option<char> = None;
    let mut chars = inside.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                chars.next();
            }
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '+' | '*' | '~') => {
                let why = format!("`{c}` is not an operator here: write texts side by side");
                return Err(TemplateError::new(why));
            }
            (None, _) if inside[at..].starts_with(end) => return Ok(&inside[at + end.len()..]),
            (None, _) => {}
        }
    }
    // It never ends; reading it says so better.
    Ok("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_can_grow() {
        for bad in [
            "{% set a = 1 %}",
            "{%- with a = 1 -%}",
            "{% macro a() %}",
            "{% raw %}",
            "{{ a ~ a }}",
            "{{ 'x' * 100000000 }}",
            "{% for a in b + b %}",
            "{{ '\\'' ~ a }}",
            "{%+ if a %}",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
        for good in [
            "a + b ~ c * d",
            "{{ 'a + b' }}{{ \"*\" }}",
            "{# {% set a %} #}",
            "{%- if a == 'x' -%}{% else %}{% endif %}",
            "{{ a|cut(3) }}",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        assert!(check(&"x".repeat(16 * 1024 + 1)).is_err());
    }
}
