//! Random queries: a tree of texts, so that a part of it can be asked for by itself.

use crate::data::{Dice, END_SECS, START_SECS};

/// Levels of a query; deeper ones are nearly always empty.
const DEPTH_MAX: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Scalar,
    Vector,
    Matrix,
}

/// `{}` in the text stands for the next part.
#[derive(Debug, Clone)]
pub struct Node {
    kind: Kind,
    template: String,
    parts: Vec<Node>,
}

impl Node {
    fn new(kind: Kind, template: impl Into<String>, parts: Vec<Self>) -> Self {
        Self {
            kind,
            template: template.into(),
            parts,
        }
    }

    pub fn text(&self) -> String {
        let mut parts = self.parts.iter();
        let mut out = String::new();
        for (place, piece) in self.template.split('\u{1}').enumerate() {
            if place > 0 {
                out.push_str(&parts.next().map_or_else(String::new, Self::text));
            }
            out.push_str(piece);
        }
        out
    }

    /// Smaller queries to try instead: the parts, and this one with a part replaced by a part of its own.
    pub fn smaller(&self) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        self.collect(&mut all);
        all.retain(|node| matches!(node.kind, Kind::Scalar | Kind::Vector));
        all.sort_by_key(|node| node.text().len());
        for (place, part) in self.parts.iter().enumerate() {
            for smaller in part
                .smaller()
                .into_iter()
                .filter(|smaller| smaller.kind == part.kind)
            {
                let mut copy = self.clone();
                copy.parts[place] = smaller;
                all.push(copy);
            }
        }
        all
    }

    fn collect(&self, all: &mut Vec<Self>) {
        for part in &self.parts {
            all.push(part.clone());
            part.collect(all);
        }
    }
}

/// Stands in a template for a part.
const HOLE: char = '\u{1}';

pub fn query(dice: &mut Dice) -> Node {
    if dice.chance(8) {
        scalar(dice, 0)
    } else {
        vector(dice, 0)
    }
}

fn leaf(kind: Kind, text: impl Into<String>) -> Node {
    Node::new(kind, text, Vec::new())
}

fn one(kind: Kind, template: &str, part: Node) -> Node {
    Node::new(kind, template.replace('§', &HOLE.to_string()), vec![part])
}

fn two(kind: Kind, template: &str, first: Node, second: Node) -> Node {
    Node::new(
        kind,
        template.replace('§', &HOLE.to_string()),
        vec![first, second],
    )
}

fn number(dice: &mut Dice) -> Node {
    leaf(
        Kind::Scalar,
        *dice.pick(&[
            "0", "1", "2", "0.5", "-1", "10", "0.9", "1.5", "100", "-0.5", "3", "1e3", "NaN",
            "Inf", "1e-3",
        ]),
    )
}

fn scalar(dice: &mut Dice, depth: usize) -> Node {
    if depth >= DEPTH_MAX || dice.chance(45) {
        return number(dice);
    }
    match dice.below(6) {
        0 => leaf(Kind::Scalar, "time()"),
        1 => leaf(Kind::Scalar, "pi()"),
        2 | 3 => one(Kind::Scalar, "scalar(§)", vector(dice, depth + 1)),
        4 => one(Kind::Scalar, "-(§)", scalar(dice, depth + 1)),
        _ => {
            let op = *dice.pick(&["+", "-", "*", "/", "%", "== bool", "< bool", ">= bool"]);
            let left = scalar(dice, depth + 1);
            two(
                Kind::Scalar,
                &format!("(§ {op} §)"),
                left,
                scalar(dice, depth + 1),
            )
        }
    }
}

const METRICS: [&str; 11] = [
    "requests_total",
    "requests_total",
    "memory_bytes",
    "memory_bytes",
    "limit_bytes",
    "odd",
    "latency_seconds_bucket",
    "native_seconds",
    "native_seconds",
    "custom_seconds",
    "mixed",
];

