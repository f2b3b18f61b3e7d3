//! Patterns: wildcards, regular expressions and words that are nearly right.

use regex::Regex;

use super::words::fold;
use crate::Say;

/// What one value or one word is held against, as a whole.
#[derive(Debug, Clone)]
pub enum Pattern {
    Glob(Glob),
    Regex(Regex),
    Fuzzy(Fuzzy),
}

impl Pattern {
    #[must_use]
    pub fn accepts(&self, text: &str) -> bool {
        match self {
            Self::Glob(glob) => glob.accepts(text),
            Self::Regex(regex) => regex.is_match(text),
            Self::Fuzzy(fuzzy) => fuzzy.accepts(text),
        }
    }

    /// Whether a text, or a word of it, may be accepted, letter case aside: most are told by the letters that they lack.
    #[must_use]
    pub fn may_be_in(&self, text: &str) -> bool {
        match self {
            Self::Glob(glob) => glob.may_be_in(text),
            Self::Regex(_) | Self::Fuzzy(_) => true,
        }
    }
}

/// A text with `*` (any text) and `?` (one character).
#[derive(Debug, Clone, PartialEq)]
pub struct Glob {
    parts: Vec<Part>,
    run: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Part {
    Char(char),
    One,
    Many,
}

impl Glob {
    fn of(parts: Vec<Part>) -> Self {
        let letter = |part: &Part| match part {
            Part::Char(c) if c.is_ascii() => u8::try_from(*c).ok(),
            _ => None,
        };
        let runs = parts.split(|part| letter(part).is_none());
        let longest = runs.max_by_key(|run| run.len()).unwrap_or_default();
        let run = longest.iter().filter_map(letter);
        Self {
            run: run.map(|letter| letter.to_ascii_lowercase()).collect(),
            parts,
        }
    }

    /// As Lucene writes them: `\` takes the meaning from the character that follows.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut chars = text.chars();
        let mut parts = Vec::new();
        while let Some(c) = chars.next() {
            parts.push(match c {
                '*' => Part::Many,
                '?' => Part::One,
                '\\' => Part::Char(chars.next().unwrap_or('\\')),
                c => Part::Char(c),
            });
        }
        Self::of(parts)
    }

    /// What begins with `text`.
    #[must_use]
    pub fn prefix(text: &str) -> Self {
        Self::of(text.chars().map(Part::Char).chain([Part::Many]).collect())
    }

    /// For texts that are folded.
    #[must_use]
    pub fn folded(&self) -> Self {
        let mut parts = Vec::new();
        let mut run = String::new();
        let flush = |run: &mut String, parts: &mut Vec<Part>| {
            parts.extend(fold(run).chars().map(Part::Char));
            run.clear();
        };
        for part in &self.parts {
            match part {
                Part::Char(c) => run.push(*c),
                part => {
                    flush(&mut run, &mut parts);
                    parts.push(*part);
                }
            }
        }
        flush(&mut run, &mut parts);
        Self::of(parts)
    }

    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The longest run of ASCII that everything accepted holds when it is folded, in small letters.
    #[must_use]
    pub fn run(&self) -> &[u8] {
        &self.run
    }

    /// Whether a text holds the letters that it must, in either case. What is not ASCII may become it when it is folded.
    fn may_be_in(&self, text: &str) -> bool {
        let Some(first) = self.run.first() else {
            return true;
        };
        let text = text.as_bytes();
        let mut places = memchr::memchr2_iter(*first, first.to_ascii_uppercase(), text);
        places.any(|at| {
            let here = text[at..].get(..self.run.len());
            here.is_some_and(|here| here.eq_ignore_ascii_case(&self.run))
        }) || !text.is_ascii()
    }

    /// The text with which everything accepted begins.
    #[must_use]
    pub fn beginning(&self) -> String {
        self.parts
            .iter()
            .map_while(|part| match part {
                Part::Char(c) => Some(*c),
                _ => None,
            })
            .collect()
    }

    /// Whether it covers the whole text. Linear in practice, never worse than their product.
    #[must_use]
    pub fn accepts(&self, text: &str) -> bool {
        let (mut at, mut rest) = (0, text);
        let mut retry: Option<(usize, &str)> = None;
        loop {
            let mut chars = rest.chars();
            match (self.parts.get(at), chars.next()) {
                (Some(Part::Many), _) => {
                    at += 1;
                    retry = Some((at, rest));
                }
                (None, None) => return true,
                (Some(Part::One), Some(_)) => (at, rest) = (at + 1, chars.as_str()),
                (Some(Part::Char(wanted)), Some(c)) if *wanted == c => {
                    (at, rest) = (at + 1, chars.as_str());
                }
                _ => {
                    // The last `*` takes one character more.
                    let Some((after, from)) = retry else {
                        return false;
                    };
                    let mut chars = from.chars();
                    if chars.next().is_none() {
                        return false;
                    }
                    retry = Some((after, chars.as_str()));
                    (at, rest) = (after, chars.as_str());
                }
            }
        }
    }
}

