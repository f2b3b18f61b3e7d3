//! A test file, read with every mistake at once.

use std::{collections::BTreeMap, time::Duration};

use promise::{
    Timestamp,
    document::{Mistake, Node, Span as Place, Value, parse_yaml},
    record,
    record::{Form, Read},
    say,
    unit::Span,
};
use promql::{Labels, Number, Query, Series};
use serde::{Deserialize, Serialize};

use super::{super::file::At, notation};

/// Prometheus's default evaluation interval.
const INTERVAL: Duration = Duration::from_secs(60);

/// A test file.
#[derive(Debug, Clone)]
pub struct File {
    /// Paths or patterns, seen from the file's folder.
    pub rule_files: Vec<String>,
    pub interval: Duration,
    /// Groups in the order in which they are evaluated; others come first.
    pub order: Vec<String>,
    /// The last bit of a float may differ.
    pub fuzzy: bool,
    pub suites: Vec<Suite>,
}

/// Series, and what is expected of them.
#[derive(Debug, Clone)]
pub struct Suite {
    pub name: Option<String>,
    pub start: Timestamp,
    pub series: Vec<Series>,
    pub external_labels: Labels,
    pub external_url: String,
    pub alerts: Vec<ExpectedAlerts>,
    pub queries: Vec<ExpectedAnswer>,
}

/// The alerts of one name that fire at one time.
#[derive(Debug, Clone)]
pub struct ExpectedAlerts {
    pub at: Duration,
    pub alert: String,
    /// Labels with `alertname`, and annotations.
    pub alerts: Vec<(Labels, Labels)>,
}

/// A query's answer at one time.
#[derive(Debug, Clone)]
pub struct ExpectedAnswer {
    pub at: Duration,
    pub text: String,
    pub query: Query,
    pub samples: Vec<Expected>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    pub labels: Labels,
    pub value: Number,
}

record! {
    /// A test file.
    /// ja: テストファイル。
    struct FileText {
        /// Rule files, seen from here.
        /// ja: ルールファイル。
        rule_files: Vec<String> = Vec::new(),
        /// How often the rules are evaluated.
        /// ja: 評価の間隔。
        evaluation_interval: Option<Span>,
        /// Groups in their order.
        /// ja: グループの評価の順序。
        group_eval_order: Vec<At<String>> = Vec::new(),
        /// Whether the last bit of a float may differ.
        /// ja: 小数の最後のビットの違いを許すか。
        fuzzy_compare: bool = false,
        /// What is tested.
        /// ja: テスト。
        tests: Vec<SuiteText> = Vec::new(),
    }
}

record! {
    /// One test.
    /// ja: 一つのテスト。
    struct SuiteText {
        /// Between two values of a series.
        /// ja: 系列の値の間隔。
        interval: Option<Span>,
        /// Its name.
        /// ja: 名前。
        name: Option<String>,
        /// The series.
        /// ja: 入力の系列。
        input_series: Vec<SeriesText> = Vec::new(),
        /// Alerts that fire.
        /// ja: 発報するはずの警報。
        alert_rule_test: Vec<AlertsText> = Vec::new(),
        /// Answers of queries.
        /// ja: 問い合わせの答え。
        promql_expr_test: Vec<AnswerText> = Vec::new(),
        /// Labels that templates see.
        /// ja: テンプレートから見える外部ラベル。
        external_labels: BTreeMap<String, String> = BTreeMap::new(),
        /// The URL that templates see.
        /// ja: テンプレートから見える URL。
        external_url: String = String::new(),
        /// When the test begins: RFC 3339 or Unix seconds.
        /// ja: テストの始まる時刻。
        start_timestamp: Option<At<String>>,
    }
}

record! {
    /// A series and its values.
    /// ja: 系列とその値。
    struct SeriesText {
        /// Its labels.
        /// ja: ラベル。
        series: At<String>,
        /// Its values, such as `0+10x5 _ stale`.
        /// ja: 値(`0+10x5 _ stale` など)。
        values: At<String>,
    }
}