fn selector(dice: &mut Dice, metric: &str) -> String {
    let mut text = if dice.chance(4) {
        (*dice.pick(&[
            "{__name__=~\"memory_bytes|limit_bytes\"}",
            "{__name__=~\"requests_total|native_seconds\"}",
            "{__name__=\"requests_total\"}",
            "{\"memory_bytes\"}",
            "{__name__=~\".*_seconds\"}",
        ]))
        .to_owned()
    } else {
        metric.to_owned()
    };
    if !text.starts_with('{') && dice.chance(30) {
        text.push_str(dice.pick::<&str>(&[
            "{job=\"api\"}",
            "{job!=\"api\"}",
            "{instance=~\"a.*|b.*\"}",
            "{instance!~\"c.*\"}",
            "{code=\"200\"}",
            "{zone=\"\"}",
            "{instance=\"a:1\",job=\"db\"}",
            "{missing=\"x\"}",
        ]));
    }
    text
}

fn when(dice: &mut Dice) -> String {
    let mut text = String::new();
    if dice.chance(8) {
        let span = (END_SECS - START_SECS) as usize;
        let at = START_SECS + dice.below(span) as i64;
        let fixed = format!(" @ {at}");
        text.push_str(dice.pick::<&str>(&[" @ start()", " @ end()", fixed.as_str()]));
    }
    if dice.chance(12) {
        let offset = dice.pick(&["1m", "5m", "10m", "-2m", "37s", "-90s", "1h"]);
        text.push_str(&format!(" offset {offset}"));
    }
    text
}

fn metric(dice: &mut Dice) -> &'static str {
    dice.pick::<&str>(&METRICS)
}

fn range(dice: &mut Dice) -> &'static str {
    dice.pick::<&str>(&["1m", "2m", "5m", "5m", "10m", "45s", "15s", "1h", "7m30s"])
}

fn matrix(dice: &mut Dice, depth: usize) -> Node {
    if depth >= DEPTH_MAX || dice.chance(75) {
        let metric = metric(dice);
        let text = format!("{}[{}]{}", selector(dice, metric), range(dice), when(dice));
        return leaf(Kind::Matrix, text);
    }
    let step = *dice.pick(&["", "30s", "1m", "10s", "2m", "15s"]);
    let template = format!("(§)[{}:{step}]{}", range(dice), when(dice));
    one(Kind::Matrix, &template, vector(dice, depth + 1))
}

fn vector(dice: &mut Dice, depth: usize) -> Node {
    if depth >= DEPTH_MAX || dice.chance(15 + depth * 8) {
        let metric = metric(dice);
        let text = format!("{}{}", selector(dice, metric), when(dice));
        return leaf(Kind::Vector, text);
    }
    match dice.below(100) {
        0..=24 => over_range(dice, depth),
        25..=44 => aggregate(dice, depth),
        45..=64 => binary(dice, depth),
        65..=78 => element(dice, depth),
        79..=86 => histogram(dice, depth),
        87..=93 => label(dice, depth),
        94 => one(Kind::Vector, "-§", vector(dice, depth + 1)),
        95 => one(Kind::Vector, "vector(§)", scalar(dice, depth + 1)),
        96 => one(Kind::Vector, "absent(§)", vector(dice, depth + 1)),
        97 => one(Kind::Vector, "(§)", vector(dice, depth + 1)),
        98 => leaf(
            Kind::Vector,
            *dice.pick(&[
                "hour()",
                "minute()",
                "day_of_week()",
                "month()",
                "year()",
                "days_in_month()",
            ]),
        ),
        _ => info(dice),
    }
}

const OVER_RANGE: [&str; 26] = [
    "rate",
    "rate",
    "rate",
    "increase",
    "increase",
    "delta",
    "irate",
    "idelta",
    "deriv",
    "changes",
    "resets",
    "avg_over_time",
    "sum_over_time",
    "min_over_time",
    "max_over_time",
    "count_over_time",
    "last_over_time",
    "present_over_time",
    "stddev_over_time",
    "stdvar_over_time",
    "mad_over_time",
    "ts_of_max_over_time",
    "ts_of_min_over_time",
    "ts_of_last_over_time",
    "absent_over_time",
    "avg_over_time",
];

fn over_range(dice: &mut Dice, depth: usize) -> Node {
    match dice.below(12) {
        0 => two(
            Kind::Vector,
            "quantile_over_time(§, §)",
            scalar(dice, depth + 2),
            matrix(dice, depth + 1),
        ),
        1 => two(
            Kind::Vector,
            "predict_linear(§, §)",
            matrix(dice, depth + 1),
            scalar(dice, depth + 2),
        ),
        2 => one(
            Kind::Vector,
            "double_exponential_smoothing(§, 0.3, 0.7)",
            matrix(dice, depth + 1),
        ),
        _ => {
            let name = *dice.pick(&OVER_RANGE);
            one(Kind::Vector, &format!("{name}(§)"), matrix(dice, depth + 1))
        }
    }
}

