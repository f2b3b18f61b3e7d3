//! Floats as integers, exactly.
//!
//! Most values that people measure are decimals with few digits: counts, milliseconds, percentages. They are
//! kept as integers times a power of ten. What does not fit (NaN, infinities, a staleness marker) stands
//! beside them as an exception. Values that are no decimals are kept as their bits, in an order in which
//! near values have near numbers. Either are then kept as they are, as differences, or as differences of
//! differences, whichever is shorter. Every value reads back with the same bits.

use super::pack::{Effort, GROUP, pack, unpack};
use crate::wire::{Reader, put_float, put_signed, put_varint};

/// The finest decimal tried: picoseconds written in seconds.
const DECIMALS_MAX: u8 = 12;
const POWERS: [f64; DECIMALS_MAX as usize + 1] = [
    1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
];
/// Integers beyond this are not exact in a double.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
/// Below this size, adding and taking away 1.5 x 2^52 rounds to the nearest integer.
const ROUNDS_MAX: f64 = 2_251_799_813_685_248.0;
const ROUNDER: f64 = 6_755_399_441_055_744.0;
/// So many values that are no decimals at the start, and the rest is not tried.
const GIVE_UP: usize = 16;
/// What one more decimal place costs, in sixteenths of a bit (log2 10), and what an exception costs.
const PLACE_COST: usize = 53;
const EXCEPTION_COST: usize = 80 * 16;

/// The low half of the mode byte where it is no number of decimals.
const SAME: u8 = 14;
const BITS: u8 = 15;
/// Flags of the mode byte: the order of differences, and whether there are exceptions.
const ORDER_SHIFT: u8 = 4;
const EXCEPTIONS: u8 = 0x40;

/// A value as an integer with so many decimal places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub places: u8,
    pub integer: i64,
}

impl Decimal {
    pub const ZERO: Self = Self {
        places: 0,
        integer: 0,
    };

    /// With `guess` places, or as many as it needs. `None` where no such decimal has just these bits.
    pub fn of(value: f64, guess: u8) -> Option<Self> {
        let with = |places: u8| {
            let power = POWERS.get(usize::from(places))?;
            let integer = to_decimal(value, *power)?;
            Some(Self { places, integer })
        };
        with(guess).or_else(|| with(needed(value, guess)?))
    }

    /// With as few places as it needs; `guess` may be near.
    pub fn fewest(value: f64, guess: u8) -> Option<Self> {
        Self::of(value, needed(value, guess)?)
    }

    /// `None` where the places are more than any decimal here has.
    pub fn value(self) -> Option<f64> {
        let power = POWERS.get(usize::from(self.places))?;
        Some(from_decimal(self.integer, *power))
    }
}

/// Adds `values` (at least one) to `out`.
pub(crate) fn encode(values: &[f64], effort: Effort, out: &mut Vec<u8>) {
    let Some(first) = values.first() else { return };
    if values.iter().all(|v| v.to_bits() == first.to_bits()) {
        out.push(SAME);
        put_float(out, *first);
        return;
    }
    let (kind, integers, exceptions) = match as_decimals(values, effort) {
        Some((decimals, integers, exceptions)) => (decimals, integers, exceptions),
        None => (
            BITS,
            values.iter().map(|v| ordered(*v)).collect(),
            Vec::new(),
        ),
    };
    let order = match effort {
        Effort::Quick => 1,
        Effort::Thorough => best_order(&integers),
    };
    let flag = if exceptions.is_empty() { 0 } else { EXCEPTIONS };
    out.push(kind | order << ORDER_SHIFT | flag);
    if !exceptions.is_empty() {
        put_varint(out, exceptions.len() as u64);
        let mut before = 0;
        for index in exceptions {
            put_varint(out, (index - before) as u64);
            put_float(out, values[index]);
            before = index;
        }
    }
    put_integers(integers, order, effort, out);
}

fn put_integers(mut integers: Vec<i64>, order: u8, effort: Effort, out: &mut Vec<u8>) {
    for done in 0..usize::from(order).min(integers.len()) {
        put_signed(out, integers[done]);
        for i in (done + 1..integers.len()).rev() {
            integers[i] = integers[i].wrapping_sub(integers[i - 1]);
        }
    }
    let heads = usize::from(order).min(integers.len());
    pack(&integers[heads..], effort, out);
}

/// The order of differences that makes the first group shortest.
fn best_order(integers: &[i64]) -> u8 {
    let sample = &integers[..integers.len().min(GROUP)];
    let size = |order: &u8| {
        let mut out = Vec::with_capacity(2 * GROUP);
        put_integers(sample.to_vec(), *order, Effort::Thorough, &mut out);
        out.len()
    };
    [1, 0, 2].into_iter().min_by_key(size).unwrap_or(1)
}

