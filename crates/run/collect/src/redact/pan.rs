//! Card numbers: 13 to 19 digits that a scheme issues and whose check digit (Luhn, ISO/IEC 7812-1) holds; and what a
//! card's stripe holds behind its number (ISO/IEC 7813).
//!
//! Digits may be grouped by blanks, dashes or dots, and be full-width. A number that stands inside of a
//! longer one is looked for too: an expiry date or a code is often written right behind it.

use std::ops::Range;

use super::{
    Kind,
    digits::{Digit, groups, is_even_between, name_before},
};

const DIGITS_MIN: usize = 13;
const DIGITS_MAX: usize = 19;
/// Groups as they are embossed, beside even ones: American Express, Diners Club, UATP, long UnionPay and Maestro.
const SHAPES: [&[usize]; 5] = [&[4, 6, 5], &[4, 6, 4], &[4, 5, 6], &[4, 4, 5], &[6, 13]];
/// An even group is no longer than this; two of eight digits are a date and a time, or a part of an id.
const GROUP_MAX: usize = 6;
/// Digits of a fraction that a program writes out; with those before its point there are no more.
const FLOAT_DIGITS: usize = 17;
/// What stands behind a number on a stripe is shorter than this.
const TRACK_MAX: usize = 79;

/// Every card among the digits.
pub(super) fn find(text: &str, run: &[Digit], hits: &mut Vec<(Range<usize>, Kind)>) {
    let mut at = 0;
    while at + DIGITS_MIN <= run.len() {
        let Some(length) = card_at(text, run, at) else {
            at += 1;
            continue;
        };
        let card = run[at].from..run[at + length - 1].to;
        hits.push(match track(text, &card) {
            Some(track) => (track, Kind::Track),
            None => (card, Kind::Pan),
        });
        at += length;
    }
}

/// Whether a name says that its value is an id or a time: then its digits are no card, whatever they add up to.
pub(super) fn is_id_name(name: &str) -> bool {
    const PARTS: [&str; 11] = [
        "trace",
        "span",
        "uuid",
        "guid",
        "nano",
        "timestamp",
        "offset",
        "cursor",
        "snowflake",
        "epoch",
        "sequence",
    ];
    const ENDS: [&str; 10] = [
        "_id", ".id", "-id", "_ids", "_ns", "_us", "_ms", "_at", "_bytes", "time",
    ];
    let lower = name.to_ascii_lowercase();
    let is_card = ["card", "pan", "credit", "debit", "account", "acct"]
        .iter()
        .any(|word| lower.contains(word));
    let is_id = lower == "id"
        || name.ends_with("Id")
        || ENDS.iter().any(|end| lower.ends_with(end))
        || PARTS.iter().any(|part| lower.contains(part));
    is_id && !is_card
}

/// The length of the card number that begins at `at`; the longest, so that nothing of it is left.
fn card_at(text: &str, run: &[Digit], at: usize) -> Option<usize> {
    let longest = DIGITS_MAX.min(run.len() - at);
    let lead = run[at..at + 4]
        .iter()
        .fold(0u32, |lead, digit| lead * 10 + u32::from(digit.value));
    (DIGITS_MIN..=longest).rev().find(|length| {
        let card = &run[at..at + length];
        is_issued(lead, *length) && luhn(card) && stands_as_one(text, run, at, *length)
    })
}

/// Whether the digits are written as one number: in one piece, or in groups as people write cards. In one
/// piece with more digits around it, only the lengths that schemes print are believed.
fn stands_as_one(text: &str, run: &[Digit], at: usize, length: usize) -> bool {
    let card = &run[at..at + length];
    let (from, last) = (card[0].from, card[length - 1].from);
    let is_cut_before = at > 0 && run[at].is_joined;
    let is_cut_after = run.get(at + length).is_some_and(|digit| digit.is_joined);
    let groups = groups(card);
    if in_hex(text, from) || in_hex(text, last) {
        return false;
    }
    if groups.len() > 1 {
        let (last, rest) = groups.split_last().unwrap_or((&0, &[]));
        let is_even = rest.iter().all(|group| *group == rest[0])
            && rest[0] <= GROUP_MAX
            && *last <= rest[0].max(5);
        return !is_cut_before
            && !is_cut_after
            && is_even_between(text, card)
            && (is_even || SHAPES.contains(&&*groups));
    }
    // What is said of the whole of what stands in one piece is said of each part of it.
    let piece = piece(run, at);
    if (is_cut_before || is_cut_after)
        && (!matches!(length, 15 | 16) || is_nanoseconds(run, &piece))
    {
        return false;
    }
    !is_fraction(text, run, piece.start, piece.len())
        && !name_before(text, run[piece.start].from).is_some_and(is_id_name)
}

/// The digits that stand in one piece with that at `at`.
fn piece(run: &[Digit], at: usize) -> Range<usize> {
    let start = (0..=at).rev().find(|i| *i == 0 || !run[*i].is_joined);
    let behind = run[at + 1..].iter().take_while(|digit| digit.is_joined);
    start.unwrap_or(0)..at + 1 + behind.count()
}

/// `0.4242…`, as a program writes a float.
fn is_fraction(text: &str, run: &[Digit], at: usize, length: usize) -> bool {
    let whole = run[..at].iter().rev();
    let whole = 1 + whole.take_while(|digit| digit.is_joined).count();
    at > 0 && &text[run[at - 1].to..run[at].from] == "." && whole.min(at) + length <= FLOAT_DIGITS
}