record! {
    /// The alerts of one name at one time.
    /// ja: ある時刻の警報。
    struct AlertsText {
        /// When, counted from the start.
        /// ja: 開始からの時間。
        eval_time: Span = Span::default(),
        /// The alert's name.
        /// ja: 警報の名前。
        alertname: At<String>,
        /// Those that fire.
        /// ja: 発報しているもの。
        exp_alerts: Vec<AlertText> = Vec::new(),
    }
}

record! {
    /// An alert that fires.
    /// ja: 発報している警報。
    struct AlertText {
        /// Its labels; `alertname` need not be written.
        /// ja: ラベル。
        exp_labels: BTreeMap<String, String> = BTreeMap::new(),
        /// Its annotations.
        /// ja: アノテーション。
        exp_annotations: BTreeMap<String, String> = BTreeMap::new(),
    }
}

record! {
    /// A query and its answer.
    /// ja: 問い合わせとその答え。
    struct AnswerText {
        /// The query.
        /// ja: 問い合わせ。
        expr: At<String>,
        /// When, counted from the start.
        /// ja: 開始からの時間。
        eval_time: Span = Span::default(),
        /// The answer, in any order.
        /// ja: 答え(順序は問いません)。
        exp_samples: Vec<SampleText> = Vec::new(),
    }
}

record! {
    /// An element of an answer.
    /// ja: 答えの要素。
    struct SampleText {
        /// Its labels, as `name{label="value"}`.
        /// ja: ラベル。
        labels: At<String> = At::default(),
        /// Its value.
        /// ja: 値。
        value: At<Figure> = At::default(),
        /// A native histogram, such as `{{schema:0 count:3}}`.
        /// ja: ネイティブヒストグラム。
        histogram: Option<At<String>>,
    }
}

/// A float as YAML writes it: `1e3`, `.nan`, `.inf`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Figure(f64);

impl Read for Figure {
    fn form() -> Form {
        f64::form()
    }

    fn read(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        if let Value::Scalar(text) = &node.value {
            let plain = text.trim().to_ascii_lowercase();
            let value = match plain.trim_start_matches('+') {
                ".nan" | "nan" => Some(f64::NAN),
                ".inf" | "inf" => Some(f64::INFINITY),
                "-.inf" | "-inf" => Some(f64::NEG_INFINITY),
                other => other.replace('_', "").parse().ok(),
            };
            if let Some(value) = value {
                return Some(Self(value));
            }
        }
        f64::read(node, mistakes).map(Self)
    }
}

/// Reads the text of a test file.
pub fn read(text: &str) -> Result<File, Vec<Mistake>> {
    let (root, mut mistakes) = parse_yaml(text);
    let root = root.filter(|root| root.value != Value::Null);
    let read = root.and_then(|root| FileText::read(&root, &mut mistakes));
    let Some(read) = read else {
        if mistakes.is_empty() {
            mistakes.push(Mistake::new(
                "empty",
                0..0,
                say!("the test file is empty", "テストファイルが空です"),
            ));
        }
        return Err(mistakes);
    };
    let interval = read
        .evaluation_interval
        .map(|span| span.0)
        .filter(|span| !span.is_zero());
    let interval = interval.unwrap_or(INTERVAL);
    let mut order: Vec<String> = Vec::new();
    for name in read.group_eval_order {
        let group = name.value;
        if order.contains(&group) {
            mistakes.push(Mistake::new(
                "duplicate-group",
                name.place,
                say!(
                    "`{group}` stands twice in the order",
                    "`{group}` が二度書かれています"
                ),
            ));
        }
        order.push(group);
    }
    let suites = read
        .tests
        .into_iter()
        .filter_map(|suite| self::suite(suite, interval, &mut mistakes))
        .collect();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    Ok(File {
        rule_files: read.rule_files,
        interval,
        order,
        fuzzy: read.fuzzy_compare,
        suites,
    })
}

