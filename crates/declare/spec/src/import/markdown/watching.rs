//! What a design wants to be watched: metrics with thresholds, alerts, dashboards, log streams and their conditions.

use promise::{
    document::{Node, Value},
    say,
};

use super::{
    Reader,
    alert_table::SEVERITY,
    bounds::condition,
    figures::{Kind, figures, only},
    no_home,
    owed::OFFERED,
    place,
    tree::Data,
    words::{self, plain},
};
use crate::import::taking::{entries, items, text as scalar};

/// How long a condition must hold, in what follows it: `が 10 分続いたら`, `for 5 minutes`.
pub(super) fn lasts(after: &str) -> Option<String> {
    const LASTING: [&str; 5] = ["続", "継続", "連続", "間", "for "];
    let figure = figures(after)
        .into_iter()
        .find(|it| it.kind == Kind::Time)?;
    let near = format!("{}{}", &after[..figure.start], &after[figure.end..]);
    let near = near.to_lowercase();
    LASTING
        .iter()
        .any(|word| near.contains(word))
        .then_some(figure.text)
}

impl Reader<'_> {
    pub(super) fn metrics(&mut self, node: &Node, data: &Data<'_>, path: &str) {
        let named: Vec<(String, &Node)> = match &node.value {
            Value::Map(below) => below
                .iter()
                .map(|(key, it)| (key.name.clone(), it))
                .collect(),
            _ => items(node)
                .iter()
                .map(|it| {
                    (
                        it.get("name")
                            .and_then(scalar)
                            .unwrap_or("metric")
                            .to_owned(),
                        it,
                    )
                })
                .collect(),
        };
        for (name, it) in named {
            let id = self.draft.id("metrics", &name);
            let at = |field| ["monitoring", "metrics", id.as_str(), field];
            let line = data.line(it);
            for (key, below) in entries(it) {
                let key = plain(&key.name);
                let (text, line) = (scalar(below).unwrap_or_default(), data.line(below));
                match words::field("metrics", &key) {
                    _ if key == "name" => {}
                    _ if ["threshold", "bound", "しきい値", "閾値"].contains(&key.as_str()) => {
                        self.threshold(&id, &name, text, data.remark(below), line)
                    }
                    Some((field, form)) => match place::value(form, text) {
                        Some(value) => self.draft.set(&at(field), value, line),
                        None => self.draft.lost(line, text, no_home()),
                    },
                    None => self.leaves(below, data, &key),
                }
                if let Some((severity, _)) = words::severity(text)
                    .filter(|_| key.contains("action") || key.contains("severity"))
                {
                    self.severity(severity, line);
                    self.draft.guess(
                        &at("severity"),
                        severity,
                        line,
                        say!("told by the word in `{text}`", "`{text}` の語による"),
                    );
                }
            }
            if let Some(measures) = words::measures(&name) {
                self.draft.guess(
                    &at("measures"),
                    measures,
                    line,
                    say!("told by its name", "名前による"),
                );
            }
            self.statistic(&id, &name, line);
            self.watch("metrics", &id, format!("{path} {name}"), line);
        }
    }

    /// A threshold: its unit stands in it, in the remark behind it, or in the metric's name.
    pub(super) fn threshold(
        &mut self,
        id: &str,
        name: &str,
        text: &str,
        remark: &str,
        line: usize,
    ) {
        let path = ["monitoring", "metrics", id, "bound"];
        let measures = words::measures(name);
        let lower = name.to_lowercase();
        let is_offered = OFFERED.iter().any(|word| lower.contains(word));
        let sign = if measures == Some("success") || is_offered {
            ">="
        } else {
            "<="
        };
        if let Some(said) = condition(text) {
            return self.draft.set(&path, said.bound(), line);
        }
        let own = only(text)
            .filter(|it| it.kind != Kind::Count)
            .map(|it| it.text);
        if let Some(own) = own {
            return self.draft.set(&path, format!("{sign} {own}"), line);
        }
        let Ok(number) = text.trim().parse::<f64>() else {
            return self.draft.lost(line, &format!("{name}: {text}"), no_home());
        };
        let remarked = figures(remark)
            .into_iter()
            .find(|it| matches!(it.kind, Kind::Share | Kind::Time))
            .map(|it| it.text);
        let (unit, why) = match (remarked, measures) {
            (Some(unit), _) => (
                unit,
                say!(
                    "the remark behind it says the unit",
                    "単位は後ろの注記による"
                ),
            ),
            (None, Some("success" | "errors" | "cpu" | "memory" | "disk" | "misses"))
                if number <= 100.0 =>
            {
                (
                    format!("{number} %"),
                    say!("a share, by its name", "名前から百分率とみなす"),
                )
            }
            // Nobody promises answers in minutes, and nobody measures them in thousands of seconds.
            (None, Some("latency")) if number >= 100.0 => (
                format!("{number}ms"),
                say!("milliseconds, by its size", "大きさからミリ秒とみなす"),
            ),
            (None, Some("latency")) => (
                format!("{number}s"),
                say!("seconds, by its size", "大きさから秒とみなす"),
            ),
            _ => (
                format!("{number}"),
                say!("no unit is written", "単位が書かれていない"),
            ),
        };
        self.draft.guess(&path, format!("{sign} {unit}"), line, why);
    }

    /// A quantile in a metric's name is its statistic.
    fn statistic(&mut self, id: &str, name: &str, line: usize) {
        let path = ["monitoring", "metrics", id, "statistic"];
        if let Some(quantile) = words::quantile(name).filter(|_| !self.draft.has(&path)) {
            self.draft.guess(
                &path,
                quantile,
                line,
                say!("told by its name", "名前による"),
            );
        }
    }

    pub(super) fn metric_row(&mut self, name: &str, cells: &[(&str, &str)], line: usize) {
        let id = self.draft.id(
            "metrics",
            &super::short(name, words::measures(name).unwrap_or("metric")),
        );
        for (key, cell) in cells.iter().skip(1) {
            let at = |field| ["monitoring", "metrics", id.as_str(), field];
            match words::field("metrics", key) {
                _ if [
                    "threshold",
                    "しきい値",
                    "閾値",
                    "目標",
                    "target",
                    "条件",
                    "condition",
                ]
                .contains(key) =>
                {
                    match condition(cell).filter(|_| !["目標", "target"].contains(key)) {
                        // Where it is bad, seen from where it must lie.
                        Some(said) => {
                            let sign = match said.sign {
                                ">" | ">=" => "<=",
                                _ => ">=",
                            };
                            self.draft.set(
                                &at("bound"),
                                format!("{sign} {}", said.figure.text),
                                line,
                            );
                        }
                        None => self.threshold(&id, name, cell, "", line),
                    }
                }
                _ if SEVERITY.contains(key) => {
                    if let Some(severity) = self.rank(cell) {
                        self.severity(severity, line);
                        self.draft.set(&at("severity"), severity, line);
                    }
                }
                Some((field, form)) => match place::value(form, cell) {
                    Some(value) => self.draft.set(&at(field), value, line),
                    None => self.draft.lost(line, &format!("{key}: {cell}"), no_home()),
                },
                None => self.draft.lost(line, &format!("{key}: {cell}"), no_home()),
            }
        }
        if let Some(measures) = words::measures(name) {
            self.draft.guess(
                &["monitoring", "metrics", &id, "measures"],
                measures,
                line,
                say!("told by its name", "名前による"),
            );
        }
        self.statistic(&id, name, line);
        self.watch("metrics", &id, name.to_owned(), line);
    }

    /// A severity that something speaks of exists, even where nothing else is said of it.
    pub(super) fn severity(&mut self, severity: &'static str, line: usize) {
        if !self.draft.has(&["severities", severity, "level"])
            && let Some((_, rank)) = words::severity(severity)
        {
            self.draft.guess(
                &["severities", severity, "level"],
                rank,
                line,
                say!("by its word", "語による"),
            );
        }
    }

    pub(super) fn alerts(&mut self, node: &Node, data: &Data<'_>, path: &str) {
        for (key, below) in entries(node) {
            let severity = words::severity(&key.name);
            for (text, line) in self.said(below, data) {
                self.alert(&text, severity.map(|(name, _)| name), line, path);
            }
        }
        for (text, line) in if matches!(node.value, Value::List(_)) {
            self.said(node, data)
        } else {
            Vec::new()
        } {
            self.alert(
                &text,
                words::severity(&text).map(|(name, _)| name),
                line,
                path,
            );
        }
    }

    pub(super) fn alert(
        &mut self,
        text: &str,
        severity: Option<&'static str>,
        line: usize,
        words: &str,
    ) -> String {
        let said = condition(text);
        let about = said.as_ref().map_or(text, |said| said.about.as_str());
        let id = self.draft.id(
            "alerts",
            &super::short(about, words::measures(about).unwrap_or("alert")),
        );
        let at = |field| ["monitoring", "alerts", id.as_str(), field];
        self.draft.set(&at("name"), text, line);
        if let Some(said) = &said {
            self.draft.set(&at("when"), said.bound(), line);
            if let Some(lasts) = lasts(&text[said.figure.end..]) {
                self.draft.set(&at("for"), lasts, line);
            }
        }
        if let Some(severity) = severity {
            self.severity(severity, line);
            self.draft.guess(
                &at("severity"),
                severity,
                line,
                say!("told by the word that it stands under", "見出しの語による"),
            );
        }
        let measures = words::measures(about).or_else(|| words::quantile(about).map(|_| "latency"));
        if let Some(measures) = measures {
            self.draft.guess(
                &at("measures"),
                measures,
                line,
                say!("told by its name", "名前による"),
            );
        }
        self.watch("alerts", &id, format!("{words} {text}"), line);
        id
    }

    pub(super) fn dashboards(&mut self, node: &Node, data: &Data<'_>) {
        for item in items(node) {
            let name = item.get("name").and_then(scalar).unwrap_or("dashboard");
            let id = self.draft.id("dashboards", name);
            self.draft.set(
                &["monitoring", "dashboards", &id, "name"],
                name,
                data.line(item),
            );
            for (text, line) in item
                .get("widgets")
                .map(|it| self.said(it, data))
                .unwrap_or_default()
            {
                self.draft
                    .push(&["monitoring", "dashboards", &id, "widgets"], text, line);
            }
        }
    }

    pub(super) fn stream(&mut self, name: &str, node: &Node, data: &Data<'_>) {
        let id = self.draft.id("log_analysis", name);
        for (key, below) in entries(node) {
            if plain(&key.name) == "alerts" {
                for alert in items(below) {
                    self.log_alert(&id, alert, data);
                }
                continue;
            }
            // One field at a time, so that a list of conditions is not taken for one.
            let one = Node {
                span: node.span.clone(),
                value: Value::Map(vec![(key.clone(), below.clone())]),
            };
            self.fields("streams", &["log_analysis", &id], &one, data);
        }
    }

    fn log_alert(&mut self, stream: &str, node: &Node, data: &Data<'_>) {
        let Some(written) = node.get("condition").or_else(|| node.get("query")) else {
            return self.leaves(node, data, "alerts");
        };
        let text = scalar(written).unwrap_or_default();
        let id = self.draft.id(
            &format!("{stream}.alerts"),
            text.split(['>', '<', ':']).next().unwrap_or(text),
        );
        let at = |field| ["log_analysis", stream, "alerts", id.as_str(), field];
        let line = data.line(written);
        let counts = |part: &&str| part.trim().starts_with("count");
        let (count, logs): (Vec<&str>, Vec<&str>) = text.split(" AND ").partition(counts);
        self.draft.set(&at("logs"), logs.join(" AND "), line);
        if let Some(count) = count.first().and_then(|count| condition(count)) {
            self.draft.set(&at("count"), count.bound(), line);
        }
        for (key, below) in entries(node) {
            let (text, line) = (scalar(below).unwrap_or_default(), data.line(below));
            match plain(&key.name).as_str() {
                "condition" | "query" => {}
                "period" | "window" | "within" => match place::value(words::Form::Seconds, text) {
                    Some(value) => self.draft.set(&at("within"), value, line),
                    None => self.draft.lost(line, text, no_home()),
                },
                "action" => self.draft.set(&at("action"), text, line),
                "severity" => {
                    if let Some((severity, _)) = words::severity(text) {
                        self.severity(severity, line);
                        self.draft.set(&at("severity"), severity, line);
                    }
                }
                other => self.leaves(below, data, other),
            }
        }
    }
}