/// Reads `n` values, and gives those from `skip` on to `each`. `scratch` saves an allocation a chunk.
pub(crate) fn decode(
    reader: &mut Reader<'_>,
    n: usize,
    skip: usize,
    scratch: &mut Vec<i64>,
    mut each: impl FnMut(f64),
) -> Option<()> {
    let mode = reader.byte()?;
    let kind = mode & 0x0f;
    if kind == SAME {
        let value = reader.float()?;
        (skip..n).for_each(|_| each(value));
        return Some(());
    }
    let mut exceptions = Vec::new();
    if mode & EXCEPTIONS != 0 {
        let mut at = 0usize;
        for _ in 0..reader.varint()? {
            at = at.checked_add(reader.len()?)?;
            exceptions.push((at, reader.float()?));
        }
    }
    integers(reader, n, (mode >> ORDER_SHIFT) & 3, scratch)?;
    let wanted = scratch.get(skip..)?;
    if kind == BITS {
        wanted.iter().for_each(|n| each(from_ordered(*n)));
        return Some(());
    }
    let power = *POWERS.get(usize::from(kind))?;
    if exceptions.is_empty() && kind == 0 {
        #[allow(clippy::cast_precision_loss)]
        wanted.iter().for_each(|n| each(*n as f64));
    } else if exceptions.is_empty() {
        wanted.iter().for_each(|n| each(from_decimal(*n, power)));
    } else {
        let mut next = exceptions
            .into_iter()
            .skip_while(|(at, _)| *at < skip)
            .peekable();
        for (i, n) in wanted.iter().enumerate() {
            let exception = next.next_if(|(at, _)| *at == skip + i);
            each(exception.map_or_else(|| from_decimal(*n, power), |(_, value)| value));
        }
    }
    Some(())
}

fn integers(reader: &mut Reader<'_>, n: usize, order: u8, out: &mut Vec<i64>) -> Option<()> {
    out.clear();
    let heads = usize::from(order).min(n);
    for _ in 0..heads {
        out.push(reader.signed()?);
    }
    unpack(reader, n - heads, out)?;
    for done in (0..heads).rev() {
        let mut sum = *out.get(done)?;
        for n in out.get_mut(done + 1..)? {
            sum = sum.wrapping_add(*n);
            *n = sum;
        }
    }
    Some(())
}

/// The values as integers with so many decimals, and which of them are exceptions (those repeat their
/// predecessor). `None` where too many would be exceptions.
fn as_decimals(values: &[f64], effort: Effort) -> Option<(u8, Vec<i64>, Vec<usize>)> {
    if effort == Effort::Quick
        && let Some((decimals, integers)) = all_decimals(values)
    {
        return Some((decimals, integers, Vec::new()));
    }
    let decimals = decimals_of(values)?;
    let power = POWERS[usize::from(decimals)];
    let mut integers = Vec::with_capacity(values.len());
    let mut exceptions = Vec::new();
    let mut before = values.iter().find_map(|v| to_decimal(*v, power))?;
    for (index, value) in values.iter().enumerate() {
        match to_decimal(*value, power) {
            Some(integer) => before = integer,
            None => exceptions.push(index),
        }
        integers.push(before);
    }
    (exceptions.len() <= values.len() / 4).then_some((decimals, integers, exceptions))
}

/// All values with the decimals of three of them, which is what a gauge or a counter nearly always has. Where they are
/// too many, what the integers have in common is taken out of them again.
fn all_decimals(values: &[f64]) -> Option<(u8, Vec<i64>)> {
    let mut decimals = 0;
    for place in [0, values.len() / 2, values.len().checked_sub(1)?] {
        decimals = needed(*values.get(place)?, decimals)?.max(decimals);
    }
    let power = POWERS[usize::from(decimals)];
    let integers: Option<Vec<i64>> = values.iter().map(|v| to_decimal(*v, power)).collect();
    Some((decimals, integers?))
}

/// The number of decimals with which all is shortest.
fn decimals_of(values: &[f64]) -> Option<u8> {
    let mut counts = [0usize; DECIMALS_MAX as usize + 1];
    let (mut found, mut last) = (0, 0);
    for (seen, value) in values.iter().enumerate() {
        if let Some(decimals) = needed(*value, last) {
            counts[usize::from(decimals)] += 1;
            found += 1;
            last = decimals;
        } else if found == 0 && seen >= GIVE_UP {
            return None;
        }
    }
    let finest = (0..=DECIMALS_MAX)
        .rev()
        .find(|d| counts[usize::from(*d)] > 0)?;
    let cost = |decimals: u8| {
        let beyond: usize = counts[usize::from(decimals) + 1..].iter().sum();
        usize::from(decimals) * PLACE_COST * values.len() + beyond * EXCEPTION_COST
    };
    (0..=finest).min_by_key(|decimals| cost(*decimals))
}

