//! Both messages, written and read back, and what is not one of them.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use promise::Timestamp;
use promql::series::{
    Buckets, CUSTOM_BOUNDS, Exemplar, Histogram, HistogramSample, Labels, Reset, STALE, Sample,
    Series, Span,
};
use proptest::prelude::*;

use super::*;

/// The series of a message, each label made anew, and what is told of metrics.
fn all(message: Message, bytes: &[u8]) -> Result<(Vec<Series>, Vec<Metadata>), Error> {
    let mut series = Vec::new();
    let mut told = Vec::new();
    let mut about = Vec::new();
    let note = |about: &Described<'_>, metric: &str| Metadata {
        metric: metric.to_owned(),
        kind: about.kind.to_owned(),
        help: about.help.to_owned(),
        unit: about.unit.to_owned(),
    };
    read(
        message,
        bytes,
        Seed::random(),
        &mut |entry| {
            let labels = entry.labels.labels()?;
            told.extend(entry.about.map(|about| note(&about, labels.metric())));
            series.push(Series {
                labels,
                samples: entry.samples.clone(),
                histograms: entry.histograms.clone(),
                exemplars: entry.exemplars.clone(),
            });
            Ok(())
        },
        &mut |one| about.push(note(&one, one.metric.unwrap_or_default())),
    )?;
    about.extend(told);
    Ok((series, about))
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// `prometheus.WriteRequest`, spelled by hand from the .proto: one series `up{job="a"} 1 @ 1500`, then a
/// counter's metadata.
const FIRST: &[u8] = b"\x0a\x2a\
    \x0a\x0e\x0a\x08__name__\x12\x02up\
    \x0a\x08\x0a\x03job\x12\x01a\
    \x12\x0c\x09\0\0\0\0\0\0\xf0\x3f\x10\xdc\x0b\
    \x1a\x00\
    \x1a\x0b\x08\x01\x12\x02up\x22\x01h\x2a\x00";

/// The same series by symbols, a unit in its metadata.
const SECOND: &[u8] = b"\
    \x22\x00\x22\x08__name__\x22\x02up\x22\x03job\x22\x01a\
    \x2a\x1a\
    \x0a\x04\x01\x02\x03\x04\
    \x12\x0c\x09\0\0\0\0\0\0\xf0\x3f\x10\xdc\x0b\
    \x2a\x04\x08\x02\x20\x04";

#[test]
fn messages_are_read_as_their_definitions_say() {
    let expected = Series::new(
        Labels::new([("__name__", "up"), ("job", "a")]),
        vec![Sample {
            at: at(1500),
            value: 1.0,
        }],
    );
    let (series, about) = all(Message::V1, FIRST).unwrap();
    // The empty exemplar stands at 1970 with the value 0, as protobuf has it for what is left out.
    assert_eq!(series[0].exemplars.len(), 1);
    assert_eq!(series[0].labels, expected.labels);
    assert_eq!(series[0].samples, expected.samples);
    assert_eq!((&*about[0].kind, &*about[0].help), ("counter", "h"));
    let (series, about) = all(Message::V2, SECOND).unwrap();
    assert_eq!(series, [expected]);
    assert_eq!((&*about[0].kind, &*about[0].unit), ("gauge", "a"));
}

#[test]
fn integer_histograms_are_sums_of_their_differences() {
    // Counts 3, 2, 4 of buckets 1, 2 and 5: differences 3, -1, +2, zigzag 6, 1, 4; spans (1, 2) and (2, 1).
    let histogram = b"\x22\x20\x08\x0c\x19\0\0\0\0\0\0\x04\x40\x20\x06\x30\x03\
        \x5a\x04\x08\x02\x10\x02\x5a\x04\x08\x04\x10\x01\x62\x03\x06\x01\x04";
    let mut message = vec![0x0a, u8::try_from(histogram.len()).unwrap()];
    message.extend(histogram);
    let (series, _) = all(Message::V1, &message).unwrap();
    let value = &*series[0].histograms[0].value;
    assert_eq!((value.count, value.zero_count), (12.0, 3.0));
    assert_eq!((value.sum, value.schema), (2.5, 3));
    let buckets: Vec<_> = value.positive.iter().collect();
    assert_eq!(buckets, [(1, 3.0), (2, 2.0), (5, 4.0)]);
}

