//! Words: how text is taken apart, in a record and in a query alike.
//!
//! Text is brought to one form (NFKC, lower case, so that `ＦＡＩＬＥＤ`, `ﾃｽﾄ` and `Failed` are found as `failed` and
//! `テスト`) and cut where neither a letter, a digit nor `_` stands. In Han, hiragana and katakana, where nothing
//! stands between words, each character is a word, so that any stretch of them is found as a phrase.
//!
//! Elasticsearch's `standard` analyzer does the same, except that it does not normalise the width of letters,
//! keeps katakana together, and keeps `example.com` and `3.5` whole: what it finds, this finds too.

use std::borrow::Cow;

/// The one form in which texts are compared.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    let normal = icu_normalizer::ComposingNormalizerBorrowed::new_nfkc().normalize(text);
    Cow::Owned(normal.to_lowercase())
}

/// The words of a text that [`fold`] gave.
pub fn words(folded: &str) -> impl Iterator<Item = &str> {
    let mut rest = folded;
    std::iter::from_fn(move || {
        // Most text is ASCII, of which every byte is a character.
        let skipped = rest
            .bytes()
            .position(|b| !b.is_ascii() || is_word_byte(b))?;
        rest = &rest[skipped..];
        let run = rest
            .bytes()
            .position(|b| !is_word_byte(b))
            .unwrap_or(rest.len());
        let end = if run > 0 && rest.as_bytes().get(run).is_none_or(u8::is_ascii) {
            run
        } else {
            rest = &rest[rest.find(is_word)?..];
            let first = rest.chars().next()?;
            if stands_alone(first) {
                first.len_utf8()
            } else {
                rest.find(|c| !is_word(c) || stands_alone(c))
                    .unwrap_or(rest.len())
            }
        };
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_word(c: char) -> bool {
    if c.is_ascii() {
        u8::try_from(c).is_ok_and(is_word_byte)
    } else {
        c.is_alphanumeric()
    }
}

/// Whether a character is a word by itself: Han, hiragana, katakana.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Words that stand in a text in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// As [`words`] gives them.
    pub words: Vec<String>,
    /// By how many places the words may be moved in all, as Lucene counts.
    pub slop: u32,
    /// The last word may be the beginning of one.
    pub open: bool,
}

impl Phrase {
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self {
            words: words(&fold(text)).map(str::to_owned).collect(),
            slop: 0,
            open: false,
        }
    }

    #[must_use]
    pub fn with_slop(self, slop: u32) -> Self {
        Self { slop, ..self }
    }

    /// Nothing is found by no word.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        match self.words.as_slice() {
            [] => false,
            // The common query against the common record needs no copy of the text.
            [word] if text.is_ascii() && word.is_ascii() => ascii_word_in(word, self.open, text),
            [_] => words(&fold(text)).any(|word| self.fits(0, word)),
            many if self.slop == 0 => {
                let folded = fold(text);
                let found: Vec<&str> = words(&folded).collect();
                found.windows(many.len()).any(|window| {
                    window
                        .iter()
                        .enumerate()
                        .all(|(i, word)| self.fits(i, word))
                })
            }
            _ => self.is_near_in(text),
        }
    }

    fn fits(&self, i: usize, word: &str) -> bool {
        if self.open && i + 1 == self.words.len() {
            word.starts_with(&self.words[i])
        } else {
            word == self.words[i]
        }
    }

    /// The width of a match is how far apart the words' places are once each is moved back by its place in the
    /// phrase. The narrowest is found by moving on whichever stands first.
    fn is_near_in(&self, text: &str) -> bool {
        let folded = fold(text);
        let found: Vec<&str> = words(&folded).collect();
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let places: Vec<Vec<i64>> = (0..self.words.len())
            .map(|i| {
                let fitting = found.iter().enumerate().filter(|(_, w)| self.fits(i, w));
                fitting.map(|(at, _)| count(at) - count(i)).collect()
            })
            .collect();
        let mut at = vec![0; places.len()];
        loop {
            let mut ends: Option<((i64, usize), i64)> = None;
            for (i, (places, &at)) in places.iter().zip(&at).enumerate() {
                let Some(&place) = places.get(at) else {
                    return false;
                };
                ends = Some(ends.map_or(((place, i), place), |(first, last)| {
                    (first.min((place, i)), last.max(place))
                }));
            }
            let Some(((first, which), last)) = ends else {
                return false;
            };
            if last - first <= i64::from(self.slop) && self.are_apart(&places, &at) {
                return true;
            }
            at[which] += 1;
        }
    }

    /// A word that the phrase holds twice must be there twice.
    fn are_apart(&self, places: &[Vec<i64>], at: &[usize]) -> bool {
        let mut taken: Vec<i64> = places
            .iter()
            .zip(at)
            .enumerate()
            .map(|(i, (places, at))| places[*at] + i64::try_from(i).unwrap_or(i64::MAX))
            .collect();
        taken.sort_unstable();
        taken.windows(2).all(|pair| pair[0] != pair[1])
    }
}