fn suite(read: SuiteText, interval: Duration, mistakes: &mut Vec<Mistake>) -> Option<Suite> {
    let step = read
        .interval
        .map(|span| span.0)
        .filter(|step| !step.is_zero())
        .unwrap_or(interval);
    let start = match &read.start_timestamp {
        None => Some(Timestamp::EPOCH),
        Some(written) => {
            let start = instant(&written.value);
            if start.is_none() {
                let text = &written.value;
                let what = say!("`{text}` is no instant", "`{text}` は時刻ではありません");
                wrong("not-an-instant", &written.place, what, mistakes);
            }
            start
        }
    };
    let mut series = Vec::new();
    for text in &read.input_series {
        match notation::series(
            &text.series.value,
            &text.values.value,
            start.unwrap_or_default(),
            step,
        ) {
            Ok(one) => series.push(one),
            Err(why) => {
                let what = say!("this is no series: {why}", "系列として読めません: {why}");
                wrong("bad-series", &text.values.place, what, mistakes);
            }
        }
    }
    let alerts = read.alert_rule_test.into_iter().map(|test| {
        let name = test.alertname.value;
        let alerts = test.exp_alerts.into_iter().map(|alert| {
            let labels = alert
                .exp_labels
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()));
            (
                Labels::new(labels.chain([("alertname", name.as_str())])),
                Labels::new(&alert.exp_annotations),
            )
        });
        let alerts = alerts.collect();
        ExpectedAlerts {
            at: test.eval_time.0,
            alert: name,
            alerts,
        }
    });
    let alerts = alerts.collect();
    let queries: Vec<Option<ExpectedAnswer>> = read
        .promql_expr_test
        .into_iter()
        .map(|test| answer(test, interval, mistakes))
        .collect();
    Some(Suite {
        name: read.name,
        start: start?,
        series: Series::merged(series),
        external_labels: Labels::new(&read.external_labels),
        external_url: read.external_url,
        alerts,
        queries: queries.into_iter().collect::<Option<_>>()?,
    })
}

fn answer(
    read: AnswerText,
    interval: Duration,
    mistakes: &mut Vec<Mistake>,
) -> Option<ExpectedAnswer> {
    let text = read.expr.value;
    let query = match Query::parse(&text) {
        Ok(query) => Some(query.with(promql::Options {
            subquery_step: interval,
            ..promql::Options::default()
        })),
        Err(why) => {
            let what = say!(
                "this is not PromQL: {why}",
                "PromQL として読めません: {why}"
            );
            wrong("bad-query", &read.expr.place, what, mistakes);
            None
        }
    };
    let mut samples = Vec::new();
    for sample in read.exp_samples {
        let labels = notation::labels(&sample.labels.value);
        let value = match &sample.histogram {
            Some(text) => notation::histogram(&text.value).map(Number::Histogram),
            None => Ok(Number::Float(sample.value.value.0)),
        };
        match (labels, value) {
            (Ok(labels), Ok(value)) => samples.push(Expected { labels, value }),
            (Err(why), _) | (_, Err(why)) => {
                let what = say!(
                    "this is no sample: {why}",
                    "サンプルとして読めません: {why}"
                );
                wrong("bad-sample", &sample.labels.place, what, mistakes);
            }
        }
    }
    Some(ExpectedAnswer {
        at: read.eval_time.0,
        text,
        query: query?,
        samples,
    })
}

fn wrong(code: &'static str, place: &Place, what: promise::Say, mistakes: &mut Vec<Mistake>) {
    mistakes.push(Mistake::new(code, place.clone(), what));
}

fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse::<f64>() {
        #[allow(clippy::cast_possible_truncation)]
        return seconds
            .is_finite()
            .then(|| Timestamp::from_millis((seconds * 1e3) as i64));
    }
    text.parse().ok()
}
