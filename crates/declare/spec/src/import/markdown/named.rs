//! Ids of what a Japanese document names: by the words of the field, so that nobody reads `promise_2`.

use std::sync::LazyLock;

/// An id says what a thing is; it does not retell the sentence.
const WORDS_MAX: usize = 3;

/// Term and word, the longest term first.
static NAMED: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let lines = include_str!("named.tsv").lines();
    let mut named: Vec<(&str, &str)> = lines
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .collect();
    named.sort_by_key(|(term, _)| std::cmp::Reverse(term.len()));
    named
});

/// The words of the field that a Japanese text holds, in its order; none where it holds none.
pub(super) fn english(text: &str) -> Option<String> {
    let (mut words, mut rest) = (Vec::<&str>::new(), text);
    while let Some(letter) = rest.chars().next() {
        let known = NAMED.iter().find(|(term, _)| rest.starts_with(term));
        rest = match known {
            Some((term, word)) => {
                if words.last() != Some(word) {
                    words.push(word);
                }
                &rest[term.len()..]
            }
            None => &rest[letter.len_utf8()..],
        };
        if words.len() == WORDS_MAX {
            break;
        }
    }
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_term_names_a_thing() {
        assert_eq!(
            english("決済成功率の低下").as_deref(),
            Some("payment_success_rate drop")
        );
        assert_eq!(english("その他"), None);
    }

    #[test]
    fn no_term_stands_twice() {
        let mut terms: Vec<&str> = NAMED.iter().map(|(term, _)| *term).collect();
        terms.sort_unstable();
        let all = terms.len();
        terms.dedup();
        assert_eq!(terms.len(), all);
    }
}
