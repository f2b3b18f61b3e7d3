//! A chunk: up to 120 samples of one series in one to two bytes each.
//!
//! Times are kept as a first step and the differences between steps, so a steady interval costs nothing.
//! Most values that
//! people measure are decimals with few digits (counts, milliseconds, percentages): they are kept as
//! integers times a power of ten, exactly or not at all, and then as differences. What does not fit (NaN,
//! infinities, a staleness marker among decimals) stands beside them as an exception. Values that are no
//! decimals are XORed with their predecessor. All three become numbers packed in groups of 32, each group
//! as wide as its widest number.
//!
//! Every value reads back with the same bits.

use promise::Timestamp;

use crate::{
    Sample,
    wire::{Reader, low_byte, put_signed, put_varint, unzigzag, zigzag},
};

/// Samples of a full chunk: half an hour at 15 s.
pub(super) const CHUNK_SAMPLES: usize = 120;
/// Numbers that share a width. Smaller groups isolate an outlier better but pay more for widths.
const GROUP: usize = 32;
/// The finest decimal tried: nanoseconds written in seconds.
const DECIMALS_MAX: u8 = 9;
/// The mode byte of a chunk whose values are no decimals.
const XOR: u8 = 0xff;
/// Integers beyond this are not exact in a double.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// Where and how long a chunk is, read without its samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub samples: usize,
    pub first: i64,
    pub last: i64,
}

/// Adds a chunk of `samples` (at least one, in order of time) to `out`.
pub(super) fn encode(samples: &[Sample], out: &mut Vec<u8>) {
    let times: Vec<i64> = samples.iter().map(|s| s.at.as_millis()).collect();
    let (Some(first), Some(last)) = (times.first(), times.last()) else {
        return;
    };
    let mut body = Vec::with_capacity(2 * samples.len());
    if let Some(step) = steps(&times).next() {
        put_signed(&mut body, step);
    }
    pack(&second_differences(&times), &mut body);
    encode_values(samples, &mut body);
    put_varint(out, samples.len() as u64);
    put_signed(out, *first);
    put_varint(out, last.wrapping_sub(*first).cast_unsigned());
    put_varint(out, body.len() as u64);
    out.extend_from_slice(&body);
}

/// Reads one chunk's head and gives its body; `None` where the bytes are no chunk.
pub(super) fn next<'b>(reader: &mut Reader<'b>) -> Option<(Span, &'b [u8])> {
    let samples = reader.len()?;
    let first = reader.signed()?;
    let last = first.wrapping_add(reader.varint()?.cast_signed());
    let len = reader.len()?;
    let body = reader.take(len)?;
    (1..=CHUNK_SAMPLES).contains(&samples).then_some((
        Span {
            samples,
            first,
            last,
        },
        body,
    ))
}

/// The samples of a chunk; `None` where the body is damaged.
pub(super) fn decode(span: Span, body: &[u8], out: &mut Vec<Sample>) -> Option<()> {
    let mut reader = Reader::new(body);
    let mut at = span.first;
    let mut times = Vec::with_capacity(span.samples);
    times.push(at);
    if span.samples > 1 {
        let mut step = reader.signed()?;
        at = at.wrapping_add(step);
        times.push(at);
        for second in unpack(&mut reader, span.samples - 2)? {
            step = step.wrapping_add(unzigzag(second));
            at = at.wrapping_add(step);
            times.push(at);
        }
    }
    let values = decode_values(&mut reader, span.samples)?;
    let samples = times.into_iter().zip(values);
    out.extend(samples.map(|(at, value)| Sample {
        at: Timestamp::from_millis(at),
        value,
    }));
    Some(())
}

fn encode_values(samples: &[Sample], out: &mut Vec<u8>) {
    let Some((decimals, integers, exceptions)) = as_decimals(samples) else {
        out.push(XOR);
        let mut before = 0;
        let xored: Vec<u64> = samples
            .iter()
            .map(|s| s.value.to_bits() ^ std::mem::replace(&mut before, s.value.to_bits()))
            .collect();
        pack(&xored, out);
        return;
    };
    out.push(decimals);
    put_varint(out, exceptions.len() as u64);
    for index in exceptions {
        out.push(low_byte(index as u64));
        out.extend_from_slice(&samples[index].value.to_bits().to_le_bytes());
    }
    put_signed(out, integers[0]);
    pack(&first_differences(&integers), out);
}

