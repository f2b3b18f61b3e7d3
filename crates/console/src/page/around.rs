//! What was measured around an incident: the figures of its broken promises and rules as charts, with its span marked,
//! and the way to the logs of that time.
//!
//! A chart shows what the promise is judged by, not all that it rests on: the share that failed, a percentile, a value.

use std::time::Duration;

use ::promise::{
    Amount, Kind, Lang, Say, Signal, Timestamp, say, signal::Part as Half, unit::trim_zeros,
};
use maud::{Markup, html};
use promql::{Query, Value};
use respond::{Incident, incident::track::Mark, rule::Rule};

use crate::{
    api::prometheus::query::along,
    door::Dossier,
    lang::Pick,
    page::explore::ask::RANGES,
    reply::{Visit, escape},
    show::{
        lines::{Band, Plot},
        mark,
    },
};

/// Charts of one page: an incident of more promises is understood by its first.
const CHARTS_MAX: usize = 4;
/// Lines of one chart; more cannot be told apart at this size.
const LINES_MAX: usize = 8;
/// What was usual before is shown for as long as the incident lasted, within these bounds.
const BEFORE_MIN: Duration = Duration::from_secs(15 * 60);
const BEFORE_MAX: Duration = Duration::from_secs(6 * 3_600);
/// How long after its end, to see that it ended.
const AFTER: Duration = Duration::from_secs(10 * 60);
/// Of a stretch that is shown, at most so many instants are computed, none closer together than samples usually are.
const POINTS: u32 = 180;
const STEP_MIN: Duration = Duration::from_secs(15);
/// A rate needs several samples in each look.
const RATE_STEPS: u32 = 4;

/// One chart to be drawn.
struct Chart {
    title: Say,
    query: String,
    targets: Vec<Target>,
}

/// What is promised of the values of a chart.
#[derive(Debug, Clone, PartialEq)]
struct Target {
    value: f64,
    /// As a person reads it, with its sign.
    text: Say,
}

/// The stretch of time that is shown around an incident.
struct Stretch {
    from: Timestamp,
    to: Timestamp,
    step: Duration,
}

impl Stretch {
    fn of(incident: &Incident, now: Timestamp) -> Self {
        let end = incident.resolved.unwrap_or(now);
        let lasted = end.since(incident.bad_since);
        let from = incident.bad_since - lasted.clamp(BEFORE_MIN, BEFORE_MAX);
        let to = (end + AFTER).min(now);
        let step = (to.since(from) / POINTS).max(STEP_MIN);
        Self { from, to, step }
    }

    /// For `rate`, in PromQL.
    fn look(&self) -> String {
        format!("{}s", (self.step * RATE_STEPS).as_secs().max(60))
    }

    /// The shortest range of the pages for metrics and logs that shows all of it.
    fn range(&self) -> &'static str {
        let secs = self.to.since(self.from).as_secs();
        let fits = RANGES.into_iter().filter(|(_, range)| *range >= secs);
        let shortest = fits.min_by_key(|(_, range)| *range);
        shortest.map_or("90d", |(name, _)| name)
    }
}

/// The sections of the main column; nothing where no figure is known.
pub(crate) async fn show(visit: &Visit, one: &Dossier) -> Markup {
    let lang = visit.lang;
    let stretch = Stretch::of(&one.incident, visit.now);
    let mut drawn = Vec::new();
    for chart in charts(visit, &one.incident, &stretch) {
        drawn.extend(draw(visit, one, &stretch, &chart).await);
    }
    html! {
        @if !drawn.is_empty() {
            section aria-labelledby="measured" {
                h2 #measured { (lang.pick("What was measured", "計測値の推移")) }
                @for chart in &drawn { (chart) }
                p.legend { (legend(visit, one)) }
            }
        }
    }
}

/// Where all logs of that time are read.
pub(crate) fn logs(visit: &Visit, incident: &Incident) -> Markup {
    let stretch = Stretch::of(incident, visit.now);
    let href = format!(
        "/logs?range={}&end={}",
        stretch.range(),
        escape(&stretch.to.to_string())
    );
    html! { p { a href=(href) { (visit.lang.pick("All logs of that time", "この時間帯のログをすべて見る")) } } }
}

