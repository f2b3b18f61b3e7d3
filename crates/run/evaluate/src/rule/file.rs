//! Rule files: YAML as Prometheus reads it, with every mistake and its place at once.

use std::{collections::BTreeMap, time::Duration};

use promise::{
    Say,
    document::{Mistake, Node, Span as Place, Value, parse_yaml},
    record,
    record::{Form, Read},
    say,
    unit::Span,
};
use promql::{Labels, Query};
use serde::{Deserialize, Serialize};

use super::template::Template;

/// Rules that are evaluated together, one after the other.
#[derive(Debug, Clone)]
pub struct Group {
    pub name: String,
    /// The file's name as it was given.
    pub file: String,
    /// `None`: the default of whoever runs it.
    pub interval: Option<Duration>,
    /// Alerts or series that one rule may make; 0 is no limit.
    pub limit: u64,
    /// How far behind its time it looks.
    pub query_offset: Option<Duration>,
    pub rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
pub struct Rule {
    pub query: Query,
    /// Those of its group among them. Templates only where it alerts.
    pub labels: Vec<(String, Template)>,
    pub action: Action,
}

/// What is done with the answer.
#[derive(Debug, Clone)]
pub enum Action {
    Record {
        metric: String,
    },
    Alert {
        name: String,
        hold: Duration,
        keep_firing_for: Duration,
        annotations: Vec<(String, Template)>,
    },
}

impl Rule {
    /// Of the alert or of the recorded metric.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.action {
            Action::Record { metric } => metric,
            Action::Alert { name, .. } => name,
        }
    }

    /// The labels as they are written.
    #[must_use]
    pub fn written_labels(&self) -> Labels {
        Labels::new(
            self.labels
                .iter()
                .map(|(name, value)| (name, value.as_str())),
        )
    }
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct At<T> {
    pub value: T,
    pub place: Place,
}

impl<T: Read> Read for At<T> {
    fn form() -> Form {
        T::form()
    }

    fn read(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        Some(Self {
            value: T::read(node, mistakes)?,
            place: node.span.clone(),
        })
    }
}

/// A label's or annotation's value: nothing is the empty text, as in Prometheus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Text(String);

impl Read for Text {
    fn form() -> Form {
        String::form()
    }

    fn read(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match node.value {
            Value::Null => Some(Self(String::new())),
            _ => String::read(node, mistakes).map(Self),
        }
    }
}

type Texts = BTreeMap<String, At<Text>>;

record! {
    /// A rule file.
    /// ja: ルールファイル。
    struct File {
        /// Rules by group.
        /// ja: グループごとのルール。
        groups: Vec<GroupText> = Vec::new(),
    }
}

record! {
    /// A group of rules.
    /// ja: ルールのグループ。
    struct GroupText {
        /// Its name, once in a file.
        /// ja: 名前。ファイルの中で一度だけ使えます。
        name: At<String>,
        /// How often it is evaluated.
        /// ja: 評価の間隔。
        interval: Option<Span>,
        /// Alerts or series that one rule may make.
        /// ja: 一つのルールが作れる数の上限。
        limit: u64 = 0,
        /// How far behind its time it looks.
        /// ja: 評価する時刻を過去へずらす長さ。
        query_offset: Option<Span>,
        /// Labels of all its rules.
        /// ja: すべてのルールに付くラベル。
        labels: Texts = Texts::new(),
        /// In order.
        /// ja: ルール(書かれた順)。
        rules: Vec<RuleText> = Vec::new(),
    }
}

record! {
    /// A rule that records or alerts.
    /// ja: 記録または警報のルール。
    struct RuleText {
        /// The metric to record.
        /// ja: 記録するメトリクス名。
        record: Option<At<String>>,
        /// The alert's name.
        /// ja: 警報の名前。
        alert: Option<At<String>>,
        /// The query.
        /// ja: 問い合わせ。
        expr: At<String>,
        /// How long the answer must hold before the alert fires.
        /// ja: 発報までに続くべき時間。
        r#for: Option<At<Span>>,
        /// How long the alert fires on after its answer is gone.
        /// ja: 答えがなくなっても発報を続ける時間。
        keep_firing_for: Option<At<Span>>,
        /// Labels to set.
        /// ja: 付けるラベル。
        labels: Texts = Texts::new(),
        /// What people are told.
        /// ja: 人に伝える文。
        annotations: Option<At<Texts>>,
    }
}

/// Reads the text of a rule file; `file` is only its name.
pub fn read(text: &str, file: &str) -> Result<Vec<Group>, Vec<Mistake>> {
    let (root, mut mistakes) = parse_yaml(text);
    let mut groups = Vec::new();
    // An empty file is a file without groups.
    if let Some(root) = root.filter(|root| root.value != Value::Null)
        && let Some(read) = File::read(&root, &mut mistakes)
    {
        let mut names: BTreeMap<String, Place> = BTreeMap::new();
        for group in read.groups {
            let name = group.name.value.clone();
            if name.is_empty() {
                mistakes.push(Mistake::new(
                    "no-name",
                    group.name.place.clone(),
                    say!("a group needs a name", "グループには名前が必要です"),
                ));
            }
            match names.get(&name) {
                Some(first) => mistakes.push(
                    Mistake::new(
                        "duplicate-group",
                        group.name.place.clone(),
                        say!(
                            "a group `{name}` stands in this file already",
                            "`{name}` というグループはこのファイルにすでにあります"
                        ),
                    )
                    .other(first.clone(), say!("the first", "最初のもの")),
                ),
                None => {
                    names.insert(name, group.name.place.clone());
                }
            }
            groups.extend(self::group(group, text, file, &mut mistakes));
        }
    }
    if mistakes.is_empty() {
        Ok(groups)
    } else {
        Err(mistakes)
    }
}

