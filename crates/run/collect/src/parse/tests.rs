//! What real exporters write, what the formats' own texts say, and whatever a fuzzer thinks of.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

fn read(body: &str, content_type: &str) -> Result<Vec<(String, f64, Option<i64>)>, String> {
    let scraped = exposition(body.as_bytes(), content_type, &Limits::default())
        .map_err(|error| error.to_string())?;
    let samples = scraped.samples.iter().map(|sample| {
        let labels = store::Labels::new(sample.labels());
        (
            labels.to_string(),
            sample.value,
            sample.at.map(Timestamp::as_millis),
        )
    });
    Ok(samples.collect())
}

fn series(name: &str, value: f64, at: Option<i64>) -> (String, f64, Option<i64>) {
    (name.to_owned(), value, at)
}

/// The example of the format's own description, with its odd but valid lines.
#[test]
fn prometheus_text_is_read() {
    let body = r#"# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045
	spaced { a = "b" , } 1
{"utf.8 name", "ラベル"="値"} 2
last -1e-3"#;
    assert_eq!(
        read(body, "text/plain; version=0.0.4").unwrap(),
        [
            series(
                "http_requests_total{code=\"200\", method=\"post\"}",
                1027.0,
                Some(1_395_066_363_000)
            ),
            series(
                "http_requests_total{code=\"400\", method=\"post\"}",
                3.0,
                Some(1_395_066_363_000)
            ),
            series(
                r#"msdos_file_access_time_seconds{error="Cannot find file:\n\"FILE.TXT\"", path="C:\\DIR\\FILE.TXT"}"#,
                1.458_255_915e9,
                None
            ),
            series("metric_without_timestamp_and_labels", 12.47, None),
            series(
                "something_weird{problem=\"division by zero\"}",
                f64::INFINITY,
                Some(-3_982_045)
            ),
            series("spaced{a=\"b\"}", 1.0, None),
            series("utf.8 name{ラベル=\"値\"}", 2.0, None),
            series("last", -0.001, None),
        ]
    );
}

#[test]
fn openmetrics_is_read_with_exemplars_and_seconds() {
    let body = concat!(
        "# TYPE acme_http_seconds histogram\n",
        "# UNIT acme_http_seconds seconds\n",
        "# HELP acme_http_seconds Latency \\\"histogram\\\".\n",
        "acme_http_seconds_bucket{le=\"0.1\"} 8 # {} 0.054\n",
        "acme_http_seconds_bucket{le=\"+Inf\"} 17 # {trace_id=\"KOO5S4vxi0o\"} 9.8 1520879607.789\n",
        "acme_http_seconds_count 17 1520879607.789\n",
        "acme_http_seconds_created 1520430000.123\n",
        "foo_total 17.0 1520879607.5 # {a=\"b\"} 1\n",
        "# EOF\n",
    );
    assert_eq!(
        read(body, OPENMETRICS).unwrap(),
        [
            series("acme_http_seconds_bucket{le=\"0.1\"}", 8.0, None),
            series("acme_http_seconds_bucket{le=\"+Inf\"}", 17.0, None),
            series("acme_http_seconds_count", 17.0, Some(1_520_879_607_789)),
            series("acme_http_seconds_created", 1_520_430_000.123, None),
            series("foo_total", 17.0, Some(1_520_879_607_500)),
        ]
    );
    let scraped = exposition(body.as_bytes(), OPENMETRICS, &Limits::default()).unwrap();
    assert_eq!(scraped.metadata[0].help, "Latency \"histogram\".");
    assert_eq!(
        (scraped.metadata[0].kind, scraped.metadata[0].unit),
        ("histogram", "seconds")
    );
    let families = scraped.families();
    let names: Vec<_> = families
        .iter()
        .map(|f| (f.name.as_str(), f.kind.as_str()))
        .collect();
    assert_eq!(
        names,
        [("acme_http_seconds", "histogram"), ("foo_total", "")]
    );
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (body, kind, place) in [
        ("a 1\nb{x=\"1\" 2\n", "text/plain", "line 2, column 9"),
        ("a{x=\"1} 2\n", "text/plain", "line 1, column 6"),
        ("a\n", "text/plain", "line 1, column 2"),
        ("a one\n", "text/plain", "line 1, column 3"),
        ("a 1 soon\n", "text/plain", "line 1, column 5"),
        ("a 1 1 1\n", "text/plain", "line 1, column 7"),
        ("{x=\"1\"} 2\n", "text/plain", "line 1, column 8"),
        ("a{x=\"1\",x=\"2\"} 2\n", "text/plain", "line 1, column 1"),
        ("# TYPE a speedometer\n", "text/plain", "line 1, column 10"),
        ("<html>\n", "text/html", "line 1, column 1"),
        ("a 1\n", OPENMETRICS, "line 1, column 1"),
        ("a  1\n# EOF\n", OPENMETRICS, "line 1, column 3"),
        ("a 1\n\n# EOF\n", OPENMETRICS, "line 2, column 1"),
        ("# EOF\na 1\n", OPENMETRICS, "line 2, column 1"),
        (
            "# UNIT a seconds\n# EOF\n",
            OPENMETRICS,
            "line 1, column 10",
        ),
    ] {
        let error = read(body, kind).unwrap_err();
        assert!(error.starts_with(&format!("{place}:")), "{body:?}: {error}");
    }
    let error = exposition(b"a 1\nb{x=\"\xff\"} 1\n", "", &Limits::default()).unwrap_err();
    assert_eq!((error.line, error.column), (2, 6));
}