/// By the promises of the incident, then by its rules; of the rules of other programs only their results are known here.
fn charts(visit: &Visit, incident: &Incident, stretch: &Stretch) -> Vec<Chart> {
    let look = stretch.look();
    let mut charts: Vec<Chart> = Vec::new();
    let groups = visit.room.desk.rules.groups();
    let rules: Vec<_> = groups.iter().flat_map(|group| &group.rules).collect();
    for id in &incident.promises {
        if let Some(row) = visit.board.row(id) {
            let name = |lang| row.promise.name(lang).to_owned();
            let name = Say::new(name(Lang::En), name(Lang::Ja));
            let signals = row.promise.kind.as_judge().signals();
            let kind = &row.promise.kind;
            charts.extend(
                signals
                    .iter()
                    .filter_map(|it| charted(&name, kind, it, &look)),
            );
        } else if let Some(rule) = rules.iter().find(|rule| rule.name == Rule::name_in(id)) {
            charts.push(Chart {
                title: say!("{id}: while its condition holds", "{id}: 条件が成り立つ間"),
                query: rule.query.clone(),
                // What a condition compares with stands in its query.
                targets: Vec::new(),
            });
        }
        if charts.len() >= CHARTS_MAX {
            break;
        }
    }
    charts.dedup_by(|later, first| later.query == first.query);
    charts.truncate(CHARTS_MAX);
    charts
}

/// What a person looks at to see whether a signal is good.
fn charted(name: &Say, kind: &Kind, signal: &Signal, look: &str) -> Option<Chart> {
    let (en, ja) = (&name.en, &name.ja);
    let (title, query) = match signal {
        Signal::Events { total, part } => {
            let (of, prefix) = match part {
                Half::Good(good) => (good, "1 - "),
                Half::Bad(bad) => (bad, ""),
            };
            (
                say!("{en}: share that failed", "{ja}: 失敗の割合"),
                format!("{prefix}sum(rate({of}[{look}])) / sum(rate({total}[{look}]))"),
            )
        }
        Signal::Spread { histogram } => {
            let share = match kind {
                Kind::Latency(latency) => latency.quantile.0,
                _ => 0.95,
            };
            let percent = trim_zeros(share * 100.0, 3);
            (
                say!("{en}: p{percent}", "{ja}: p{percent}"),
                format!("histogram_quantile({share}, sum by (le) (rate({histogram}[{look}])))"),
            )
        }
        Signal::Level { query } => (name.clone(), query.clone()),
        Signal::Beat { series } => (
            say!("{en}: series that are heard", "{ja}: 届いている系列の数"),
            format!("count({series})"),
        ),
        // Log records are read, not drawn.
        Signal::Pairs { .. } | Signal::LogBeat { .. } | Signal::Count { .. } => return None,
    };
    let targets = targets(kind);
    Some(Chart {
        title,
        query,
        targets,
    })
}

/// What a promise owes of the values that are drawn of it.
fn targets(kind: &Kind) -> Vec<Target> {
    match kind {
        Kind::Ratio(ratio) => {
            // 1 - 0.995 is a little more than 0.005.
            let may_fail = ((1.0 - ratio.at_least.0) * 1e9).round() / 1e9;
            let text = Amount::Share(may_fail).show(Lang::En);
            vec![Target {
                value: may_fail,
                text: Say::same(format!("≤ {text}")),
            }]
        }
        Kind::Latency(latency) => {
            let show = |lang| format!("≤ {}", Amount::duration(latency.at_most.0).show(lang));
            vec![Target {
                value: latency.bound(),
                text: Say::new(show(Lang::En), show(Lang::Ja)),
            }]
        }
        Kind::Threshold(it) => {
            let unit = it
                .unit
                .as_ref()
                .map_or_else(String::new, |unit| format!(" {unit}"));
            let bounds = [
                ("≥", it.at_least),
                (">", it.above),
                ("≤", it.at_most),
                ("<", it.below),
            ];
            let bounds = bounds
                .into_iter()
                .filter_map(|(sign, bound)| Some((sign, bound?)));
            let target = |(sign, value): (&str, f64)| Target {
                value,
                text: Say::same(format!("{sign} {}{unit}", trim_zeros(value, 3))),
            };
            bounds.map(target).collect()
        }
        _ => Vec::new(),
    }
}