fn decode_values(reader: &mut Reader<'_>, n: usize) -> Option<Vec<f64>> {
    let decimals = reader.byte()?;
    if decimals == XOR {
        let mut bits = 0;
        let values = unpack(reader, n)?.into_iter().map(|xored| {
            bits ^= xored;
            f64::from_bits(bits)
        });
        return Some(values.collect());
    }
    let mut exceptions = Vec::new();
    for _ in 0..reader.len()?.min(n) {
        exceptions.push((
            usize::from(reader.byte()?),
            f64::from_bits(u64::from_le_bytes(reader.array()?)),
        ));
    }
    let mut integer = reader.signed()?;
    let mut values = Vec::with_capacity(n);
    values.push(from_decimal(integer, decimals)?);
    for difference in unpack(reader, n - 1)? {
        integer = integer.wrapping_add(unzigzag(difference));
        values.push(from_decimal(integer, decimals)?);
    }
    for (index, value) in exceptions {
        *values.get_mut(index)? = value;
    }
    Some(values)
}

/// The values as integers with so many decimals, and which of them are exceptions (those repeat their
/// predecessor). `None` where more than a quarter would be exceptions.
fn as_decimals(samples: &[Sample]) -> Option<(u8, Vec<i64>, Vec<usize>)> {
    let mut best: Option<(u8, Vec<i64>, Vec<usize>)> = None;
    for decimals in 0..=DECIMALS_MAX {
        let mut exceptions = Vec::new();
        let mut integers = Vec::with_capacity(samples.len());
        let fewest = best
            .as_ref()
            .map_or(samples.len() / 4 + 1, |(_, _, e)| e.len());
        for (index, sample) in samples.iter().enumerate() {
            if let Some(integer) = to_decimal(sample.value, decimals) {
                integers.push(integer);
            } else {
                integers.push(integers.last().copied().unwrap_or(0));
                exceptions.push(index);
                if exceptions.len() >= fewest {
                    break;
                }
            }
        }
        if exceptions.len() < fewest {
            let perfect = exceptions.is_empty();
            best = Some((decimals, integers, exceptions));
            if perfect {
                break;
            }
        }
    }
    best
}

const POWERS: [f64; DECIMALS_MAX as usize + 1] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

fn to_decimal(value: f64, decimals: u8) -> Option<i64> {
    let scaled = (value * POWERS[usize::from(decimals)]).round();
    // Also false for NaN. Zero with a minus sign fails the comparison of bits below.
    if scaled.abs() > EXACT_MAX || scaled.is_nan() {
        return None;
    }
    #[allow(clippy::cast_possible_truncation)]
    let integer = scaled as i64;
    (from_decimal(integer, decimals)?.to_bits() == value.to_bits()).then_some(integer)
}

fn from_decimal(integer: i64, decimals: u8) -> Option<f64> {
    #[allow(clippy::cast_precision_loss)]
    let integer = integer as f64;
    // Dividing by an exact power of ten rounds correctly: 1234 / 100 is the double nearest to 12.34.
    Some(integer / POWERS.get(usize::from(decimals))?)
}

fn steps(numbers: &[i64]) -> impl Iterator<Item = i64> {
    numbers.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]))
}

fn first_differences(numbers: &[i64]) -> Vec<u64> {
    steps(numbers).map(zigzag).collect()
}

fn second_differences(numbers: &[i64]) -> Vec<u64> {
    let next = steps(numbers).skip(1);
    steps(numbers)
        .zip(next)
        .map(|(step, next)| zigzag(next.wrapping_sub(step)))
        .collect()
}

/// Each group: its width in bits, then (unless 0) the zero bits that all its numbers end with, then the
/// numbers without those, low bits first.
fn pack(numbers: &[u64], out: &mut Vec<u8>) {
    for group in numbers.chunks(GROUP) {
        let all = group.iter().fold(0, |all, n| all | n);
        if all == 0 {
            out.push(0);
            continue;
        }
        let zeros = all.trailing_zeros();
        let width = u64::BITS - (all >> zeros).leading_zeros();
        out.push(low_byte(u64::from(width)));
        out.push(low_byte(u64::from(zeros)));
        let (mut bits, mut held) = (0u128, 0u32);
        for n in group {
            bits |= u128::from(n >> zeros) << held;
            held += width;
            while held >= 8 {
                out.push(bits.to_le_bytes()[0]);
                bits >>= 8;
                held -= 8;
            }
        }
        if held > 0 {
            out.push(bits.to_le_bytes()[0]);
        }
    }
}

