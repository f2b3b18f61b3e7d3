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
    digits::{Digit, groups, is_even_between},
    pan::luhn,
};

/// A name stands within so many bytes before its number: `個人番号(マイナンバー): `.
const NAME_MAX: usize = 48;

/// What a number is called, how many digits it has, and its check.
struct Number {
    kind: Kind,
    names: &'static [&'static str],
    lengths: &'static [usize],
    check: fn(&[Digit]) -> bool,
}

const NUMBERS: [Number; 5] = [
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
        check: |digits| digits[0].value == 0,
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

/// Whether a field of this name holds such a number.
pub(super) fn kind_of_field(name: &str, digits: &[Digit]) -> Option<Kind> {
    let name = name.to_lowercase();
    let fits = |number: &&Number| {
        number.lengths.contains(&digits.len())
            && number.names.iter().any(|known| name.contains(known))
            && (number.check)(digits)
    };
    NUMBERS.iter().find(fits).map(|number| number.kind)
}

fn named(text: &str, run: &[Digit]) -> Option<(Range<usize>, Kind)> {
    let start = run[0].from;
    let from = super::boundary(text, start.saturating_sub(NAME_MAX));
    // What another value stands between is another's name.
    let before = text[from..start].rsplit([',', ';', '{', '\n']).next()?;
    if !before
        .bytes()
        .any(|byte| byte.is_ascii_alphabetic() || byte >= 0x80)
    {
        return None;
    }
    let before = before.to_lowercase();
    for number in &NUMBERS {
        if !number.names.iter().any(|name| before.contains(name)) {
            continue;
        }
        // Behind the number may stand others that are grouped with it.
        for length in number.lengths {
            let Some(digits) = run.get(..*length) else {
                continue;
            };
            let is_cut = run.get(*length).is_some_and(|next| next.is_joined);
            if !is_cut && (number.check)(digits) {
                return Some((start..digits[length - 1].to, number.kind));
            }
        }
    }
    None
}

fn my_number(digits: &[Digit]) -> bool {
    let Some((check, rest)) = digits.split_last() else {
        return false;
    };
    let sum: u32 = rest
        .iter()
        .rev()
        .zip(1u32..)
        .map(|(digit, n)| u32::from(digit.value) * if n <= 6 { n + 1 } else { n - 5 })
        .sum();
    let expected = match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    u32::from(check.value) == expected
}

/// Its check digit is the first.
fn corporate(digits: &[Digit]) -> bool {
    let Some((check, rest)) = digits.split_first() else {
        return false;
    };
    let sum: u32 = rest
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| u32::from(digit.value) * if place % 2 == 0 { 1 } else { 2 })
        .sum();
    u32::from(check.value) == 9 - sum % 9
}

/// Behind a `+`: a country and a number, 8 to 15 digits together.
fn is_international(text: &str, run: &[Digit]) -> bool {
    let before = text[..run[0].from - 1].chars().next_back();
    let is_sum = before.is_some_and(|c| c.is_alphanumeric());
    !is_sum && (8..=15).contains(&run.len()) && run[0].value != 0
}

/// `090-1234-5678`, `03-1234-5678`, `0120-123-456`: 0 first, two dashes that are alike.
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
}