/// The fewest decimals that write `value` exactly. `guess` was right for its neighbour.
fn needed(value: f64, guess: u8) -> Option<u8> {
    let fits = |decimals: u8| to_decimal(value, POWERS[usize::from(decimals)]).is_some();
    if fits(guess) {
        let mut least = guess;
        while least > 0 && fits(least - 1) {
            least -= 1;
        }
        return Some(least);
    }
    if !value.is_finite() {
        return None;
    }
    (guess + 1..=DECIMALS_MAX)
        .find(|d| fits(*d))
        .or_else(|| (0..guess).find(|d| fits(*d)))
}

fn to_decimal(value: f64, power: f64) -> Option<i64> {
    let scaled = value * power;
    let rounded = if scaled.abs() < ROUNDS_MAX {
        (scaled + ROUNDER) - ROUNDER
    } else {
        scaled.round()
    };
    // Also false for NaN. Zero with a minus sign fails the comparison of bits below.
    if rounded.is_nan() || rounded.abs() > EXACT_MAX {
        return None;
    }
    #[allow(clippy::cast_possible_truncation)]
    let integer = rounded as i64;
    (from_decimal(integer, power).to_bits() == value.to_bits()).then_some(integer)
}

/// Dividing by an exact power of ten rounds correctly: 1234 / 100 is the double nearest to 12.34.
fn from_decimal(integer: i64, power: f64) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let integer = integer as f64;
    // Most are whole, and dividing takes longest.
    if power == 1.0 {
        integer
    } else {
        integer / power
    }
}

/// The bits as a number that grows with the value.
fn ordered(value: f64) -> i64 {
    let bits = value.to_bits().cast_signed();
    bits ^ ((bits >> 63) & i64::MAX)
}

fn from_ordered(n: i64) -> f64 {
    f64::from_bits((n ^ ((n >> 63) & i64::MAX)).cast_unsigned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::cast_precision_loss)]

    use super::*;
    use crate::metrics::STALE;

    fn size(values: &[f64], effort: Effort) -> usize {
        let mut bytes = Vec::new();
        encode(values, effort, &mut bytes);
        for skip in [0, values.len() / 2, values.len() - 1] {
            let mut back = Vec::new();
            let mut reader = Reader::new(&bytes);
            decode(&mut reader, values.len(), skip, &mut Vec::new(), |v| {
                back.push(v.to_bits())
            })
            .unwrap();
            assert!(reader.is_empty());
            let wanted: Vec<u64> = values[skip..].iter().map(|v| v.to_bits()).collect();
            assert_eq!(back, wanted);
        }
        bytes.len()
    }

    #[test]
    fn odd_values_keep_their_bits() {
        let odd = [
            STALE,
            f64::NAN,
            -f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            -0.0,
            0.0,
            f64::MIN_POSITIVE,
            5e-324,
            f64::MAX,
            f64::MIN,
        ];
        for effort in [Effort::Quick, Effort::Thorough] {
            size(&odd, effort);
            for value in odd {
                size(&[value], effort);
                size(&[1.25, value, 2.5, 3.75, 1.0, 2.0, 3.0, 4.0], effort);
            }
        }
    }

    #[test]
    fn what_never_changes_costs_nothing() {
        assert_eq!(
            size(&[1.0; 500], Effort::Thorough),
            4,
            "the mode, and 1 in 3 bytes"
        );
    }

    #[test]
    fn a_counter_costs_the_bits_of_its_increments() {
        // 1 to 100 at a time: 7 bits, so 511 differences take 448 bytes; four groups have heads of 3.
        let counter: Vec<f64> = (0..512i64)
            .scan(0, |sum, i| {
                *sum += 1 + i * 37 % 100;
                Some(*sum as f64)
            })
            .collect();
        assert!(size(&counter, Effort::Thorough) <= 448 + 4 * 3 + 4);
    }

    #[test]
    fn noise_about_a_level_is_not_made_wider_by_differences() {
        // 0.00 to 0.99 about 50: 7 bits as it is, 8 as differences. 512 times 7 bits are 448 bytes.
        let noise: Vec<f64> = (0..512)
            .map(|i| (5000 + i * 7919 % 100) as f64 / 100.0)
            .collect();
        assert!(size(&noise, Effort::Thorough) <= 448 + 4 * 5 + 2);
    }

    #[test]
    fn one_value_that_is_no_decimal_leaves_the_others_short() {
        let mut gauge: Vec<f64> = (0..128).map(|i| f64::from(i % 4) / 10.0).collect();
        gauge[60] = 1.0 / 3.0;
        gauge[61] = STALE;
        // 2 bits each are 32 bytes; the exceptions take 10 each, and heads and counts a few.
        assert!(size(&gauge, Effort::Thorough) <= 32 + 2 * 10 + 8);
    }
}