fn unpack(reader: &mut Reader<'_>, n: usize) -> Option<Vec<u64>> {
    let mut numbers = Vec::with_capacity(n);
    while numbers.len() < n {
        let count = GROUP.min(n - numbers.len());
        let width = u32::from(reader.byte()?);
        if width == 0 {
            numbers.resize(numbers.len() + count, 0);
            continue;
        }
        let zeros = u32::from(reader.byte()?);
        if width + zeros > u64::BITS {
            return None;
        }
        let mut bytes = reader.take((count * width as usize).div_ceil(8))?.iter();
        let mask = u64::MAX >> (u64::BITS - width);
        let (mut bits, mut held) = (0u128, 0u32);
        for _ in 0..count {
            while held < width {
                bits |= u128::from(*bytes.next()?) << held;
                held += 8;
            }
            #[allow(clippy::cast_possible_truncation)]
            let low = bits as u64;
            numbers.push((low & mask) << zeros);
            bits >>= width;
            held -= width;
        }
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::cast_precision_loss)]

    use proptest::prelude::*;

    use super::*;
    use crate::metrics::STALE;

    fn samples(values: impl IntoIterator<Item = (i64, f64)>) -> Vec<Sample> {
        values
            .into_iter()
            .map(|(at, value)| Sample {
                at: Timestamp::from_millis(at),
                value,
            })
            .collect()
    }

    fn there_and_back(samples: &[Sample]) -> Vec<Sample> {
        let mut bytes = Vec::new();
        encode(samples, &mut bytes);
        let mut reader = Reader::new(&bytes);
        let (span, body) = next(&mut reader).unwrap();
        assert!(reader.is_empty());
        assert_eq!(span.first, samples[0].at.as_millis());
        assert_eq!(span.last, samples[samples.len() - 1].at.as_millis());
        let mut out = Vec::new();
        decode(span, body, &mut out).unwrap();
        out
    }

    fn bits(samples: &[Sample]) -> Vec<(i64, u64)> {
        samples
            .iter()
            .map(|s| (s.at.as_millis(), s.value.to_bits()))
            .collect()
    }

    #[test]
    fn a_small_chunk_is_laid_out_as_described() {
        // Times 1000, 2000, 3000: a first step of 1000 (zigzag 2000 = 0xd0 0x0f), then no difference.
        // Values 1.5, 2.5, 2.0 are 15, 25, 20 with 1 decimal: first 15 (zigzag 30), differences 10, -5,
        // as zigzag 20, 9: no common zero bits, width 5, 20 | 9 << 5 = 308 = 0x134: 0x34, 0x01.
        let mut bytes = Vec::new();
        encode(
            &samples([(1000, 1.5), (2000, 2.5), (3000, 2.0)]),
            &mut bytes,
        );
        let head = [3, 0xd0, 0x0f, 0xd0, 0x0f, 10]; // 3 samples; 1000 as zigzag 2000; span 2000; 10 bytes
        let times = [0xd0, 0x0f, 0];
        let values = [1, 0, 30, 5, 0, 0x34, 0x01];
        assert_eq!(bytes, [&head[..], &times, &values].concat());
    }

    #[test]
    fn a_steady_counter_takes_about_a_byte_a_sample() {
        // Every 15 s, and 1 to 100 events in between: 7 bits, as the lowest bit of zigzag is always 0.
        let mut total = 0;
        let counter = samples((0..120).map(|i: i64| {
            total += 1 + i * 37 % 100;
            (i * 15_000, total as f64)
        }));
        let mut bytes = Vec::new();
        encode(&counter, &mut bytes);
        // 119 differences of 7 bits take 105 bytes, four widths 8, four groups of no time difference 4; the
        // heads and first numbers take some 20.
        assert!(bytes.len() < 105 + 8 + 4 + 20, "{} bytes", bytes.len());
        assert_eq!(bits(&there_and_back(&counter)), bits(&counter));
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
        ];
        let alone = samples((0..).zip(odd));
        assert_eq!(bits(&there_and_back(&alone)), bits(&alone));
        let among: Vec<f64> = (0..40)
            .map(|i| {
                odd.get(i / 4)
                    .copied()
                    .filter(|_| i % 4 == 0)
                    .unwrap_or(12.34)
            })
            .collect();
        let among = samples((0..).zip(among));
        assert_eq!(bits(&there_and_back(&among)), bits(&among));
    }

    #[test]
    fn damaged_bytes_are_refused_or_read_but_never_panic() {
        let mut bytes = Vec::new();
        encode(
            &samples((0..50).map(|i| (i * 1000, i as f64 / 3.0))),
            &mut bytes,
        );
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                if let Some((span, body)) = next(&mut Reader::new(&flipped)) {
                    let _ = decode(span, body, &mut Vec::new());
                }
            }
        }
    }

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<u64>().prop_map(f64::from_bits),
            (-1_000_000i64..1_000_000).prop_map(|n| n as f64 / 100.0),
            (0u32..1000).prop_map(f64::from),
            Just(STALE),
        ]
    }

    proptest! {
        #[test]
        fn any_samples_read_back_bit_equal(
            times in prop::collection::btree_set(any::<i64>(), 1..=CHUNK_SAMPLES),
            values in prop::collection::vec(value(), CHUNK_SAMPLES),
        ) {
            let samples = samples(times.into_iter().zip(values));
            prop_assert_eq!(bits(&there_and_back(&samples)), bits(&samples));
        }
    }
}