fn names(dice: &mut Dice) -> String {
    let all = [
        "instance", "job", "code", "zone", "le", "missing", "__name__",
    ];
    let mut names = Vec::new();
    for _ in 0..1 + dice.below(2) {
        let name = if dice.chance(85) {
            all[dice.below(4)]
        } else {
            *dice.pick(&all)
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

fn aggregate(dice: &mut Dice, depth: usize) -> Node {
    let grouping = match dice.below(4) {
        0 => String::new(),
        1 => format!(" without ({})", names(dice)),
        _ => format!(" by ({})", names(dice)),
    };
    let of = vector(dice, depth + 1);
    match dice.below(16) {
        0 | 1 => {
            let fold = *dice.pick(&["topk", "bottomk"]);
            let count = scalar_count(dice, depth);
            two(Kind::Vector, &format!("{fold}{grouping} (§, §)"), count, of)
        }
        2 => {
            let count = scalar_count(dice, depth);
            two(Kind::Vector, &format!("limitk{grouping} (§, §)"), count, of)
        }
        3 => {
            let ratio = leaf(
                Kind::Scalar,
                *dice.pick(&["0.5", "-0.5", "0.2", "1", "-1", "1.2"]),
            );
            two(
                Kind::Vector,
                &format!("limit_ratio{grouping} (§, §)"),
                ratio,
                of,
            )
        }
        4 | 5 => two(
            Kind::Vector,
            &format!("quantile{grouping} (§, §)"),
            scalar(dice, depth + 2),
            of,
        ),
        6 => one(
            Kind::Vector,
            &format!("count_values{grouping} (\"value\", §)"),
            of,
        ),
        _ => {
            let fold = *dice.pick(&[
                "sum", "sum", "avg", "min", "max", "count", "group", "stddev", "stdvar",
            ]);
            one(Kind::Vector, &format!("{fold}{grouping} (§)"), of)
        }
    }
}

fn scalar_count(dice: &mut Dice, depth: usize) -> Node {
    if dice.chance(85) {
        leaf(
            Kind::Scalar,
            *dice.pick(&["1", "2", "3", "5", "0", "-1", "1.7"]),
        )
    } else {
        scalar(dice, depth + 2)
    }
}

fn binary(dice: &mut Dice, depth: usize) -> Node {
    let arithmetic = ["+", "-", "*", "/", "%", "^", "atan2"];
    let comparison = ["==", "!=", "<", ">", "<=", ">="];
    let mut op = match dice.below(10) {
        0..=5 => (*dice.pick(&arithmetic)).to_owned(),
        _ => {
            let bool = if dice.chance(40) { " bool" } else { "" };
            format!("{}{bool}", dice.pick(&comparison))
        }
    };
    match dice.below(10) {
        0 | 1 => two(
            Kind::Vector,
            &format!("(§ {op} §)"),
            vector(dice, depth + 1),
            scalar(dice, depth + 2),
        ),
        2 => two(
            Kind::Vector,
            &format!("(§ {op} §)"),
            scalar(dice, depth + 2),
            vector(dice, depth + 1),
        ),
        3 | 4 => {
            let op = *dice.pick(&["and", "or", "unless"]);
            let matching = match dice.below(3) {
                0 => format!(" on ({})", names(dice)),
                1 => format!(" ignoring ({})", names(dice)),
                _ => String::new(),
            };
            let left = vector(dice, depth + 1);
            two(
                Kind::Vector,
                &format!("(§ {op}{matching} §)"),
                left,
                vector(dice, depth + 1),
            )
        }
        5 => {
            // The same twice always matches.
            let side = vector(dice, depth + 1);
            two(Kind::Vector, &format!("(§ {op} §)"), side.clone(), side)
        }
        6 | 7 => {
            op.push_str(" ignoring (code, zone, le)");
            if dice.chance(60) {
                op.push_str(dice.pick::<&str>(&[
                    " group_left",
                    " group_right",
                    " group_left (zone)",
                    " group_right (zone)",
                ]));
            }
            let left = vector(dice, depth + 1);
            two(
                Kind::Vector,
                &format!("(§ {op} §)"),
                left,
                vector(dice, depth + 1),
            )
        }
        _ => {
            op.push_str(dice.pick::<&str>(&[
                " on (instance, job)",
                " on (job)",
                " on (instance)",
                "",
            ]));
            if op.ends_with(')') && dice.chance(50) {
                op.push_str(dice.pick::<&str>(&[
                    " group_left",
                    " group_right",
                    " group_left (code)",
                ]));
            }
            let left = vector(dice, depth + 1);
            two(
                Kind::Vector,
                &format!("(§ {op} §)"),
                left,
                vector(dice, depth + 1),
            )
        }
    }
}

fn element(dice: &mut Dice, depth: usize) -> Node {
    let plain = [
        "abs",
        "ceil",
        "floor",
        "sgn",
        "sqrt",
        "exp",
        "ln",
        "log2",
        "log10",
        "sin",
        "cos",
        "tan",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "asinh",
        "deg",
        "rad",
        "round",
        "timestamp",
        "sort",
        "sort_desc",
        "abs",
        "ceil",
        "floor",
        "asin",
        "acos",
        "acosh",
        "atanh",
    ];
    let of = vector(dice, depth + 1);
    match dice.below(10) {
        0 => two(Kind::Vector, "clamp_min(§, §)", of, scalar(dice, depth + 2)),
        1 => two(Kind::Vector, "clamp_max(§, §)", of, scalar(dice, depth + 2)),
        2 => one(Kind::Vector, "clamp(§, 1, 100)", of),
        3 => two(Kind::Vector, "round(§, §)", of, scalar(dice, depth + 2)),
        4 => {
            let part = [
                "day_of_month",
                "day_of_week",
                "day_of_year",
                "days_in_month",
                "hour",
                "minute",
                "month",
                "year",
            ];
            let part = *dice.pick(&part);
            one(Kind::Vector, &format!("{part}(§)"), of)
        }
        5 => one(Kind::Vector, "sort_by_label(§, \"instance\", \"job\")", of),
        _ => {
            let name = *dice.pick(&plain);
            one(Kind::Vector, &format!("{name}(§)"), of)
        }
    }
}

fn histogram(dice: &mut Dice, depth: usize) -> Node {
    let source = match dice.below(6) {
        0 => vector(dice, depth + 1),
        1 => leaf(Kind::Vector, "native_seconds"),
        2 => leaf(Kind::Vector, "custom_seconds"),
        3 => one(
            Kind::Vector,
            "sum by (job) (§)",
            leaf(Kind::Vector, "rate(native_seconds[5m])"),
        ),
        4 => leaf(Kind::Vector, "rate(latency_seconds_bucket[5m])"),
        _ => leaf(Kind::Vector, "sum by (job, le) (latency_seconds_bucket)"),
    };
    match dice.below(8) {
        0 | 1 => two(
            Kind::Vector,
            "histogram_quantile(§, §)",
            scalar(dice, depth + 3),
            source,
        ),
        2 => one(Kind::Vector, "histogram_fraction(0.2, 3, §)", source),
        _ => {
            let name = *dice.pick(&["avg", "count", "sum", "stddev", "stdvar"]);
            one(Kind::Vector, &format!("histogram_{name}(§)"), source)
        }
    }
}

fn label(dice: &mut Dice, depth: usize) -> Node {
    let template = *dice.pick(&[
        "label_replace(§, \"host\", \"$1\", \"instance\", \"(.*):.*\")",
        "label_replace(§, \"job\", \"x-$1\", \"job\", \"(a.*)\")",
        "label_replace(§, \"instance\", \"\", \"instance\", \"a.*\")",
        "label_join(§, \"both\", \"-\", \"instance\", \"job\")",
        "label_replace(§, \"__name__\", \"new_$1\", \"__name__\", \"(.*)\")",
    ]);
    one(Kind::Vector, template, vector(dice, depth + 1))
}

fn info(dice: &mut Dice) -> Node {
    leaf(
        Kind::Vector,
        *dice.pick(&[
            "info(memory_bytes)",
            "info(rate(requests_total[5m]))",
            "info(memory_bytes, {version=~\"v.*\"})",
            "info(requests_total, {__name__=\"build_info\"})",
            "info(memory_bytes, {__name__=~\".*_info\", version=\"v1\"})",
        ]),
    )
}