#[test]
fn what_a_content_type_names() {
    for (text, message) in [
        ("application/x-protobuf", Some(Message::V1)),
        (
            "Application/X-Protobuf; proto=prometheus.WriteRequest",
            Some(Message::V1),
        ),
        (
            "application/x-protobuf;proto=io.prometheus.write.v2.Request",
            Some(Message::V2),
        ),
        (
            "application/x-protobuf;proto=io.prometheus.write.v3.Request",
            None,
        ),
        ("application/json", None),
        ("", None),
    ] {
        assert_eq!(Message::of_content_type(text), message, "{text}");
    }
}

#[test]
fn labels_after_samples_are_labels_too() {
    let message = b"\x0a\x19\x12\x09\x09\0\0\0\0\0\0\xf0\x3f\x0a\x0c\x0a\x08__name__\x12\0";
    let (series, _) = all(Message::V1, message).unwrap();
    assert_eq!(series[0].samples[0].value, 1.0);
    let named = b"\x0a\x1b\x12\x09\x09\0\0\0\0\0\0\xf0\x3f\x0a\x0e\x0a\x08__name__\x12\x02up";
    assert_eq!(all(Message::V1, named).unwrap().0[0].labels.metric(), "up");
}

#[test]
fn what_is_wrong_is_named() {
    for (message, bytes, error) in [
        (
            Message::V2,
            &b"\x2a\x04\x0a\x02\x00\x01"[..],
            Error::NoSymbol(0),
        ),
        (
            Message::V2,
            b"\x22\x00\x2a\x03\x0a\x01\x00",
            Error::OddLabels,
        ),
        (Message::V1, b"\x0a\x05", protobuf::Error::CutOff.into()),
        (
            Message::V1,
            b"\x0a\x02\x12\x05",
            protobuf::Error::CutOff.into(),
        ),
        (
            Message::V1,
            b"\x0a\x04\x22\x02\x20\x12",
            Error::Histogram("its schema is not known"),
        ),
        (
            Message::V1,
            b"\x0a\x08\x22\x06\x5a\x04\x08\x02\x10\x02",
            Error::Histogram("the spans do not name its buckets"),
        ),
        (
            Message::V1,
            b"\x0a\x0b\x22\x09\x5a\x04\x08\x02\x10\x01\x62\x01\x01",
            Error::Histogram("a bucket holds less than nothing"),
        ),
    ] {
        assert_eq!(all(message, bytes).unwrap_err(), error);
    }
}

#[test]
fn a_bomb_is_refused_before_it_goes_off() {
    // A Snappy block begins with its unpacked length: here 32 MiB and one byte.
    assert_eq!(
        unpack(Encoding::Snappy, b"\x81\x80\x80\x10").unwrap_err(),
        Error::TooLarge
    );
    let packed = zstd::bulk::compress(&vec![0; UNPACKED_MAX + 1], 1).unwrap();
    assert_eq!(
        unpack(Encoding::Zstd, &packed).unwrap_err(),
        Error::TooLarge
    );
    let packed = zstd::bulk::compress(FIRST, 1).unwrap();
    assert_eq!(unpack(Encoding::Zstd, &packed).unwrap(), FIRST);
    assert!(matches!(
        unpack(Encoding::Snappy, b""),
        Err(Error::Packed(_))
    ));
    let empty: Vec<u8> = std::iter::repeat_n([0x0a, 0], read::ITEMS_MAX + 1)
        .flatten()
        .collect();
    assert!(matches!(
        all(Message::V1, &empty),
        Err(Error::TooMany { .. })
    ));
}

#[test]
fn a_series_has_one_hash_wherever_its_symbols_stand() {
    let one = |job: &str| Series::new(Labels::new([("__name__", "up"), ("job", job)]), vec![]);
    let seed = Seed::random();
    let hashes = |message: Message, series: &[Series]| {
        let mut hashes = Vec::new();
        let bytes = message.write(series, &[]);
        let each = &mut |entry: &mut Entry<'_>| {
            hashes.push(entry.labels.hash(seed));
            Ok(())
        };
        read(message, &bytes, seed, each, &mut |_| {}).unwrap();
        hashes
    };
    for message in [Message::V1, Message::V2] {
        let there = hashes(message, &[one("a"), one("b")]);
        let back = hashes(message, &[one("b"), one("a")]);
        assert_eq!([there[0], there[1]], [back[1], back[0]]);
        assert_ne!(there[0], there[1]);
    }
}

