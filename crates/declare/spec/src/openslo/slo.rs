//! One SLO: each of its objectives as the fields of a promise, and what of it a promise cannot say.

use promise::{document::Node, record::Scalar, say, unit::Span};

use super::{
    Note, OURS, alerts,
    import::{Fields, Known},
    metric,
    objects::{Object, entries, items, text},
    quoted,
};

pub(super) struct Slo<'o> {
    pub slo: &'o Object,
    pub known: &'o Known,
    pub notes: &'o mut Vec<Note>,
}

impl Slo<'_> {
    pub fn zone(&self) -> Option<String> {
        let window = items(self.slo.at(&["spec", "timeWindow"])).first()?;
        Some(text(window.get("calendar")?.get("timeZone")?)?.to_owned())
    }

    pub fn promises(&mut self, severities: &mut Vec<String>) -> Vec<(String, Fields)> {
        let slo = self.slo;
        let indicator = match slo.text_at(&["spec", "indicatorRef"]) {
            Some(name) => self.known.get("SLI", name).cloned(),
            None => slo
                .at(&["spec", "indicator"])
                .map(|node| slo.inline("SLI", node)),
        };
        let Some(indicator) = indicator else {
            self.tell(
                &slo.node,
                say!("its indicator is nowhere", "指標が見つかりません"),
            );
            return Vec::new();
        };
        let objectives = items(slo.at(&["spec", "objectives"]));
        let many = objectives.len() > 1;
        let mut found = Vec::new();
        for (index, objective) in objectives.iter().enumerate() {
            let Some(mut fields) = self.promise(&indicator, objective) else {
                continue;
            };
            let burn = alerts::alerts(slo, self.known, self.notes);
            if !burn.is_empty() && matches!(fields.first(), Some((_, kind)) if kind != "threshold")
            {
                let own = self.ours("short");
                let shorts: Vec<&str> = own
                    .as_deref()
                    .map(|it| it.split(',').collect())
                    .unwrap_or_default();
                let burn = burn.iter().enumerate().map(|(index, alert)| {
                    if !severities.contains(&alert.severity) {
                        severities.push(alert.severity.clone());
                    }
                    let short = shorts.get(index).filter(|it| !it.is_empty());
                    let short = short.map_or_else(String::new, |short| format!(", short: {short}"));
                    format!(
                        "{{ rate: {}, over: {}{short}, severity: {} }}",
                        alert.rate,
                        alert.over,
                        quoted(&alert.severity)
                    )
                });
                let burn: Vec<String> = burn.collect();
                fields.push(("burn".to_owned(), format!("[{}]", burn.join(", "))));
            }
            let id = self.ours("id").unwrap_or_else(|| id(&slo.name));
            found.push((
                if many {
                    format!("{id}-{}", index + 1)
                } else {
                    id
                },
                fields,
            ));
        }
        if let Some(description) = slo.at(&["spec", "description"]) {
            self.tell(
                description,
                say!(
                    "a promise has no description; say it in `name`",
                    "約束に説明欄はありません。`name` に書いてください"
                ),
            );
        }
        found
    }

    /// The fields of the promise that an objective is.
    fn promise(&mut self, indicator: &Object, objective: &Node) -> Option<Fields> {
        let slo = self.slo;
        let mut fields: Fields = Vec::new();
        let mut put = |name: &str, value: String| fields.push((name.to_owned(), value));
        let target = self.target(objective);
        let name = objective
            .get("displayName")
            .and_then(text)
            .filter(|_| slo.at(&["metadata", "displayName"]).is_none());
        let name = name
            .or_else(|| slo.text_at(&["metadata", "displayName"]))
            .map(quoted);
        if let Some(metric) = indicator.at(&["spec", "thresholdMetric"]) {
            let query = query(self.known, metric);
            let bound = match objective.get("op").and_then(text) {
                Some("lte") => "at_most",
                Some("lt") => "below",
                Some("gte") => "at_least",
                Some("gt") => "above",
                _ => "",
            };
            let value = objective
                .get("value")
                .and_then(text)
                .filter(|text| text.parse::<f64>().is_ok());
            let (Some(query), Some(value), false) = (query, value, bound.is_empty()) else {
                self.tell(
                    objective,
                    say!(
                        "a threshold needs a query of Prometheus, `op` and `value`",
                        "しきい値には Prometheus の query と `op` と `value` が必要です"
                    ),
                );
                return None;
            };
            self.tell(
                objective,
                say!(
                    "a threshold is judged at every instant; the share of time that `target` allows is not carried over",
                    "しきい値は常に判定します。`target` が許す時間の割合は引き継ぎません"
                ),
            );
            put("kind", "threshold".to_owned());
            name.into_iter().for_each(|name| put("name", name));
            put("query", quoted(query));
            put(bound, value.to_owned());
            return Some(fields);
        }
        let Some(target) = target else {
            self.tell(
                objective,
                say!(
                    "it has no `target` between 0 and 1",
                    "0 と 1 の間の `target` がありません"
                ),
            );
            return None;
        };
        let ratio = self.ratio(indicator)?;
        match (&ratio.histogram, self.ours("at_most")) {
            (Some((histogram, bound)), own) => {
                put("kind", "latency".to_owned());
                name.into_iter().for_each(|name| put("name", name));
                put("histogram", quoted(histogram));
                put("quantile", format!("{target} %"));
                put("at_most", own.unwrap_or_else(|| format!("{bound}ms")));
            }
            (None, _) => {
                put("kind", "ratio".to_owned());
                name.into_iter().for_each(|name| put("name", name));
                put("total", quoted(&ratio.total));
                put(ratio.part, quoted(&ratio.of));
                put("at_least", format!("{target} %"));
            }
        }
        put("window", quoted(&self.window()));
        for (name, value) in self.slices(objective) {
            put(name, value);
        }
        for name in [
            "fresh_for",
            "gaps_at_most",
            "min_events",
            "budget_at_least",
            "severity",
            "owner",
            "tier",
            "runbook",
        ] {
            if let Some(value) = self.ours(name) {
                put(name, quoted(&value));
            }
        }
        Some(fields)
    }

    fn ratio(&mut self, indicator: &Object) -> Option<Ratio> {
        let at = |part: &str| indicator.at(&["spec", "ratioMetric", part]);
        let metric = at("total").or(at("raw")).unwrap_or(&indicator.node);
        if let Some(raw) = at("raw") {
            self.notes.push(indicator.note(raw, say!("a ratio that is computed elsewhere cannot be weighted by traffic; write `good` and `total`", "他で計算済みの比率は件数で重み付けできません。`good` と `total` を書いてください")));
            return None;
        }
        if at("counter").and_then(text) == Some("false") {
            self.notes.push(indicator.note(
                metric,
                say!(
                    "only counters are counted exactly; this is none",
                    "正確に数えられるのはカウンターだけです"
                ),
            ));
            return None;
        }
        let part = if at("bad").is_some() { "bad" } else { "good" };
        let mut series = |name: &str| {
            let node = at(name)?;
            let found = query(self.known, node).and_then(metric::series);
            if found.is_none() {
                self.notes.push(indicator.note(
                    node,
                    say!(
                        "its query is not one counter of Prometheus, or the sum of one",
                        "Prometheus の一つのカウンター、またはその合計の query ではありません"
                    ),
                ));
            }
            found
        };
        let (total, of) = (series("total"), series(part));
        let (total, of) = (total?, of?);
        let histogram = (part == "good")
            .then(|| metric::histogram(&of, &total))
            .flatten();
        let per_milli = |name: &str| {
            if name.contains("_milliseconds") || name.contains("_ms") {
                1.0
            } else {
                1_000.0
            }
        };
        Some(Ratio {
            histogram: histogram
                .map(|(it, bound)| (it.to_string(), bound * per_milli(it.as_str()))),
            total: total.to_string(),
            part,
            of: of.to_string(),
        })
    }

    /// In percent, as it is written.
    fn target(&self, objective: &Node) -> Option<String> {
        let part = |name| {
            objective
                .get(name)
                .and_then(text)
                .and_then(|text| text.parse::<f64>().ok())
        };
        let percent =
            part("targetPercent").or_else(|| part("target").map(|target| target * 100.0))?;
        (0.0..100.0)
            .contains(&percent)
            .then(|| promise::unit::trim_zeros(percent, 10))
    }

    fn window(&mut self) -> String {
        let slo = self.slo;
        let Some(window) = items(slo.at(&["spec", "timeWindow"])).first() else {
            self.tell(
                &slo.node,
                say!(
                    "it has no window; 30 days are taken",
                    "期間がないため 30 日とします"
                ),
            );
            return "30d".to_owned();
        };
        let duration = window.get("duration").and_then(text).unwrap_or_default();
        if window.get("calendar").is_some() {
            let period = match duration {
                "1d" => "calendar day",
                "1w" | "7d" => "calendar week",
                "1M" => "calendar month",
                "1Q" | "3M" => "calendar quarter",
                "1Y" => "calendar year",
                _ => "",
            };
            self.tell(
                window,
                say!(
                    "a calendar window begins at midnight of the service's zone, whatever `startTime` says",
                    "暦の期間は `startTime` によらず、サービスのタイムゾーンの午前 0 時に始まります"
                ),
            );
            if !period.is_empty() {
                return period.to_owned();
            }
        } else if let Ok(span) = Span::parse(duration) {
            return span.to_string();
        }
        let (number, unit) = duration.split_at(duration.len().saturating_sub(1));
        let days = match unit {
            "M" => 30,
            "Q" => 90,
            "Y" => 365,
            _ => 0,
        };
        let days = number.parse::<u64>().unwrap_or(1).clamp(1, 100) * days;
        let days = if days == 0 { 30 } else { days };
        self.tell(
            window,
            say!(
                "`{duration}` is taken as {days} days",
                "`{duration}` は {days} 日とみなします"
            ),
        );
        format!("{days}d")
    }

    fn slices(&mut self, objective: &Node) -> Vec<(&'static str, String)> {
        let method = match self.slo.text_at(&["spec", "budgetingMethod"]) {
            Some("Timeslices") => "time_slices",
            Some("RatioTimeslices") => "ratio_time_slices",
            _ => return Vec::new(),
        };
        let mut out = vec![("budgeting", method.to_owned())];
        let width = objective.get("timeSliceWindow").and_then(text);
        // A number is of minutes.
        let width = width.map(|text| {
            if text.parse::<u64>().is_ok() {
                format!("{text}m")
            } else {
                text.to_owned()
            }
        });
        out.extend(
            width
                .filter(|text| Span::parse(text).is_ok())
                .map(|width| ("slice", width)),
        );
        let target = objective
            .get("timeSliceTarget")
            .and_then(text)
            .and_then(|text| text.parse::<f64>().ok());
        if let Some(target) = target.filter(|_| method == "time_slices") {
            out.push((
                "slice_at_least",
                format!("{} %", promise::unit::trim_zeros(target * 100.0, 10)),
            ));
        }
        out
    }

    /// What we wrote ourselves into the annotations.
    fn ours(&self, name: &str) -> Option<String> {
        let annotations = entries(self.slo.at(&["metadata", "annotations"]));
        let wanted = format!("{OURS}{name}");
        let (_, node) = annotations.iter().find(|(key, _)| key.name == wanted)?;
        Some(text(node)?.to_owned())
    }

    fn tell(&mut self, node: &Node, what: promise::Say) {
        self.notes.push(self.slo.note(node, what));
    }
}

struct Ratio {
    histogram: Option<(String, f64)>,
    total: String,
    part: &'static str,
    of: String,
}

/// The query of a metric, where it is asked of Prometheus or the document does not say of whom.
fn query<'m>(known: &Known, metric: &'m Node) -> Option<&'m str> {
    let source = metric.get("metricSource")?;
    let named = source.get("metricSourceRef").and_then(text);
    let named = named.and_then(|name| known.get("DataSource", name)?.text_at(&["spec", "type"]));
    let kind = source.get("type").and_then(text).or(named);
    let is_prometheus = kind.is_none_or(|kind| kind.eq_ignore_ascii_case("prometheus"));
    let query = source.get("spec")?.get("query")?;
    text(query).filter(|_| is_prometheus)
}

/// A name as an id: lower-case letters, digits, `_` and `-`.
fn id(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '_' || c == '-' {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let id: String = name.chars().map(plain).take(60).collect();
    let id = id.trim_start_matches(['-', '_']).to_owned();
    if id.is_empty() {
        "unnamed".to_owned()
    } else {
        id
    }
}
