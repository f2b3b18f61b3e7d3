//! A table of queries whose answers are worked out beside them.

use promise::Timestamp;
use promql::{Query, Series, Value};

use crate::series::series;

fn ask(data: &[Series], at_secs: i64, query: &str) -> Vec<(String, f64)> {
    let query = Query::parse(query).unwrap();
    match query
        .instant(Timestamp::from_millis(at_secs * 1000), data)
        .unwrap()
        .value
    {
        Value::Scalar(value) => vec![("scalar".to_owned(), value)],
        Value::Vector(samples) => samples
            .into_iter()
            .map(|s| (s.labels.to_string(), s.value.float().unwrap()))
            .collect(),
        other => panic!("{other:?}"),
    }
}

fn one(data: &[Series], at_secs: i64, query: &str) -> f64 {
    let found = ask(data, at_secs, query);
    assert_eq!(found.len(), 1, "{query}: {found:?}");
    found[0].1
}

/// 0, 60, 120, … at each minute: one event a second.
fn steady() -> Vec<Series> {
    vec![series("n_total", "0+60x20")]
}

#[test]
fn rate_of_a_steady_counter_is_its_slope() {
    // (300 s, 600 s] holds the samples at 360 … 600: 360 -> 600 is 240 over 240 s. The range begins 60 s
    // before the first sample, less than 1.1 * 60, so it is extended: 240 * (240 + 60) / 240 = 300 over 300 s.
    assert_eq!(one(&steady(), 600, "rate(n_total[5m])"), 1.0);
    assert_eq!(one(&steady(), 600, "increase(n_total[5m])"), 300.0);
}

#[test]
fn a_reset_counts_what_came_after_it() {
    // 10, 20, 5, 15 at 0, 60, 120, 180; (0, 180] holds 20, 5, 15: 15 - 20 + 20 = 15 over 120 s, extended
    // by 60 s at the beginning: 15 * 180 / 120 = 22.5. To zero it would reach 120 * 20 / 15 = 160 s: no clamp.
    let data = [series("n_total", "10 20 5 15")];
    assert_eq!(one(&data, 180, "increase(n_total[3m])"), 22.5);
    assert_eq!(one(&data, 180, "resets(n_total[3m])"), 1.0);
}

#[test]
fn a_counter_is_not_extended_below_zero() {
    // 1, 61, 121 at 60, 120, 180 seen over (0, 180]: 120 over 120 s. Back to zero it is only 120 * 1/120 = 1 s:
    // 120 * 121 / 120 = 121.
    let data = [series("n_total", "_ 1 61 121")];
    assert!((one(&data, 180, "increase(n_total[3m])") - 121.0).abs() < 1e-9);
}

#[test]
fn ranges_are_open_to_the_left() {
    // (300, 600]: 360, 420, 480, 540, 600.
    assert_eq!(one(&steady(), 600, "count_over_time(n_total[5m])"), 5.0);
}

#[test]
fn a_sample_speaks_for_less_than_five_minutes() {
    let data = [series("level", "7")];
    assert_eq!(one(&data, 299, "level"), 7.0);
    assert!(ask(&data, 300, "level").is_empty());
}

#[test]
fn a_staleness_marker_ends_a_series_at_once() {
    let data = [series("level", "7 stale")];
    assert_eq!(one(&data, 59, "level"), 7.0);
    assert!(ask(&data, 60, "level").is_empty());
    assert_eq!(one(&data, 60, "absent(level{job=\"shop\"})"), 1.0);
    assert_eq!(one(&data, 61, "count_over_time(level[2m])"), 1.0);
}

#[test]
fn offset_and_at_look_elsewhere() {
    assert_eq!(one(&steady(), 600, "n_total offset 2m"), 480.0);
    assert_eq!(one(&steady(), 600, "n_total @ 120"), 120.0);
    assert_eq!(one(&steady(), 600, "n_total @ 120 offset 1m"), 60.0);
}

