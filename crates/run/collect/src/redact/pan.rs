//! Card numbers: 13 to 19 digits that a scheme issues and whose check digit (Luhn, ISO/IEC 7812-1) holds; and what a
//! card's stripe holds behind its number (ISO/IEC 7813).
//!
//! Digits may be grouped by blanks, dashes or dots, and be full-width. A number that stands inside of a
//! longer one is looked for too: an expiry date or a code is often written right behind it.

use std::ops::Range;

use super::{
    Kind,
    digits::{Digit, Glance, groups, groups_of, is_even_between, name_before},
};

const DIGITS_MIN: usize = 13;
const DIGITS_MAX: usize = 19;
/// Groups as they are embossed, beside even ones: American Express, Diners Club, UATP, long UnionPay and Maestro.
const SHAPES: [&[usize]; 5] = [&[4, 6, 5], &[4, 6, 4], &[4, 5, 6], &[4, 4, 5], &[6, 13]];
/// How they begin, where the second is not as long as the first.
const SECOND: [(usize, usize); 3] = [(4, 6), (4, 5), (6, 13)];
/// An even group is no longer than this; two of eight digits are a date and a time, or a part of an id.
const GROUP_MAX: usize = 6;
/// Digits of a fraction that a program writes out; with those before its point there are no more.
const FLOAT_DIGITS: usize = 17;
/// What stands behind a number on a stripe is shorter than this.
const TRACK_MAX: usize = 79;