/// A text with at most so many letters put in, left out, changed, or swapped with their neighbour.
#[derive(Debug, Clone, PartialEq)]
pub struct Fuzzy {
    text: Vec<char>,
    edits: usize,
    /// So many letters at the beginning must be right.
    prefix: usize,
}

impl Fuzzy {
    /// Lucene's bound: more edits than two find nearly everything.
    pub const EDITS_MAX: usize = 2;

    /// Without `edits`, as many as Elasticsearch's `AUTO` grants to so long a word: 0 below three letters, 1 below six, else 2.
    #[must_use]
    pub fn new(text: &str, edits: Option<usize>, prefix: usize) -> Self {
        let text: Vec<char> = text.chars().collect();
        let auto = match text.len() {
            0..3 => 0,
            3..6 => 1,
            _ => 2,
        };
        Self {
            edits: edits.unwrap_or(auto).min(Self::EDITS_MAX),
            text,
            prefix,
        }
    }

    #[must_use]
    pub fn accepts(&self, text: &str) -> bool {
        // Longer ones are never near, and need not be looked at.
        let other: Vec<char> = text
            .chars()
            .take(self.text.len() + self.edits + 1)
            .collect();
        let prefix = self.prefix.min(self.text.len());
        other.len().abs_diff(self.text.len()) <= self.edits
            && other.starts_with(&self.text[..prefix])
            && distance(&self.text, &other) <= self.edits
    }
}

/// Edits between two texts, a swap of neighbours being one (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// Reads a regular expression in Lucene's dialect; it covers the whole text.
pub fn regex(text: &str, folds: bool) -> Result<Regex, Say> {
    super::regex::translate(text).and_then(|pattern| built(&pattern, folds))
}

/// Reads one in RE2's dialect, as Loki has it: it covers the `whole` text, or is found anywhere in it.
pub fn re2(text: &str, whole: bool) -> Result<Regex, Say> {
    if whole {
        built(&format!("^(?:{text})$"), false)
    } else {
        built(text, false)
    }
}

fn built(pattern: &str, folds: bool) -> Result<Regex, Say> {
    regex::RegexBuilder::new(pattern)
        .case_insensitive(folds)
        .size_limit(AUTOMATON_MAX)
        .build()
        .map_err(|error| {
            let last = error.to_string();
            let last = last.lines().last().unwrap_or_default();
            crate::say!(
                "this regular expression is refused: {last}",
                "この正規表現は使えません: {last}"
            )
        })
}

/// Far beyond any honest pattern; a hostile one (`(a{99}){99}`) ends here.
const AUTOMATON_MAX: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_cover_the_whole_text() {
        let accepts = |glob: &str, text: &str| Glob::parse(glob).accepts(text);
        assert!(accepts("a*c?", "abbcd") && accepts("*", "") && accepts("a\\*", "a*"));
        assert!(!accepts("a?", "a") && !accepts("a\\*", "ab") && !accepts("b*", "ab"));
        assert!(Glob::parse("FAIL?ed").folded().accepts("failxed"));
    }

    /// What a glance rules out, a look does not accept either.
    #[test]
    fn nothing_is_accepted_that_may_not_be_in_a_text() {
        for (glob, text, may) in [
            ("decl*ed", "was DECLINED today", true),
            ("decl*ed", "was ＤＥＣＬＩＮＥＤ", true),
            ("decl*ed", "approved", false),
            ("d?c", "dac", true),
            ("*", "", true),
            ("*日*", "休日", true),
            ("a*日bc", "abc", true),
            ("a*日bc", "cab", false),
        ] {
            assert_eq!(Glob::parse(glob).may_be_in(text), may, "{glob} {text}");
        }
    }

    /// `ab` to `ba` is one swap; to `abcd` two letters more.
    #[test]
    fn nearly_right_is_counted_in_edits() {
        let near = |text: &str, edits, other: &str| Fuzzy::new(text, Some(edits), 0).accepts(other);
        assert!(near("roam", 1, "foam") && near("roam", 1, "raom") && near("roam", 1, "roams"));
        assert!(
            !near("roam", 1, "foams") && near("roam", 2, "foams") && !near("roam", 2, "foamses")
        );
        assert!(
            !Fuzzy::new("ok", None, 0).accepts("or"),
            "AUTO grants nothing to two letters"
        );
        assert!(Fuzzy::new("roam", None, 0).accepts("foam"));
        assert!(
            !Fuzzy::new("roam", None, 1).accepts("foam"),
            "the first letter must be right"
        );
    }
}
