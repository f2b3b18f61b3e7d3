//! Chunks read back bit by bit, and damage never panics.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss)]

use proptest::prelude::*;

use super::*;
use crate::metrics::STALE;

const ALL: (i64, i64) = (i64::MIN, i64::MAX);

fn samples(values: impl IntoIterator<Item = (i64, f64)>) -> Vec<Sample> {
    let sample = |(at, value)| Sample {
        at: Timestamp::from_millis(at),
        value,
    };
    values.into_iter().map(sample).collect()
}

fn bits(samples: &[Sample]) -> Vec<(i64, u64)> {
    samples
        .iter()
        .map(|s| (s.at.as_millis(), s.value.to_bits()))
        .collect()
}

fn there_and_back(samples: &[Sample], base: i64) -> usize {
    let mut size = 0;
    for effort in [Effort::Quick, Effort::Thorough] {
        let (mut bytes, mut builder) = (Vec::new(), ColumnsBuilder::default());
        encode(samples, base, effort, Some(&mut builder), &mut bytes);
        size = bytes.len();
        encode(samples, base, effort, None, &mut bytes);
        let columns = Columns::read(builder.finish()).unwrap();
        let (mut reader, mut decoder) = (Reader::new(&bytes), Decoder::default());
        for _ in 0..2 {
            let (span, body) = next(&mut reader, base).unwrap();
            assert_eq!(span.first, samples[0].at.as_millis());
            assert_eq!(span.last, samples[samples.len() - 1].at.as_millis());
            let mut out = Vec::new();
            decoder
                .samples((span, body), &columns, ALL, &mut out)
                .unwrap();
            assert_eq!(bits(&out), bits(samples));
        }
        assert!(reader.is_empty());
    }
    size
}

#[test]
fn a_steady_interval_costs_one_byte() {
    // 2 bytes for 480, 1 for the distance 0 to the base, 4 for 7,185,000 ms, 1 for the body's length; then 1 for
    // the times and 4 for a constant 1.
    let steady = samples((0..480).map(|i| (i * 15_000, 1.0)));
    assert_eq!(there_and_back(&steady, 0), 2 + 1 + 4 + 1 + 1 + 4);
}

#[test]
fn times_that_series_share_are_written_once() {
    let jitter = |i: i64| i * 15_000 + i * i % 7;
    let (mut bytes, mut columns) = (Vec::new(), ColumnsBuilder::default());
    for series in 0..100 {
        let one = samples((0..120).map(|i| (jitter(i), (series + i) as f64)));
        encode(&one, 0, Effort::Thorough, Some(&mut columns), &mut bytes);
    }
    let column = columns.finish().len();
    assert!(
        column < 120,
        "119 steps of 4 bits, and what is around them: {column}"
    );
    // Each series rises by 1 a sample: a head of at most 8 bytes, 2 for the times and 6 for the values.
    assert!(bytes.len() <= 100 * 16, "{}", bytes.len());
}

#[test]
fn columns_of_the_same_bytes_but_other_lengths_are_not_mixed_up() {
    // One outlier among steps of 3: the packed bytes are the same for 10 samples and for 12.
    let with_gap =
        |n: i64| samples((0..n).map(|i| (i * 3 + if i > 4 { 1_000_000 } else { 0 }, 1.0)));
    let (mut bytes, mut builder) = (Vec::new(), ColumnsBuilder::default());
    for n in [10, 12, 10] {
        encode(
            &with_gap(n),
            0,
            Effort::Thorough,
            Some(&mut builder),
            &mut bytes,
        );
    }
    let columns = Columns::read(builder.finish()).unwrap();
    let (mut reader, mut decoder) = (Reader::new(&bytes), Decoder::default());
    for n in [10, 12, 10] {
        let mut out = Vec::new();
        decoder
            .samples(next(&mut reader, 0).unwrap(), &columns, ALL, &mut out)
            .unwrap();
        assert_eq!(bits(&out), bits(&with_gap(n)));
    }
}

#[test]
fn stretches_end_where_those_of_a_series_that_began_earlier_end() {
    let series = |from: i64| samples((from..2000).map(|i| (i * 15_000, 0.0)));
    let (long, short) = (series(0), series(700));
    let ends = |samples: &[Sample]| {
        stretches(samples)
            .map(|s| s[s.len() - 1].at)
            .collect::<Vec<_>>()
    };
    assert_eq!(ends(&long)[1..], ends(&short)[..]);
    // Two hours at 15 s.
    assert_eq!(stretches(&long).next().unwrap().len(), 480);
    assert!(stretches(&samples((0..5000).map(|i| (i, 0.0)))).all(|s| s.len() <= CHUNK_SAMPLES));
}

#[test]
fn only_what_is_asked_for_is_given() {
    let all = samples((0..300).map(|i| (i * 1000, i as f64 / 4.0)));
    let mut bytes = Vec::new();
    encode(&all, 0, Effort::Thorough, None, &mut bytes);
    let chunk = next(&mut Reader::new(&bytes), 0).unwrap();
    let mut out = Vec::new();
    let columns = Columns::default();
    Decoder::default()
        .samples(chunk, &columns, (100_500, 200_000), &mut out)
        .unwrap();
    assert_eq!(bits(&out), bits(&all[101..=200]));
}

#[test]
fn damaged_bytes_are_refused_or_read_but_never_panic() {
    let mut bytes = Vec::new();
    let odd = samples((0..50).map(|i| {
        (
            i * 1000 + i % 3,
            if i == 20 { STALE } else { i as f64 / 3.0 },
        )
    }));
    encode(&odd, 0, Effort::Thorough, None, &mut bytes);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            if let Some(chunk) = next(&mut Reader::new(&flipped), 0) {
                let _ =
                    Decoder::default().samples(chunk, &Columns::default(), ALL, &mut Vec::new());
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
        base in any::<i64>(),
    ) {
        there_and_back(&samples(times.into_iter().zip(values)), base);
    }

    #[test]
    fn near_times_read_back(steps in prop::collection::vec(1i64..100, 1..300)) {
        let times = steps.iter().scan(0, |at, step| { *at += step; Some(*at) });
        there_and_back(&samples(times.map(|at| (at, at as f64 / 8.0))), -5);
    }
}