/// Every card among the digits.
pub(super) fn find(
    text: &str,
    name: Option<&str>,
    run: &[Digit],
    hits: &mut Vec<(Range<usize>, Kind)>,
) {
    let (mut at, mut within) = (0, 0..0);
    while at + DIGITS_MIN <= run.len() {
        if at >= within.end {
            within = piece(run, at);
        }
        let Some(length) = card_at(text, name, run, at, &within) else {
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

/// Whether the run of a stretch that begins at `start`, in these groups, may hold a card: what [`may_hold`] asks, but that
/// several groups are told by their lengths alone.
pub(super) fn may_be_grouped(text: &str, name: Option<&str>, start: usize, places: u64) -> bool {
    let mut left = places.count_ones() as usize;
    if left < DIGITS_MIN {
        return false;
    }
    let mut before = 0;
    groups_of(places).any(|group| {
        // The first of several groups is short, and that behind it as long, or as in one of the shapes.
        let length = group.len();
        let is_shape = length == before || SECOND.contains(&(before, length));
        let is_second = before <= GROUP_MAX && is_shape && left + before >= DIGITS_MIN;
        (left, before) = (left - length, length);
        is_second
            || length >= DIGITS_MIN && may_be_in(text, name, start + group.start..start + group.end)
    })
}

/// Whether digits that stand in one piece may be a card's, or hold one.
fn may_be_in(text: &str, name: Option<&str>, piece: Range<usize>) -> bool {
    let digits = &text.as_bytes()[piece.clone()];
    let has_card = (0..=digits.len() - DIGITS_MIN).any(|at| {
        let lead = digits[at..at + 4]
            .iter()
            .fold(0, |lead, digit| lead * 10 + usize::from(digit - b'0'));
        // Where it is cut, only the lengths that schemes print are believed.
        let behind = digits.len() - at - DIGITS_MIN;
        let mut lengths = DIGITS_MIN..=DIGITS_MAX.min(digits.len() - at);
        lengths.any(|length| {
            let bit = length - DIGITS_MIN;
            let is_whole = at == 0 && bit == behind;
            ISSUED[lead] >> bit & 1 == 1
                && (is_whole || matches!(length, 15 | 16))
                && luhn(&digits[at..at + length])
        })
    });
    has_card && !is_said_to_be_id(text, name, piece.start)
}

/// Whether the run may hold a card: what is said of its digits and their groups, and by the name before it.
pub(super) fn may_hold(text: &str, name: Option<&str>, glance: &Glance) -> bool {
    let values = glance.values();
    if values.len() < DIGITS_MIN {
        return false;
    }
    for at in 0..=values.len() - DIGITS_MIN {
        let lead = values[at..at + 4]
            .iter()
            .fold(0, |lead, value| lead * 10 + usize::from(*value));
        let mut lengths = ISSUED[lead];
        while lengths != 0 {
            let end = at + DIGITS_MIN + lengths.trailing_zeros() as usize;
            lengths &= lengths - 1;
            if end <= values.len() && may_stand(text, name, glance, at..end) {
                return true;
            }
        }
    }
    false
}

/// [`stands_as_one`], as far as a glance can tell.
fn may_stand(text: &str, name: Option<&str>, glance: &Glance, card: Range<usize>) -> bool {
    let is_whole = glance.is_begin(card.start) && glance.is_begin(card.end);
    if !is_whole && !matches!(card.len(), 15 | 16) {
        return false;
    }
    let piece = glance.piece(card.start);
    let is_grouped = piece.end < card.end;
    if is_grouped && !(is_whole && piece.len() <= GROUP_MAX) {
        // The first of several groups is short, in every shape.
        return false;
    }
    luhn(&glance.values()[card])
        && (is_grouped || !is_said_to_be_id(text, name, glance.at(piece.start)))
}

/// Whether what stands before the word in which the digits at `at` are says that it is an id: a name, which is the field's
/// where the text begins with that word, or the prefix that a payment provider puts before the ids of its objects.
fn is_said_to_be_id(text: &str, name: Option<&str>, at: usize) -> bool {
    /// A longer word is no id.
    const WORD_MAX: usize = 64;
    /// Of the objects of Stripe's API, but for those of cards.
    const PREFIXES: [&str; 16] = [
        "ch_", "pi_", "re_", "in_", "cs_", "po_", "py_", "tr_", "cus_", "sub_", "evt_", "txn_",
        "req_", "seti_", "prod_", "price_",
    ];
    let bytes = text.as_bytes();
    let letters = bytes[..at].iter().rev().take(WORD_MAX);
    let word = at
        - letters
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count();
    let before = &text[..word];
    let is_prefix = |prefix: &str| {
        let ahead = before.strip_suffix(prefix).map(str::as_bytes);
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        ahead.is_some_and(|ahead| !ahead.last().is_some_and(is_part))
    };
    let name = match word {
        0 => name,
        _ => name_before(text, word),
    };
    name.is_some_and(is_id_name) || (before.ends_with('_') && PREFIXES.into_iter().any(is_prefix))
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
    const CARDS: [&str; 5] = ["card", "credit", "debit", "account", "acct"];
    let lower = name.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let is_pan = lower
        .match_indices("pan")
        .any(|(at, _)| is_word(name, at..at + 3));
    let is_id = lower == "id"
        || name.ends_with("Id")
        || ENDS.iter().any(|end| lower.ends_with(end))
        || has(&PARTS);
    is_id && !is_pan && !has(&CARDS)
}

/// Whether this part of a name is a word of its own, as `pan` is in `pan_id` and `userPan`, but not in `span_id`.
fn is_word(name: &str, part: Range<usize>) -> bool {
    let bytes = name.as_bytes();
    let begins = part.start.checked_sub(1).is_none_or(|before| {
        let before = bytes[before];
        let is_hump = before.is_ascii_lowercase() && bytes[part.start].is_ascii_uppercase();
        !before.is_ascii_alphabetic() || is_hump
    });
    begins && !bytes.get(part.end).is_some_and(u8::is_ascii_lowercase)
}

/// The length of the card number that begins at `at`, in this piece; the longest, so that nothing of it is left.
fn card_at(
    text: &str,
    name: Option<&str>,
    run: &[Digit],
    at: usize,
    piece: &Range<usize>,
) -> Option<usize> {
    let longest = DIGITS_MAX.min(run.len() - at);
    let mut values = [0; DIGITS_MAX];
    for (value, digit) in values.iter_mut().zip(&run[at..at + longest]) {
        *value = digit.value;
    }
    let lead = values[..4]
        .iter()
        .fold(0, |lead, value| lead * 10 + usize::from(*value));
    (DIGITS_MIN..=longest).rev().find(|length| {
        ISSUED[lead] >> (length - DIGITS_MIN) & 1 == 1
            && luhn(&values[..*length])
            && stands_as_one(text, name, run, at..at + length, piece)
    })
}

/// Whether the digits are written as one number: in one piece, or in groups as people write cards. In one
/// piece with more digits around it, only the lengths that schemes print are believed.
fn stands_as_one(
    text: &str,
    name: Option<&str>,
    run: &[Digit],
    place: Range<usize>,
    piece: &Range<usize>,
) -> bool {
    let card = &run[place.clone()];
    // The dearest question comes last.
    let is_in_hex = || in_hex(text, card[0].from) || in_hex(text, card[card.len() - 1].from);
    let is_cut_after = run.get(place.end).is_some_and(|digit| digit.is_joined);
    let is_cut = place.start > piece.start || is_cut_after;
    let groups = groups(card);
    if let [first, .., last] = groups[..] {
        let rest = &groups[..groups.len() - 1];
        let is_even =
            rest.iter().all(|group| *group == first) && first <= GROUP_MAX && last <= first.max(5);
        return !is_cut
            && is_even_between(text, card)
            && (is_even || SHAPES.contains(&&*groups))
            && !is_in_hex();
    }
    // What is said of the whole of what stands in one piece is said of each part of it.
    if is_cut && (!matches!(card.len(), 15 | 16) || is_nanoseconds(run, piece)) {
        return false;
    }
    !is_fraction(text, run, piece)
        && !is_said_to_be_id(text, name, run[piece.start].from)
        && !is_in_hex()
}

/// The digits that stand in one piece from that at `at` on, which begins it.
fn piece(run: &[Digit], at: usize) -> Range<usize> {
    let behind = run[at + 1..].iter().take_while(|digit| digit.is_joined);
    at..at + 1 + behind.count()
}

/// `0.4242…`, as a program writes a float.
fn is_fraction(text: &str, run: &[Digit], piece: &Range<usize>) -> bool {
    let Some(before) = piece.start.checked_sub(1) else {
        return false;
    };
    let whole = run[..=before].iter().rev().take(FLOAT_DIGITS);
    let whole = 1 + whole.take_while(|digit| digit.is_joined).count();
    let between = &text[run[before].to..run[piece.start].from];
    between == "." && whole.min(piece.start) + piece.len() <= FLOAT_DIGITS
}

/// Whether the place lies within an id of hexadecimal digits: a UUID (RFC 9562), or one of the lengths that ids of
/// traces and spans, and hashes, have.
pub(super) fn in_hex(text: &str, place: usize) -> bool {
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

/// What a digit adds to Luhn's sum where it counts twice.
const TWICE: [u8; 16] = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9, 0, 0, 0, 0, 0, 0];

/// For each four leading digits the lengths of cards that begin so, [`DIGITS_MIN`] in the lowest bit.
static ISSUED: [u8; 10_000] = {
    let mut all = [0; 10_000];
    let mut lead = 0;
    while lead < all.len() {
        let mut length = DIGITS_MIN;
        while length <= DIGITS_MAX {
            #[allow(clippy::cast_possible_truncation)]
            let is_issued = is_issued(lead as u32, length);
            all[lead] |= (is_issued as u8) << (length - DIGITS_MIN);
            length += 1;
        }
        lead += 1;
    }
    all
};

/// Issuer ranges (ISO/IEC 7812) by their first four digits, with the lengths that each scheme uses.
const fn is_issued(lead: u32, length: usize) -> bool {
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

/// Whether the check digit holds (ISO/IEC 7812-1), of digits or their values.
#[inline]
pub(super) fn luhn(digits: &[u8]) -> bool {
    let (rest, pairs) = digits.as_rchunks();
    let sum = pairs.iter().fold(0, |sum, [twice, once]| {
        sum + usize::from(TWICE[usize::from(twice & 15)] + (once & 15))
    });
    (sum + usize::from(rest.first().map_or(0, |digit| digit & 15))).is_multiple_of(10)
}