fn labels() -> impl Strategy<Value = Labels> {
    let name = prop_oneof![Just("__name__".to_owned()), "[a-z]{1,3}", "\\PC{1,4}"];
    proptest::collection::vec((name, "\\PC{0,140}"), 0..6).prop_map(Labels::new)
}

fn floats() -> impl Strategy<Value = f64> {
    prop_oneof![Just(STALE), Just(-0.0), any::<f64>()]
}

fn counts(len: usize) -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(0.0..1e15f64, len)
}

prop_compose! {
    fn buckets()(spans in proptest::collection::vec((-9i32..9, 1u32..4), 0..4))
        (counts in counts(spans.iter().map(|(_, len)| *len as usize).sum()), spans in Just(spans)) -> Buckets {
        let spans = spans.into_iter().map(|(offset, len)| Span { offset, len }).collect();
        Buckets { spans, counts }
    }
}

fn histograms() -> impl Strategy<Value = Histogram> {
    let own = (
        buckets(),
        buckets(),
        -4i8..=8,
        floats(),
        0.0..9f64,
        0.0..9f64,
    )
        .prop_map(
            |(positive, negative, schema, sum, zero_threshold, zero_count)| Histogram {
                schema,
                reset: Reset::Gauge,
                count: 7.5,
                sum,
                zero_threshold,
                zero_count,
                positive,
                negative,
                custom_bounds: Vec::new(),
            },
        );
    let bounded = counts(3).prop_map(|counts| Histogram {
        schema: CUSTOM_BOUNDS,
        count: counts.iter().sum(),
        sum: 1.0,
        positive: Buckets {
            spans: vec![Span { offset: 0, len: 3 }],
            counts,
        },
        custom_bounds: vec![-1.0, 2.5],
        ..Histogram::default()
    });
    prop_oneof![own, bounded, Just(Histogram::stale())]
}

prop_compose! {
    fn series()(
        labels in labels(),
        samples in proptest::collection::vec((any::<i64>(), floats()), 0..4),
        histograms in proptest::collection::vec((any::<i64>(), histograms()), 0..3),
        exemplars in proptest::collection::vec((labels(), any::<i64>(), floats()), 0..2),
    ) -> Series {
        Series {
            labels,
            samples: samples.into_iter().map(|(t, value)| Sample { at: at(t), value }).collect(),
            histograms: histograms
                .into_iter()
                .map(|(t, value)| HistogramSample { at: at(t), value: Arc::new(value) })
                .collect(),
            exemplars: exemplars
                .into_iter()
                .map(|(labels, t, value)| Exemplar { labels, at: at(t), value })
                .collect(),
        }
    }
}

/// Texts, so that NaNs with the same bits are equal and others are not.
fn shown(series: &[Series]) -> Vec<String> {
    let bits =
        |one: &Series| -> Vec<u64> { one.samples.iter().map(|s| s.value.to_bits()).collect() };
    series
        .iter()
        .map(|one| format!("{one:?} {:?}", bits(one)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_is_read_back(all_series in proptest::collection::vec(series(), 0..4), second: bool) {
        let message = if second { Message::V2 } else { Message::V1 };
        let packed = pack(&message.write(&all_series, &[]));
        let bytes = unpack(Encoding::Snappy, &packed).unwrap();
        let (read, _) = all(message, &bytes).unwrap();
        prop_assert_eq!(shown(&read), shown(&all_series));
    }

    /// Cut, flipped or invented: an answer or a mistake, never a panic.
    #[test]
    fn no_bytes_make_it_panic(
        one in series(),
        second: bool,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..6),
        cut: proptest::sample::Index,
        noise: Vec<u8>,
    ) {
        let message = if second { Message::V2 } else { Message::V1 };
        let mut bytes = message.write(&[one], &[]);
        bytes.push(0);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let _ = all(message, &bytes);
        bytes.truncate(cut.index(bytes.len()));
        let _ = all(message, &bytes);
        let _ = all(message, &noise);
        let _ = unpack(Encoding::Snappy, &noise);
        let _ = unpack(Encoding::Zstd, &noise);
    }
}
