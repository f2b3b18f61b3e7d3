//! Where in its line a document says a value of the spec.

use std::ops::Range;

use promise::{record::Scalar as _, unit::Span};

use super::figures::figures;

/// The bytes of `line` that say `value`: the same words, else the figure that is as much, in whatever unit it is
/// written. `None` where it is said in other words, or where it is not known which of two is meant.
pub(crate) fn said(line: &str, value: &str) -> Option<Range<usize>> {
    let value = value.trim().trim_matches(['"', '\'']);
    let value = value.trim_start_matches(['<', '>', '=', ' ']);
    verbatim(line, value).or_else(|| {
        let span = |text: &str| Span::parse(text).ok();
        let figures = figures(line);
        let sought = span(value);
        if let Some(found) = figures
            .iter()
            .find(|it| it.text == value || (sought.is_some() && span(&it.text) == sought))
        {
            return Some(found.start..found.end);
        }
        // A block says its unit in the name of the field: `timeout_seconds: 30`.
        let end = value.find(|c: char| !(c.is_ascii_digit() || c == '.'));
        let number = &value[..end.unwrap_or(value.len())];
        let mut same = figures
            .iter()
            .filter(|it| !number.is_empty() && it.text == number);
        let found = same.next()?;
        same.next().is_none().then_some(found.start..found.end)
    })
}

/// Where the same words stand alone.
fn verbatim(line: &str, words: &str) -> Option<Range<usize>> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_.".contains(c);
    let (lower, words) = (line.to_ascii_lowercase(), words.to_ascii_lowercase());
    // A figure stands where its unit does, and is told by its number.
    if words.is_empty() || words.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let stands_alone = |at: &usize| {
        let (before, after) = (&lower[..*at], &lower[at + words.len()..]);
        !before.ends_with(is_part) && !after.starts_with(is_part)
    };
    let mut all = lower.match_indices(&words).map(|(at, _)| at);
    let at = all.find(stands_alone)?;
    Some(at..at + words.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_in_the_words_of_the_document() {
        for (line, value, wanted) in [
            (
                "| サブネット | 10.0.30.0/24 |",
                "10.0.30.0/24",
                Some("10.0.30.0/24"),
            ),
            ("- RTO: 5分 (15分以内に連絡)", "5m", Some("5分")),
            ("可用性は 99.99% とする", "\"99.99 %\"", Some("99.99%")),
            (
                "監査ログは 3 年間保存し、90 日で退避する",
                "1095d",
                Some("3 年"),
            ),
            ("  health_check_grace_period: 300", "300s", Some("300")),
            ("| 3DS server | 12 s | 4 | 1 s base |", "12s", Some("12 s")),
            ("Kept for **PCI DSS**.", "pci", Some("PCI")),
            (
                "the payment API, p99 within 3 seconds",
                "<= 3s",
                Some("3 seconds"),
            ),
            ("| 4 | 4 |", "4s", None),
            ("a gateway in front of the others", "true", None),
        ] {
            assert_eq!(said(line, value).map(|at| &line[at]), wanted, "{line}");
        }
    }
}