/// Whether the place lies within an id of hexadecimal digits: a UUID (RFC 9562), or one of the lengths that ids of
/// traces and spans, and hashes, have.
fn in_hex(text: &str, place: usize) -> bool {
    const LENGTHS: [usize; 9] = [16, 24, 32, 40, 48, 56, 64, 96, 128];
    const LONGEST: usize = 129;
    let bytes = text.as_bytes();
    let is_part = |byte: &&u8| byte.is_ascii_hexdigit() || **byte == b'-';
    let before = bytes[..place].iter().rev().take(LONGEST);
    let start = place - before.take_while(is_part).count();
    let behind = bytes[place..].iter().take(LONGEST);
    let word = &text[start..place + behind.take_while(is_part).count()];
    if !word.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return false;
    }
    let is_uuid =
        |word: &str| word.len() == 36 && word.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    // The digits may lie in the part of a longer word that is the id: `req-0123…`.
    let at = place - start;
    let parts: Vec<(usize, &str)> = word
        .split('-')
        .scan(0, |from, part| {
            let begin = *from;
            *from += part.len() + 1;
            Some((begin, part))
        })
        .collect();
    let has_letter = |part: &str| part.bytes().any(|byte| byte.is_ascii_alphabetic());
    // An id mixes digits and letters throughout; a number with but letters around it is a number: `370000000000002A`.
    let is_mixed = |part: &str, at: usize| {
        let (before, behind) = part.split_at(at);
        let before = before.trim_end_matches(|c: char| c.is_ascii_digit());
        let behind = behind.trim_start_matches(|c: char| c.is_ascii_digit());
        let mut around = before.bytes().chain(behind.bytes());
        has_letter(part) && around.any(|byte| byte.is_ascii_digit())
    };
    let is_plain = parts.iter().any(|(begin, part)| {
        (*begin..begin + part.len()).contains(&at)
            && LENGTHS.contains(&part.len())
            && is_mixed(part, at - begin)
    });
    let mut uuids = parts.iter().filter_map(|(begin, _)| {
        let uuid = word.get(*begin..begin + 36)?;
        (is_uuid(uuid) && has_letter(uuid)).then_some(*begin..begin + 36)
    });
    is_plain || uuids.any(|uuid| uuid.contains(&at))
}

/// What a stripe holds from its number on, `%B` before it included: `%B…^NAME^2812…?`, `;…=2812…?`.
fn track(text: &str, card: &Range<usize>) -> Option<Range<usize>> {
    let behind = &text[card.end..];
    let length = behind
        .char_indices()
        .take(TRACK_MAX)
        .take_while(|(_, c)| !matches!(c, '?' | '"' | '\n'))
        .map(|(place, c)| place + c.len_utf8())
        .last()
        .unwrap_or(0);
    let rest = &behind[..length];
    let closed = length + usize::from(behind[length..].starts_with('?'));
    let date = |text: &str| text.bytes().take(7).filter(u8::is_ascii_digit).count() == 7;
    if let Some((_, after)) = rest.strip_prefix('^').and_then(|it| it.split_once('^')) {
        let start = text[..card.start]
            .strip_suffix("%B")
            .map_or(card.start, str::len);
        return (after.bytes().take(4).all(|byte| byte.is_ascii_digit()) && after.len() >= 4)
            .then_some(start..card.end + closed);
    }
    let second = rest.strip_prefix(['=', 'D']).filter(|rest| date(rest))?;
    let start = text[..card.start]
        .strip_suffix(';')
        .map_or(card.start, str::len);
    let data = second.bytes().take_while(u8::is_ascii_digit).count();
    let end = card.end + 1 + data;
    Some(start..end + usize::from(text[end..].starts_with('?')))
}

/// A Unix time in nanoseconds, 2017 to 2033: the long number that logs are full of.
fn is_nanoseconds(run: &[Digit], piece: &Range<usize>) -> bool {
    let lead = &run[piece.start..];
    piece.len() == 19 && lead[0].value == 1 && (5..=9).contains(&lead[1].value)
}

/// Issuer ranges (ISO/IEC 7812) by their first four digits, with the lengths that each scheme uses.
fn is_issued(lead: u32, length: usize) -> bool {
    match length {
        13 => matches!(lead, 4000..=4999 | 5000..=5099 | 5600..=6999),
        14 => matches!(
            lead,
            3000..=3059 | 3090..=3099 | 3600..=3699 | 3800..=3999 | 5000..=5099 | 5600..=6999
        ),
        15 => matches!(
            lead,
            3400..=3499 | 3700..=3799 | 5000..=5099 | 5600..=6999 | 1800 | 2131 | 2014 | 2149
        ),
        16..=19 => matches!(
            lead,
            // Visa; Maestro, Mastercard, Discover, UnionPay, RuPay, Verve, Elo, Hipercard.
            4000..=4999 | 5000..=6999
                // Mastercard's second range, JCB, Mir.
                | 2221..=2720 | 3528..=3589 | 2200..=2204
                // UnionPay and RuPay, Troy, Humo, Uzcard, Diners Club.
                | 8100..=8299 | 9792 | 9860 | 8600
                | 3000..=3059 | 3090..=3099 | 3600..=3699 | 3800..=3999
        ),
        _ => false,
    }
}

pub(super) fn luhn(digits: &[Digit]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, digit)| {
            let weighted = u32::from(digit.value) << (i % 2);
            if weighted > 9 { weighted - 9 } else { weighted }
        })
        .sum();
    sum.is_multiple_of(10)
}
