//! Numbers by which Japan's authorities and insurers know people and companies, and telephone numbers.
//!
//! A number without a name is one of many with as many digits, so one of these is believed where its name stands
//! before it and, where there is one, its check digit holds. A telephone number is known by its groups or its `+`.
//!
//! Sources: 個人番号, 総務省令第 85 号 (2014), 第 5 条; 法人番号, 財務省令第 70 号 (2014), 第 2 条; 保険者番号, the
//! 検証番号 of 厚生労働省's numbering of insurers; 基礎年金番号 has ten digits and no published check digit;
//! telephone numbers, ITU-T E.164 and 総務省's numbering plan.

use std::ops::Range;

use super::{
    Kind,
    digits::{Digit, Glance, groups, groups_of, is_even_between},
    pan::{in_hex, luhn},
};

/// A name stands within so many bytes before its number: `個人番号(マイナンバー): `.
const NAME_MAX: usize = 48;

/// What a number is called, how many digits it has, and its check.
struct Number {
    kind: Kind,
    names: &'static [&'static str],
    lengths: &'static [usize],
    check: fn(&[u8]) -> bool,
}

impl Number {
    fn is_named_in(&self, lower: &str) -> bool {
        self.names.iter().any(|name| lower.contains(name))
    }
}

/// Digits of the longest.
const LENGTH_MAX: usize = 13;

static NUMBERS: [Number; 5] = [
    Number {
        kind: Kind::MyNumber,
        names: &[
            "個人番号",
            "マイナンバー",
            "mynumber",
            "my_number",
            "my number",
            "individual_number",
            "kojin_bango",
        ],
        lengths: &[12],
        check: my_number,
    },
    Number {
        kind: Kind::Corporate,
        names: &[
            "法人番号",
            "corporate_number",
            "corporate number",
            "houjin_bangou",
            "hojin_bango",
        ],
        lengths: &[13],
        check: corporate,
    },
    Number {
        kind: Kind::Insurer,
        names: &[
            "保険者番号",
            "insurer_number",
            "insurer number",
            "hokensha_bango",
        ],
        lengths: &[8],
        check: luhn,
    },
    Number {
        kind: Kind::Pension,
        names: &[
            "基礎年金番号",
            "pension_number",
            "pension number",
            "nenkin_bango",
        ],
        lengths: &[10],
        check: |_| true,
    },
    Number {
        kind: Kind::Phone,
        names: &["電話", "携帯", "tel", "phone", "mobile", "fax"],
        lengths: &[10, 11],
        check: |digits| digits[0] == 0,
    },
];

/// The number that the run is, if it is one.
pub(super) fn find(text: &str, run: &[Digit], hits: &mut Vec<(Range<usize>, Kind)>) {
    let whole = run[0].from..run[run.len() - 1].to;
    if let Some((digits, kind)) = named(text, run) {
        hits.push((digits, kind));
    } else if text[..whole.start].ends_with('+') && is_international(text, run) {
        hits.push((whole.start - 1..whole.end, Kind::Phone));
    } else if is_domestic(text, run) {
        hits.push((whole, Kind::Phone));
    }
}

/// Whether the one run of a stretch that begins at `start`, in these groups, may be one of them: what [`may_hold`] asks.
pub(super) fn may_be_grouped(text: &str, name: Option<&str>, start: usize, places: u64) -> bool {
    let mut length = 0;
    let may_end = groups_of(places).any(|group| {
        length += group.len();
        is_length(length)
    });
    let first = start + places.trailing_zeros() as usize;
    let is_whole = first == 0 && (u64::BITS - places.leading_zeros()) as usize == text.len();
    is_plus_before(text, first)
        || may_end && (text.as_bytes()[first] == b'0' || may_be_called(text, name, first, is_whole))
}

/// Whether the run may be one of them: what can be said before its name is read.
pub(super) fn may_hold(text: &str, name: Option<&str>, glance: &Glance) -> bool {
    let (values, range) = (glance.values(), glance.range());
    // Where groups end: a number of another length is none of them.
    let mut ends = (1..=values.len().min(LENGTH_MAX)).filter(|end| glance.is_begin(*end));
    let may_end = ends.any(is_length);
    let is_whole = range.len() == text.len();
    is_plus_before(text, range.start)
        || (may_end && (values[0] == 0 || may_be_called(text, name, range.start, is_whole)))
}

/// Whether one of them has so many digits.
fn is_length(digits: usize) -> bool {
    matches!(digits, 8 | 10..=LENGTH_MAX)
}

/// Whether a name of one of them, or a `+`, may stand before a number, or be that of its field.
fn may_be_called(text: &str, name: Option<&str>, start: usize, is_whole: bool) -> bool {
    is_plus_before(text, start)
        || may_name(&text.as_bytes()[start.saturating_sub(NAME_MAX)..start])
        || (is_whole && name.is_some_and(|name| may_name(name.as_bytes())))
}

