//! A target that answers in protocol buffers: `io.prometheus.client.MetricFamily`, each behind its length.

use store::{
    metrics::Span,
    protobuf::{Writer, zigzag},
};

use crate::house::{House, reply, scrape, server, sources, value};

const KIND: &str = "200 OK\r\nContent-Type: application/vnd.google.protobuf; \
    proto=io.prometheus.client.MetricFamily; encoding=delimited";

fn family(out: &mut Vec<u8>, name: &str, kind: u64, metric: impl FnOnce(&mut Writer)) {
    let mut family = Writer::default();
    family
        .text(1, name)
        .text(2, "Help.")
        .uint(3, kind)
        .message(4, metric);
    let family = family.into_bytes();
    let mut length = Writer::default();
    length.varint(family.len() as u64);
    out.extend(length.into_bytes());
    out.extend(family);
}

fn label(out: &mut Writer, name: &str, text: &str) {
    out.message(1, |pair| {
        pair.text(1, name).text(2, text);
    });
}

fn exemplar(out: &mut Writer, field: u32, observed: f64) {
    out.message(field, |mark| {
        label(mark, "trace_id", "abc");
        mark.double(2, observed).message(3, |at| {
            at.uint(1, 1_700_000_000).uint(2, 500_000_000);
        });
    });
}

/// A counter with an exemplar, a summary, and a histogram with two classic buckets and native ones: schema 3,
/// spans of two and one bucket, deltas 1, 1, -1, which are the counts 1, 2, 1.
fn body() -> Vec<u8> {
    let mut out = Vec::new();
    family(&mut out, "pay_total", 0, |metric| {
        label(metric, "code", "200");
        metric.message(3, |counter| {
            counter.double(1, 7.0);
            exemplar(counter, 2, 0.5);
        });
    });
    family(&mut out, "wait", 2, |metric| {
        metric.message(4, |summary| {
            summary.uint(1, 3).double(2, 6.0).message(3, |quantile| {
                quantile.double(1, 0.5).double(2, 2.0);
            });
        });
    });
    family(&mut out, "took", 4, |metric| {
        metric.message(7, |histogram| {
            histogram.uint(1, 4).double(2, 9.5);
            for (count, bound) in [(1, 1.0), (3, 2.5)] {
                histogram.message(3, |bucket| {
                    bucket.uint(1, count).double(2, bound);
                });
            }
            histogram.zigzag(5, 3).double(6, 0.001).uint(7, 0);
            for (offset, len) in [(-2, 2), (4, 1)] {
                histogram.message(12, |span| {
                    span.zigzag(1, offset).uint(2, len);
                });
            }
            histogram.varints(13, [1, 1, -1].map(zigzag));
            exemplar(histogram, 16, 2.0);
        });
    });
    out
}

#[tokio::test]
async fn native_and_classic_histograms_come_with_exemplars_and_metadata() {
    let target = server(|_, _, stream| async move { reply(stream, KIND, &body()).await }).await;
    let mut house = House::start(&sources("j", scrape(std::slice::from_ref(&target))));
    let source = format!("j/{target}");
    let round = house.round(&source).await;
    assert_eq!(round.failed, None);
    let own = format!("instance=\"{target}\", job=\"j\"");
    for (series, expected) in [
        (format!("pay_total{{code=\"200\", {own}}}"), 7.0),
        (format!("wait_count{{{own}}}"), 3.0),
        (format!("wait_sum{{{own}}}"), 6.0),
        (format!("wait{{{own}, quantile=\"0.5\"}}"), 2.0),
        (format!("took_bucket{{{own}, le=\"1.0\"}}"), 1.0),
        (format!("took_bucket{{{own}, le=\"2.5\"}}"), 3.0),
        // What is left out is all there is.
        (format!("took_bucket{{{own}, le=\"+Inf\"}}"), 4.0),
        (format!("took_count{{{own}}}"), 4.0),
    ] {
        let found = round
            .series
            .iter()
            .find(|one| one.labels.to_string() == series);
        let found = found
            .and_then(|one| one.samples.first())
            .map(|sample| sample.value);
        assert_eq!(found, Some(expected), "{series}");
    }
    let native = round
        .series
        .iter()
        .find(|one| one.labels.metric() == "took")
        .unwrap();
    let histogram = &native.histograms[0].value;
    assert_eq!(
        (histogram.schema, histogram.count, histogram.sum),
        (3, 4.0, 9.5)
    );
    assert_eq!(
        histogram.positive.spans,
        [Span { offset: -2, len: 2 }, Span { offset: 4, len: 1 }]
    );
    assert_eq!(histogram.positive.counts, [1.0, 2.0, 1.0]);
    let marks = |round: &store::Round| {
        let all = round.series.iter().flat_map(|one| one.exemplars.clone());
        all.map(|mark| (mark.labels.to_string(), mark.at.as_millis(), mark.value))
            .collect::<Vec<_>>()
    };
    let mark = |value| ("{trace_id=\"abc\"}".to_owned(), 1_700_000_000_500, value);
    assert_eq!(marks(&round), [mark(0.5), mark(2.0)]);
    let about: Vec<(&str, &str)> = round
        .metadata
        .iter()
        .map(|one| (one.metric.as_str(), one.kind.as_str()))
        .collect();
    assert_eq!(
        about,
        [
            ("pay_total", "counter"),
            ("wait", "summary"),
            ("took", "histogram")
        ]
    );

    // The second answer says the same: exemplars and metadata are told once.
    let again = house.round(&source).await;
    assert_eq!((marks(&again).len(), again.metadata.len()), (0, 0));
    assert_eq!(
        value(&again, &format!("scrape_series_added{{{own}}}")),
        Some(0.0)
    );
    house.end().await;
}

#[tokio::test]
async fn a_broken_message_fails_whole() {
    let mut cut = body();
    cut.truncate(cut.len() - 3);
    let target = server(move |_, _, stream| {
        let cut = cut.clone();
        async move { reply(stream, KIND, &cut).await }
    })
    .await;
    let mut house = House::start(&sources("j", scrape(std::slice::from_ref(&target))));
    let round = house.round(&format!("j/{target}")).await;
    assert!(
        format!("{:?}", round.failed).contains("the message is cut off"),
        "{:?}",
        round.failed
    );
    house.end().await;
}
