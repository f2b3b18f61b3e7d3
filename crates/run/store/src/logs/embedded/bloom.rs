//! Bloom filters over the words of a column: whether a block need not be read.
//!
//! A filter has about 8 bits a word and asks 5 of them, so one word in fifty that is not there seems to be
//! (Bloom, 1970). What it says yes to is always looked at; only its no is believed.
//!
//! A block has such a filter for each column, and one of the words of all its columns, which asks other bits: a word that is
//! not there must seem to be in both, so a search in every field of a thousand blocks reads next to none of them.
//!
//! Words are those by which texts are compared (`promise`'s `words` of the folded text). A word of one
//! letter beyond ASCII, as each letter of Japanese is, tells little by itself: it is entered with the word
//! before it, where that is of the same kind.

use promise::signal::{fold, words};
use xxhash_rust::xxh3::xxh3_64;

use crate::hash::QuickSet;

const BITS_A_WORD: usize = 8;
/// Of few words: with less, the bits of one of them are most of all there are, and any word seems to be there.
const BYTES_MIN: usize = 8;
const PROBES: u64 = 5;

/// The words that a column's filter is made from.
#[derive(Default)]
pub(super) struct Words {
    seen: QuickSet<u64>,
    /// The column holds UUIDs, of which only the last run of digits is entered.
    pub has_uuids: bool,
    /// The column holds times or addresses, whose numbers are not entered.
    pub has_numbers: bool,
}

pub(super) const UUIDS: u8 = 1;
pub(super) const NUMBERS: u8 = 2;

impl Words {
    pub fn add(&mut self, text: &str) {
        each_key(&fold(text), &mut |key| {
            self.seen.insert(key);
        });
    }

    /// Adds one word that is folded.
    pub fn add_word(&mut self, word: &str) {
        self.seen.insert(xxh3_64(word.as_bytes()));
    }

    /// Adds the words of a column to those of the block. They are entered as other keys, so that both filters' mistakes
    /// have nothing to do with each other.
    pub fn add_all(&mut self, column: &Self) {
        self.seen
            .extend(column.seen.iter().map(|key| of_block(*key)));
    }

    pub fn flags(&self) -> u8 {
        (u8::from(self.has_uuids) * UUIDS) | (u8::from(self.has_numbers) * NUMBERS)
    }

    /// The filter; no bytes where there is no word.
    pub fn build(&self) -> Vec<u8> {
        if self.seen.is_empty() {
            return Vec::new();
        }
        let bytes = (self.seen.len() * BITS_A_WORD).div_ceil(8).max(BYTES_MIN);
        let mut filter = vec![0; bytes];
        for key in &self.seen {
            for bit in bits(*key, bytes) {
                filter[bit / 8] |= 1 << (bit % 8);
            }
        }
        filter
    }
}

fn of_block(key: u64) -> u64 {
    xxh3_64(&key.to_le_bytes())
}

/// Whether a word may be among those of a filter.
pub(super) fn may_have(filter: &[u8], key: u64) -> bool {
    !filter.is_empty()
        && bits(key, filter.len()).all(|bit| {
            filter
                .get(bit / 8)
                .is_some_and(|byte| byte >> (bit % 8) & 1 == 1)
        })
}

fn bits(key: u64, bytes: usize) -> impl Iterator<Item = usize> {
    let count = (bytes as u64).saturating_mul(8);
    // Two halves of a good hash give as many (Kirsch and Mitzenmacher, 2006).
    let step = key.rotate_left(32) | 1;
    (0..PROBES).map(move |n| {
        let hash = key.wrapping_add(step.wrapping_mul(n));
        let bit = (u128::from(hash) * u128::from(count)) >> 64;
        usize::try_from(bit).unwrap_or(0)
    })
}

/// Gives the keys of a folded text's words to `each`.
fn each_key(folded: &str, each: &mut impl FnMut(u64)) {
    let mut before: Option<&str> = None;
    for word in words(folded) {
        if !is_single(word) {
            each(xxh3_64(word.as_bytes()));
            before = None;
            continue;
        }
        if let Some(before) = before {
            each(pair(before, word));
        }
        before = Some(word);
    }
}

fn pair(first: &str, second: &str) -> u64 {
    // Two letters of at most four bytes each.
    let mut both = [0; 8];
    let (a, b) = both.split_at_mut(4);
    a[..first.len()].copy_from_slice(first.as_bytes());
    b[..second.len()].copy_from_slice(second.as_bytes());
    xxh3_64(&both)
}

fn is_single(word: &str) -> bool {
    !word.is_ascii() && word.chars().nth(1).is_none()
}

/// What a filter is asked for: words that must stand side by side, in one text.
#[derive(Debug, Clone, Default)]
pub(super) struct Probe {
    keys: Vec<Key>,
}

#[derive(Debug, Clone)]
struct Key {
    hash: u64,
    hash_of_block: u64,
    may_be_of_uuid: bool,
    may_be_number: bool,
    is_digits: bool,
}

/// Digits of the runs of a UUID, but for the last.
const UUID_RUNS: [usize; 2] = [8, 4];
/// The longest word of a time: nine digits of a second and `z`.
const NUMBER_MAX: usize = 10;

impl Probe {
    /// All words of a phrase, folded.
    pub fn of(phrase: &[String]) -> Self {
        let mut keys = Vec::new();
        for (i, word) in phrase.iter().enumerate() {
            if is_single(word) {
                if let Some(before) = i
                    .checked_sub(1)
                    .map(|i| &phrase[i])
                    .filter(|w| is_single(w))
                {
                    keys.push(Key::of(word, pair(before, word)));
                }
            } else {
                keys.push(Key::of(word, xxh3_64(word.as_bytes())));
            }
        }
        Self { keys }
    }