/// `None` where nothing can be drawn: a chart adorns the page, it does not make it.
async fn draw(visit: &Visit, one: &Dossier, stretch: &Stretch, chart: &Chart) -> Option<Markup> {
    let query = Query::parse(&chart.query).ok()?;
    let answer = along(visit, query, stretch.from, stretch.to, stretch.step).await;
    let Ok(Value::Matrix(series)) = answer.map(|answer| answer.value) else {
        return None;
    };
    if series.iter().all(|one| one.samples.is_empty()) {
        return None;
    }
    let lines = series.iter().take(LINES_MAX);
    let plot = Plot {
        from: stretch.from,
        to: stretch.to,
        step: stretch.step,
        lines: lines.map(|one| one.samples.as_slice()).collect(),
        bands: bands(one, visit.now),
        targets: chart.targets.iter().map(|target| target.value).collect(),
    };
    let lang = visit.lang;
    let title = chart.title.get(lang);
    let promised: Vec<&str> = chart.targets.iter().map(|it| it.text.get(lang)).collect();
    let promised = promised.join(lang.pick(", ", "、"));
    let label = match (promised.as_str(), lang) {
        ("", _) => title.to_owned(),
        (target, Lang::En) => format!("{title}; the line of the target lies at {target}"),
        (target, Lang::Ja) => format!("{title}。目標線は {target}"),
    };
    let href = format!(
        "/explore?query={}&range={}&end={}",
        escape(&chart.query),
        stretch.range(),
        escape(&stretch.to.to_string())
    );
    Some(html! {
        figure.measured {
            figcaption {
                a href=(href) { (title) }
                @if !promised.is_empty() {
                    " " span.promised {
                        svg.key viewBox="0 0 28 8" aria-hidden="true" { path.target d="M0 4h28" {} }
                        (lang.pick("target ", "目標 ")) (promised)
                    }
                }
            }
            (plot.show(&label, &visit.zone(), lang))
        }
    })
}

/// The incident itself, and the instants of its track.
fn bands(one: &Dossier, now: Timestamp) -> Vec<Band> {
    let incident = &one.incident;
    let mut bands = vec![Band {
        from: incident.bad_since,
        to: incident.resolved.unwrap_or(now),
        class: mark::class(incident.state),
    }];
    let instants = one.marks.iter().filter(|mark| is_instant(mark));
    bands.extend(instants.filter_map(|mark| {
        Some(Band {
            from: mark.at?,
            to: mark.at?,
            class: "change",
        })
    }));
    bands
}

/// Its beginning and its end are the ends of its band.
fn is_instant(mark: &Mark) -> bool {
    !matches!(mark.code, "began" | "resolved")
}