fn group(read: GroupText, text: &str, file: &str, mistakes: &mut Vec<Mistake>) -> Option<Group> {
    check_labels(&read.labels, mistakes);
    let rules: Vec<Option<Rule>> = read
        .rules
        .into_iter()
        .map(|rule| self::rule(rule, &read.labels, text, mistakes))
        .collect();
    Some(Group {
        name: read.name.value,
        file: file.to_owned(),
        interval: read
            .interval
            .map(|span| span.0)
            .filter(|interval| !interval.is_zero()),
        limit: read.limit,
        query_offset: read.query_offset.map(|span| span.0),
        rules: rules.into_iter().collect::<Option<_>>()?,
    })
}

fn rule(read: RuleText, shared: &Texts, text: &str, mistakes: &mut Vec<Mistake>) -> Option<Rule> {
    let before = mistakes.len();
    check_labels(&read.labels, mistakes);
    let query = match Query::parse(&read.expr.value) {
        Ok(query) => Some(query),
        Err(why) => {
            let place = within(text, &read.expr, why.offset);
            let message = why.message;
            mistakes.push(Mistake::new(
                "bad-query",
                place,
                say!(
                    "this is not PromQL: {message}",
                    "PromQL として読めません: {message}"
                ),
            ));
            None
        }
    };
    let mut wrong = |place: &Place, message: Say| {
        mistakes.push(Mistake::new("bad-rule", place.clone(), message));
    };
    let action = match (read.record, read.alert) {
        (Some(record), Some(_)) => {
            wrong(
                &record.place,
                say!(
                    "a rule either records or alerts",
                    "一つのルールで record と alert の両方は使えません"
                ),
            );
            return None;
        }
        (None, None) => {
            wrong(
                &read.expr.place,
                say!(
                    "a rule needs `record` or `alert`",
                    "ルールには record か alert が必要です"
                ),
            );
            return None;
        }
        (Some(record), None) => {
            if record.value.is_empty() {
                wrong(
                    &record.place,
                    say!(
                        "a recorded metric needs a name",
                        "記録するメトリクスには名前が必要です"
                    ),
                );
            }
            let spans = [
                read.r#for.map(|span| span.place),
                read.keep_firing_for.map(|span| span.place),
            ];
            let alone = spans
                .into_iter()
                .chain([read.annotations.map(|texts| texts.place)]);
            for place in alone.flatten() {
                wrong(
                    &place,
                    say!(
                        "only an alerting rule can have this",
                        "これは警報のルールでだけ使えます"
                    ),
                );
            }
            Action::Record {
                metric: record.value,
            }
        }
        (None, Some(alert)) => {
            if alert.value.is_empty() {
                wrong(
                    &alert.place,
                    say!("an alert needs a name", "警報には名前が必要です"),
                );
            }
            let span = |span: Option<At<Span>>| span.map_or(Duration::ZERO, |span| span.value.0);
            let annotations = read
                .annotations
                .map_or_else(Texts::new, |texts| texts.value);
            Action::Alert {
                name: alert.value,
                hold: span(read.r#for),
                keep_firing_for: span(read.keep_firing_for),
                annotations: templates(&annotations, mistakes),
            }
        }
    };
    let mut labels = shared.clone();
    labels.extend(read.labels);
    let labels = match action {
        // Braces in a recording rule's label mean themselves.
        Action::Record { .. } => labels
            .iter()
            .map(|(name, text)| (name.clone(), Template::plain(&text.value.0)))
            .collect(),
        Action::Alert { .. } => templates(&labels, mistakes),
    };
    if mistakes.len() > before {
        return None;
    }
    Some(Rule {
        query: query?,
        labels,
        action,
    })
}

fn templates(texts: &Texts, mistakes: &mut Vec<Mistake>) -> Vec<(String, Template)> {
    let mut out = Vec::with_capacity(texts.len());
    for (name, text) in texts {
        match Template::parse(&text.value.0) {
            Ok(template) => out.push((name.clone(), template)),
            Err(why) => mistakes.push(
                Mistake::new(
                    "bad-template",
                    text.place.clone(),
                    say!(
                        "this is no template: {why}",
                        "テンプレートとして読めません: {why}"
                    ),
                )
                .hint(say!(
                    "a template looks like `{{{{ $labels.instance }}}} is down`",
                    "テンプレートは `{{{{ $labels.instance }}}} is down` のように書きます"
                )),
            ),
        }
    }
    out
}

fn check_labels(labels: &Texts, mistakes: &mut Vec<Mistake>) {
    for (name, text) in labels {
        if name.is_empty() || name == "__name__" {
            mistakes.push(Mistake::new(
                "bad-label",
                text.place.clone(),
                say!(
                    "`{name}` cannot be set by a rule",
                    "`{name}` はルールでは付けられません"
                ),
            ));
        }
    }
}

/// The letter at `offset` of an expression, where the text has it as it is; otherwise the whole of it.
fn within(text: &str, expr: &At<String>, offset: Option<usize>) -> Place {
    let whole = expr.place.clone();
    let Some(offset) = offset else { return whole };
    let verbatim = text
        .get(whole.clone())
        .and_then(|written| written.find(expr.value.trim()));
    let lead = expr.value.len() - expr.value.trim_start().len();
    let letter = expr
        .value
        .get(lead + offset..)
        .and_then(|rest| rest.chars().next());
    match (verbatim, letter) {
        (Some(quote), Some(letter)) => {
            let start = whole.start + quote + offset;
            start..start + letter.len_utf8()
        }
        _ => whole,
    }
}