fn is_plus_before(text: &str, start: usize) -> bool {
    text.as_bytes()[..start].ends_with(b"+")
}

/// Whether one of the names may be in it, but those of telephone numbers: they are Japanese, or end in `number` or
/// `bango`.
fn may_name(before: &[u8]) -> bool {
    let mut bs = memchr::memchr2_iter(b'b', b'B', before);
    bs.any(|at| at > 0 && matches!(before[at - 1], b'm' | b'M' | b'_')) || !before.is_ascii()
}

/// What the first digits can be, and how many of them, before a name is asked: behind them others may be grouped.
fn fitting(
    values: &[u8],
    is_begin: impl Fn(usize) -> bool,
) -> impl Iterator<Item = (&'static Number, usize)> {
    let all = NUMBERS.iter().flat_map(|number| {
        let lengths = number.lengths.iter();
        lengths.map(move |length| (number, *length))
    });
    all.filter(move |(number, length)| {
        let is_cut = values.len() > *length && !is_begin(*length);
        !is_cut && values.get(..*length).is_some_and(number.check)
    })
}

/// The values of the first digits, as many as the longest of these numbers has.
fn values(run: &[Digit]) -> ([u8; LENGTH_MAX + 1], usize) {
    let mut values = [0; LENGTH_MAX + 1];
    let mut count = 0;
    for (value, digit) in values.iter_mut().zip(run) {
        *value = digit.value;
        count += 1;
    }
    (values, count)
}

/// Whether a field of this name holds such a number.
pub(super) fn kind_of_field(name: &str, run: &[Digit]) -> Option<Kind> {
    let (values, count) = values(run);
    let mut fitting = fitting(&values[..count], |_| false).peekable();
    fitting.peek()?;
    let name = name.to_lowercase();
    let (number, _) = fitting.find(|(number, _)| number.is_named_in(&name))?;
    Some(number.kind)
}

fn named(text: &str, run: &[Digit]) -> Option<(Range<usize>, Kind)> {
    let (values, count) = values(run);
    let begins = |length: usize| !run[length].is_joined;
    let mut fitting = fitting(&values[..count], begins).peekable();
    fitting.peek()?;
    let start = run[0].from;
    let from = super::boundary(text, start.saturating_sub(NAME_MAX));
    // What another value stands between is another's name.
    let before = text[from..start].rsplit([',', ';', '{', '\n']).next()?;
    let before = before.to_lowercase();
    let (number, length) = fitting.find(|(number, _)| number.is_named_in(&before))?;
    Some((start..run[length - 1].to, number.kind))
}

fn my_number(digits: &[u8]) -> bool {
    let Some((check, rest)) = digits.split_last() else {
        return false;
    };
    let sum: u32 = rest
        .iter()
        .rev()
        .zip(1u32..)
        .map(|(digit, n)| u32::from(*digit) * if n <= 6 { n + 1 } else { n - 5 })
        .sum();
    let expected = match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    u32::from(*check) == expected
}

/// Its check digit is the first.
fn corporate(digits: &[u8]) -> bool {
    let Some((check, rest)) = digits.split_first() else {
        return false;
    };
    let sum: u32 = rest
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| u32::from(*digit) * if place % 2 == 0 { 1 } else { 2 })
        .sum();
    u32::from(*check) == 9 - sum % 9
}

/// Behind a `+`: a country and a number, 8 to 15 digits together.
fn is_international(text: &str, run: &[Digit]) -> bool {
    let before = text[..run[0].from - 1].chars().next_back();
    let is_sum = before.is_some_and(|c| c.is_alphanumeric());
    !is_sum && (8..=15).contains(&run.len()) && run[0].value != 0
}

/// `090-1234-5678`, `03-1234-5678`, `0120-123-456`: 0 first, two dashes that are alike. The end of one part of a UUID
/// and the two behind it look so too, now and then.
fn is_domestic(text: &str, run: &[Digit]) -> bool {
    const SHAPES: [&[usize]; 7] = [
        &[2, 4, 4],
        &[3, 3, 4],
        &[4, 2, 4],
        &[5, 1, 4],
        &[4, 3, 3],
        &[3, 4, 4],
        &[4, 3, 4],
    ];
    if run[0].value != 0 || !matches!(run.len(), 10 | 11) || run[1].value == 0 {
        return false;
    }
    let first = groups(run)[0];
    let dash = text[run[first - 1].to..].chars().next();
    let is_mobile = matches!(run[1].value, 5 | 7 | 8 | 9) && run[2].value == 0;
    SHAPES.contains(&&*groups(run))
        && matches!(dash, Some('-' | '‐' | '‑' | '−' | '－'))
        && is_even_between(text, run)
        && (run.len() == 10 || is_mobile)
        && !in_hex(text, run[0].from)
}