fn legend(visit: &Visit, one: &Dossier) -> Markup {
    let lang = visit.lang;
    let instants = one.marks.iter().filter(|mark| is_instant(mark));
    let names: Vec<&str> = instants
        .filter(|mark| mark.at.is_some())
        .map(|mark| mark.what.get(lang))
        .collect();
    html! {
        span { (lang.pick("Shaded: from the first bad evidence to the end.", "色の付いた範囲: 最初の悪い証拠から終わりまで。")) }
        @if !names.is_empty() {
            span { (lang.pick("Lines: ", "縦線: ")) (names.join(lang.pick(", ", "、"))) (lang.pick(".", "。")) }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ::promise::{LogQuery, Selector, record::Scalar as _};

    use super::*;

    fn stretch(lasted: u64, secs_ago: u64) -> Stretch {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let began = now - Duration::from_secs(secs_ago + lasted);
        let incident: Incident = serde_json::from_value(serde_json::json!({
            "number": 7, "id": "INC-7", "title": { "en": "", "ja": "" }, "promises": [], "severity": null,
            "level": null, "owner": "sre", "state": "broken", "is_paging": true, "bad_since": began, "opened": began,
            "acknowledged": null, "resolved": began + Duration::from_secs(lasted), "answer_due": null,
            "answer_missed": false, "evidence_lost": null, "pages": [], "next_page": 1, "timeline": [], "ledger": [],
        }))
        .unwrap();
        Stretch::of(&incident, now)
    }

    #[test]
    fn what_is_shown_begins_before_the_incident_and_is_found_again_by_the_links() {
        // 5 minutes long and over for an hour: 15 minutes before it, 10 after it, 30 in all, which an hour holds.
        let short = stretch(300, 3_600);
        assert_eq!(short.to.since(short.from).as_secs(), 1_800);
        assert_eq!((short.step, short.range()), (STEP_MIN, "1h"));
        // A day long and just over: no more than 6 hours before it. 30 hours in 180 steps are 10 minutes each.
        let long = stretch(86_400, 0);
        assert_eq!(long.to.since(long.from).as_secs(), 108_000);
        assert_eq!((long.step.as_secs(), long.range()), (600, "7d"));
        assert_eq!(long.look(), "2400s");
    }

    #[test]
    fn what_is_drawn_of_a_signal_is_promql() {
        let metric = |text: &str| Selector::parse(text).unwrap();
        let logs = LogQuery::parse("stream:app").unwrap();
        let events = |part| Signal::Events {
            total: metric("all{job=\"a\"}"),
            part,
        };
        for (signal, expected) in [
            (
                events(Half::Bad(metric("bad"))),
                Some("sum(rate(bad[60s])) / sum(rate(all{job=\"a\"}[60s]))"),
            ),
            (
                events(Half::Good(metric("good"))),
                Some("1 - sum(rate(good[60s])) / sum(rate(all{job=\"a\"}[60s]))"),
            ),
            (
                Signal::Beat {
                    series: metric("up"),
                },
                Some("count(up)"),
            ),
            (Signal::LogBeat { logs }, None),
        ] {
            let kind =
                kind("{ kind: ratio, total: all, good: good, at_least: 99.5 %, window: 30d }");
            let chart = charted(&Say::same("x"), &kind, &signal, "60s");
            let query = chart.as_ref().map(|chart| chart.query.as_str());
            assert_eq!(query, expected);
            assert!(query.is_none_or(|query| Query::parse(query).is_ok()));
        }
    }

    fn kind(text: &str) -> Kind {
        let (node, _) = ::promise::document::parse_yaml(text);
        ::promise::Promise::read("x", &node.unwrap(), &mut Vec::new())
            .unwrap()
            .kind
    }

    #[test]
    fn a_target_lies_where_the_values_of_its_chart_do() {
        for (text, value, shown) in [
            // Of what is drawn as the share that fails, 0.5 % may.
            (
                "{ kind: ratio, total: all, good: ok, at_least: 99.5 %, window: 30d }",
                0.005,
                "≤ 0.5 %",
            ),
            // A histogram of seconds.
            (
                "{ kind: latency, histogram: took_seconds, quantile: p99, at_most: 300ms, window: 5m }",
                0.3,
                "≤ 300 ms",
            ),
            (
                "{ kind: threshold, query: cpu, at_most: 80, unit: \"%\" }",
                80.0,
                "≤ 80 %",
            ),
        ] {
            let found = targets(&kind(text));
            let [target] = found.as_slice() else {
                panic!("{found:?}")
            };
            assert_eq!((target.value, target.text.en.as_str()), (value, shown));
        }
        let spread = Signal::Spread {
            histogram: Selector::parse("took_seconds_bucket").unwrap(),
        };
        let of = kind(
            "{ kind: latency, histogram: took_seconds, quantile: p99.9, at_most: 5s, window: 5m }",
        );
        let chart = charted(&Say::same("x"), &of, &spread, "60s").unwrap();
        assert!(
            chart.query.starts_with("histogram_quantile(0.999, "),
            "{}",
            chart.query
        );
        assert_eq!(chart.title.en, "x: p99.9");
    }
}