    /// The same where the words need not stand side by side.
    pub fn each(words: &[String]) -> Self {
        let longer = words.iter().filter(|word| !is_single(word));
        Self {
            keys: longer
                .map(|word| Key::of(word, xxh3_64(word.as_bytes())))
                .collect(),
        }
    }

    /// Whether a text that holds the words may be in one of the columns together: their own filter, and those
    /// that they refer to.
    pub fn may_be_in(&self, filters: &[Filter<'_>]) -> bool {
        self.keys
            .iter()
            .all(|key| filters.iter().any(|filter| key.may_be_in(filter)))
    }
}

/// What a block says of the words of one column.
#[derive(Debug, Clone, Copy)]
pub(super) enum Filter<'b> {
    Bloom {
        bits: &'b [u8],
        flags: u8,
        /// The filter of all columns together; blocks of old have none.
        block: Option<&'b [u8]>,
    },
    /// The filter of all columns together, by itself.
    Block {
        bits: &'b [u8],
        /// What is said of any column.
        flags: u8,
        has_integers: bool,
    },
    /// A column of integers.
    Integers,
    /// Nothing is known.
    Unknown,
}

impl Key {
    fn of(word: &str, hash: u64) -> Self {
        let is_hex = word
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        Self {
            hash,
            hash_of_block: of_block(hash),
            may_be_of_uuid: is_hex && UUID_RUNS.contains(&word.len()),
            may_be_number: word.starts_with(|c: char| c.is_ascii_digit())
                && word.len() <= NUMBER_MAX,
            is_digits: word.bytes().all(|b| b.is_ascii_digit()),
        }
    }

    /// Whether it may be a word of a column that is so flagged though it is not among those that were entered.
    fn is_not_entered(&self, flags: u8) -> bool {
        flags & UUIDS != 0 && self.may_be_of_uuid || flags & NUMBERS != 0 && self.may_be_number
    }

    fn may_be_in(&self, filter: &Filter<'_>) -> bool {
        match filter {
            Filter::Bloom { bits, flags, block } => {
                self.is_not_entered(*flags)
                    || block.is_none_or(|block| may_have(block, self.hash_of_block))
                        && may_have(bits, self.hash)
            }
            Filter::Block {
                bits,
                flags,
                has_integers,
            } => {
                self.is_not_entered(*flags)
                    || *has_integers && self.is_digits
                    || may_have(bits, self.hash_of_block)
            }
            Filter::Integers => self.is_digits,
            Filter::Unknown => true,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use promise::signal::Phrase;

    use super::*;

    fn may(texts: &[&str], phrase: &str) -> bool {
        let mut words = Words::default();
        texts.iter().for_each(|text| words.add(text));
        let bits = words.build();
        let filter = Filter::Bloom {
            bits: &bits,
            flags: words.flags(),
            block: None,
        };
        Probe::of(&Phrase::of(phrase).words).may_be_in(&[filter])
    }

    #[test]
    fn a_filter_knows_words_and_pairs_of_letters() {
        let texts = ["Card declined by ISSUER-7", "与信に失敗しました ﾃｽﾄ"];
        for phrase in [
            "declined",
            "issuer 7",
            "失敗",
            "与信",
            "テスト",
            "信",
            "declined 失敗",
        ] {
            assert!(may(&texts, phrase), "{phrase}");
        }
        for phrase in ["decline", "refunded", "敗失", "決済"] {
            assert!(!may(&texts, phrase), "{phrase}");
        }
        assert!(!may(&[], "anything"));
    }

    #[test]
    fn a_word_that_is_in_neither_seldom_seems_to_be_in_the_column_and_in_the_block() {
        let (mut column, mut block) = (Words::default(), Words::default());
        (0..5_000).for_each(|n| column.add(&format!("word{n}")));
        let mut other = Words::default();
        (0..5_000).for_each(|n| other.add(&format!("more{n}")));
        block.add_all(&column);
        block.add_all(&other);
        let (bits, all) = (column.build(), block.build());
        let may = |word: String| {
            let filter = Filter::Bloom {
                bits: &bits,
                flags: 0,
                block: Some(&all),
            };
            Probe::of(&[word]).may_be_in(&[filter])
        };
        assert!((0..5_000).all(|n| may(format!("word{n}"))));
        // 2.2 % of 2.2 % of 20,000 are 10; a filter alone would let 440 pass.
        let wrong = (0..20_000).filter(|n| may(format!("other{n}"))).count();
        assert!(wrong < 40, "{wrong}");
    }

    #[test]
    fn a_column_of_one_word_seems_to_hold_no_other() {
        let mut words = Words::default();
        words.add("succeeded");
        let bits = words.build();
        // Words look alike whose first bit and step are the same among 64: 100,000 / 4,096 are 24, and a few look so besides.
        // Of 8 bits alone most would be set, and thousands of words seem to be there.
        let wrong = (0..100_000)
            .filter(|n| may_have(&bits, xxh3_64(format!("other{n}").as_bytes())))
            .count();
        assert!(wrong < 100, "{wrong}");
    }

    #[test]
    fn few_words_that_are_not_there_seem_to_be() {
        let mut words = Words::default();
        (0..10_000).for_each(|n| words.add(&format!("word{n}")));
        let bits = words.build();
        assert_eq!(bits.len(), 10_000, "8 bits each");
        assert!((0..10_000).all(|n| may_have(&bits, xxh3_64(format!("word{n}").as_bytes()))));
        // (1 - e^(-5/8))^5 is 2.2 %.
        let wrong =
            (0..10_000).filter(|n| may_have(&bits, xxh3_64(format!("other{n}").as_bytes())));
        assert!((120..320).contains(&wrong.count()));
    }
}