#[test]
fn many_to_one_takes_labels_from_the_one_side() {
    let data = [
        series("errors{job=\"a\",code=\"500\"}", "24"),
        series("errors{job=\"a\",code=\"404\"}", "30"),
        series("all{job=\"a\",zone=\"x\"}", "600"),
    ];
    let mut found = ask(&data, 0, "errors / on(job) group_left(zone) all");
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(
        found,
        [
            ("{code=\"404\", job=\"a\", zone=\"x\"}".to_owned(), 0.05),
            ("{code=\"500\", job=\"a\", zone=\"x\"}".to_owned(), 0.04),
        ]
    );
    let query = Query::parse("errors / on(job) all").unwrap();
    assert!(
        query.instant(Timestamp::EPOCH, data.as_slice()).is_err(),
        "many to one must be said"
    );
}

#[test]
fn sums_keep_small_numbers_beside_large_ones() {
    let data = [
        series("v{i=\"1\"}", "1"),
        series("v{i=\"2\"}", "1e100"),
        series("v{i=\"3\"}", "1"),
        series("v{i=\"4\"}", "-1e100"),
    ];
    // Added naively this is 0.
    assert_eq!(one(&data, 0, "sum(v)"), 2.0);
    assert_eq!(one(&data, 0, "avg(v)"), 0.5);
}

#[test]
fn a_classic_histogram_is_interpolated() {
    let data = [
        series("d_bucket{le=\"0.1\"}", "50"),
        series("d_bucket{le=\"0.5\"}", "90"),
        series("d_bucket{le=\"+Inf\"}", "100"),
    ];
    // Rank 50 is the end of the first bucket. Rank 70 is 20 of 40 into (0.1, 0.5]: 0.3. Rank 99 is beyond
    // the last finite bound.
    assert_eq!(one(&data, 0, "histogram_quantile(0.5, d_bucket)"), 0.1);
    assert!((one(&data, 0, "histogram_quantile(0.7, d_bucket)") - 0.3).abs() < 1e-12);
    assert_eq!(one(&data, 0, "histogram_quantile(0.99, d_bucket)"), 0.5);
}

#[test]
fn a_subquery_stands_on_multiples_of_its_step() {
    // At 600 over (300, 600] by 2m: 360, 480, 600, whose values are the same numbers.
    assert_eq!(one(&steady(), 600, "sum_over_time(n_total[5m:2m])"), 1440.0);
}

#[test]
fn the_calendar_is_utc() {
    // 2024-02-29T23:45:00Z is 1709250300.
    let cases = [
        ("year", 2024.0),
        ("month", 2.0),
        ("day_of_month", 29.0),
        ("day_of_week", 4.0),
        ("hour", 23.0),
    ];
    for (name, value) in cases {
        assert_eq!(
            one(&[], 0, &format!("{name}(vector(1709250300))")),
            value,
            "{name}"
        );
    }
    assert_eq!(one(&[], 0, "days_in_month(vector(1709250300))"), 29.0);
    assert_eq!(one(&[], 0, "day_of_year(vector(1709250300))"), 60.0);
}

#[test]
fn a_range_query_is_the_instant_query_at_each_step() {
    let query = Query::parse("rate(n_total[5m])").unwrap();
    let at = |secs: i64| Timestamp::from_millis(secs * 1000);
    let data = steady();
    let Value::Matrix(rows) = query
        .range(at(600), at(720), std::time::Duration::from_secs(60), &data)
        .unwrap()
        .value
    else {
        panic!("a range query answers with a matrix")
    };
    let found: Vec<_> = rows[0]
        .samples
        .iter()
        .map(|sample| (sample.at.as_millis(), sample.value))
        .collect();
    assert_eq!(found, [(600_000, 1.0), (660_000, 1.0), (720_000, 1.0)]);
}

#[test]
fn selections_name_what_must_be_fetched() {
    let query = Query::parse("sum(rate(a[5m] offset 1m)) / max_over_time(b[10m:1m])").unwrap();
    let found = query.selections(
        Timestamp::from_millis(1_000_000),
        Timestamp::from_millis(2_000_000),
    );
    let spans: Vec<_> = found
        .iter()
        .map(|s| (s.from.as_millis(), s.to.as_millis()))
        .collect();
    // a: 5m + 1m before the first, 1m before the last. b: the subquery's 10m and a look-back of 5m.
    assert_eq!(spans, [(640_000, 1_940_000), (100_000, 2_000_000)]);
}