/// Both are ASCII, and `word` is in lower case.
fn ascii_word_in(word: &str, open: bool, text: &str) -> bool {
    let (word, text) = (word.as_bytes(), text.as_bytes());
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let mut at = 0;
    while at + word.len() <= text.len() {
        if !is_word(text[at]) {
            at += 1;
            continue;
        }
        let end = at + text[at..].iter().take_while(|b| is_word(**b)).count();
        let fits = end - at == word.len() || open && end - at > word.len();
        if fits && text[at..at + word.len()].eq_ignore_ascii_case(word) {
            return true;
        }
        at = end;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        Phrase::of(text).words
    }

    #[test]
    fn text_is_cut_where_no_letter_stands() {
        assert_eq!(
            cut("Card_1 declined, by ISSUER-7!"),
            ["card_1", "declined", "by", "issuer", "7"]
        );
        assert_eq!(cut("与信に失敗 OK"), ["与", "信", "に", "失", "敗", "ok"]);
        assert_eq!(cut("Ünïcode ＦＡＩＬＥＤ"), ["ünïcode", "failed"]);
        assert!(cut(" ,.! ").is_empty());
    }

    #[test]
    fn width_of_letters_does_not_count() {
        assert!(Phrase::of("テスト").is_in("決済ﾃｽﾄ環境"));
        assert!(
            Phrase::of("ガス").is_in("ｶﾞｽ"),
            "the half-width mark joins its letter"
        );
        assert!(!Phrase::of("失敗").is_in("失う、敗れる"));
    }

    /// Lucene's definition: "a b"~n finds a and b when they can be put in place by n moves; turning two round takes two.
    #[test]
    fn slop_counts_moves() {
        let near = |phrase: &str, slop, text: &str| Phrase::of(phrase).with_slop(slop).is_in(text);
        assert!(!near("quick fox", 0, "quick brown fox"));
        assert!(near("quick fox", 1, "quick brown fox"));
        assert!(!near("quick fox", 1, "quick very brown fox"));
        assert!(near("quick fox", 2, "quick very brown fox"));
        assert!(!near("fox quick", 1, "quick fox") && near("fox quick", 2, "quick fox"));
        assert!(!near("a a", 5, "a b") && near("a a", 1, "a b a"));
    }

    #[test]
    fn an_open_phrase_ends_with_a_beginning() {
        let open = Phrase {
            open: true,
            ..Phrase::of("declined by iss")
        };
        assert!(open.is_in("Declined by ISSUER") && !open.is_in("declined by an issuer"));
        let open = Phrase {
            open: true,
            ..Phrase::of("iss")
        };
        assert!(open.is_in("the Issuer") && open.is_in("iss") && !open.is_in("miss"));
    }

    proptest::proptest! {
        /// The way without a copy finds what the general one finds.
        #[test]
        fn the_short_way_is_right(word in "[a-c]{1,2}", text in "[A-Ca-c _-]{0,12}", open: bool) {
            let phrase = Phrase { open, ..Phrase::of(&word) };
            let long = words(&fold(&text)).any(|found| phrase.fits(0, found));
            proptest::prop_assert_eq!(phrase.is_in(&text), long);
        }
    }
}