#[test]
fn a_series_is_held_to_its_limits() {
    let labels = Limits {
        labels_max: 1,
        ..Limits::default()
    };
    assert!(exposition(b"a{x=\"1\"} 1\n", "", &labels).is_ok());
    let value = Limits {
        value_max: 3,
        ..Limits::default()
    };
    let name = Limits {
        name_max: 8,
        ..Limits::default()
    };
    for (body, limits) in [
        ("a{x=\"1\",y=\"1\"} 1\n", labels),
        ("a{x=\"1234\"} 1\n", value),
        ("a{ninechars=\"1\"} 1\n", name),
    ] {
        assert!(
            exposition(body.as_bytes(), "", &limits)
                .unwrap_err()
                .is_limit,
            "{body}"
        );
    }
}

/// Since version 3 Prometheus stores them so too.
#[test]
fn bounds_and_quantiles_are_one_series_however_they_are_written() {
    let body = "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\n\
        # TYPE s summary\ns{quantile=\"1\",le=\"1\"} 1\n# TYPE g gauge\ng{le=\"1\"} 1\n";
    let series: Vec<String> = read(body, "")
        .unwrap()
        .into_iter()
        .map(|(name, ..)| name)
        .collect();
    assert_eq!(
        series,
        [
            "h_bucket{le=\"1.0\"}",
            "h_bucket{le=\"+Inf\"}",
            "s{le=\"1\", quantile=\"1.0\"}",
            "g{le=\"1\"}",
        ]
    );
}

#[test]
fn no_target_can_forge_the_marker_that_ends_a_series() {
    for text in ["NaN", "nan", "-NaN", "+NaN"] {
        for (_, value, _) in read(&format!("a {text}\n"), "").unwrap_or_default() {
            assert!(value.is_nan() && !store::metrics::is_stale(value));
        }
    }
}

type Sample = (String, Vec<(String, String)>, f64, Option<i64>);

fn escape(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn render(samples: &[Sample], is_open: bool) -> String {
    let mut out = String::new();
    for (name, labels, value, at) in samples {
        let labels: Vec<String> = labels
            .iter()
            .map(|(n, v)| format!("{n}=\"{}\"", escape(v)))
            .collect();
        out += &format!("{name}{{{}}} {value}", labels.join(","));
        if let Some(at) = at {
            let millis = format!(
                " {}{}.{:03}",
                if *at < 0 { "-" } else { "" },
                at.abs() / 1000,
                at.abs() % 1000
            );
            out += &if is_open { millis } else { format!(" {at}") };
        }
        out.push('\n');
    }
    if is_open {
        out += "# EOF\n";
    }
    out
}

prop_compose! {
    fn sample()(
        name in "[a-zA-Z_:][a-zA-Z0-9_:]{0,12}",
        labels in prop::collection::btree_map("[a-zA-Z_][a-zA-Z0-9_]{0,8}", "(.|\n){0,12}", 0..4),
        value in any::<f64>().prop_filter("NaN equals nothing", |v| !v.is_nan()),
        at in prop::option::of(-4_000_000_000_000i64..4_000_000_000_000),
    ) -> Sample {
        let labels = labels.into_iter().filter(|(name, _)| name != "__name__").collect();
        (name, labels, value, at)
    }
}

proptest! {
    #[test]
    fn what_is_rendered_is_read_back(samples in prop::collection::vec(sample(), 0..8), is_open: bool) {
        let body = render(&samples, is_open);
        let kind = if is_open { OPENMETRICS } else { "text/plain" };
        let scraped = exposition(body.as_bytes(), kind, &Limits::default()).unwrap();
        prop_assert_eq!(scraped.samples.len(), samples.len());
        for (read, (name, labels, value, at)) in scraped.samples.iter().zip(&samples) {
            let pairs = read.labels();
            prop_assert_eq!(&pairs[0].1, name);
            let rest: Vec<_> = pairs[1..].iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
            prop_assert_eq!(&rest, labels);
            prop_assert_eq!(read.value, *value);
            prop_assert_eq!(read.at.map(Timestamp::as_millis), *at);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(body: Vec<u8>, is_open: bool) {
        let kind = if is_open { OPENMETRICS } else { "" };
        let _ = exposition(&body, kind, &Limits::default());
    }

    #[test]
    fn no_text_of_its_own_signs_makes_it_panic(body in "[a#{}\",=\\\\ \n01.eENTYPHLOFU+-]{0,80}", is_open: bool) {
        let kind = if is_open { OPENMETRICS } else { "" };
        if let Ok(scraped) = exposition(body.as_bytes(), kind, &Limits::default()) {
            scraped.samples.iter().for_each(|sample| assert!(!sample.labels().is_empty()));
        }
    }
}
