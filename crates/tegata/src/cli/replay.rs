//! `tegata replay`: what promises and alerts would have said.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::Args;
use evaluate::{
    Evaluator, Judged, Stores,
    rule::{Manner, Stored, World, replay},
};
use promise::{Clock as _, Lang, Promise, State, Timestamp, say, unit::Span};
use serde::Serialize;
use serde_json::json;
use spec::{Spec, section::engine::Engine};
use store::{DataDir, Labels, MetricStore};

use super::{Common, Data, runtime};
use crate::{
    app::generation,
    clock::SystemClock,
    engine,
    exit::Stop,
    rule_files::{self, RuleFiles},
    spec_file,
};

/// Replay the past: when a promise or alert, as it is written now, would have been broken or fired.
///
/// Reads the data directory of an instance that does not run.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The id of a promise or the name of an alert; all otherwise.
    name: Option<String>,
    /// How many days back.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,
    /// How often promises are judged in the replay.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = span)]
    step: Span,
    /// The spec.
    #[arg(long, default_value = "tegata.yaml")]
    spec: PathBuf,
    #[command(flatten)]
    data: Data,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// No promise is judged more often in a replay: its windows are minutes and hours.
const STEP_MIN: Duration = Duration::from_secs(1);

fn span(text: &str) -> Result<Span, String> {
    use promise::record::Scalar as _;
    let span = Span::parse(text).map_err(|why| why.en)?;
    if span.0 < STEP_MIN {
        Err("the step must be at least 1s".to_owned())
    } else {
        Ok(span)
    }
}

/// A time in which a promise was in one state.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Verdicts {
    promise: String,
    state: State,
    from: Timestamp,
    to: Timestamp,
}

impl Replay {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let spec = spec_file::open(&self.spec, lang)?.into_spec(lang)?;
        let rules = rule_files::of(&self.spec, &spec, lang)?.whole(lang)?;
        let wanted = |name: &str| self.name.as_deref().is_none_or(|wanted| wanted == name);
        let promises: Vec<&Promise> = spec
            .promises
            .iter()
            .filter(|promise| wanted(&promise.id))
            .collect();
        let has_alert = rules.alerts().any(|name| wanted(&name));
        if promises.is_empty() && !has_alert {
            let name = self.name.as_deref().unwrap_or_default();
            let nothing = say!(
                "no promise and no alert is called `{name}`",
                "`{name}` という約束も警報もありません"
            );
            return Err(Stop::missing(nothing.get(lang)).into());
        }
        let to = SystemClock.now();
        let from = to - Duration::from_secs(u64::from(self.days) * 86_400);
        let (verdicts, alerts) = runtime()?.block_on(async {
            let (data, metrics) = metrics(&self.data.dir, spec.metrics.as_ref(), lang)?;
            let verdicts = self
                .promises(&spec, &promises, &data, metrics.clone(), from, to)
                .await?;
            let alerts = self.alerts(&spec, &rules, metrics, from, to).await?;
            anyhow::Ok((verdicts, alerts))
        })?;
        if self.json {
            let body = json!({ "version": 1, "from": from, "to": to, "verdicts": verdicts, "alerts": alerts });
            outln!("{}", serde_json::to_string_pretty(&body)?);
        } else {
            outln!("{}", tell_verdicts(&verdicts, lang));
            outln!("{}", tell_alerts(&alerts, to, lang).trim_end());
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn promises(
        &self,
        spec: &Spec,
        promises: &[&Promise],
        data: &DataDir,
        metrics: Arc<dyn MetricStore>,
        from: Timestamp,
        to: Timestamp,
    ) -> anyhow::Result<Vec<Verdicts>> {
        if promises.is_empty() {
            return Ok(Vec::new());
        }
        // As if it had been owed since then.
        let dated = promises.iter().map(|promise| {
            let mut promise = Promise::clone(promise);
            promise.since = from;
            Arc::new(promise)
        });
        let stores = Stores {
            metrics,
            logs: engine::logs(spec.logs.as_ref(), &data.logs(), Arc::new(SystemClock))
                .map_err(|problem| Stop::missing(problem.to_string()))?,
        };
        let mut evaluator =
            Evaluator::new(dated.collect(), generation::owed(spec), [].into(), from);
        let mut out: Vec<Verdicts> = Vec::new();
        let mut take = |judged: Judged| {
            let (id, state, at) = (&judged.promise.id, judged.verdict.state, judged.verdict.at);
            let last = out
                .iter_mut()
                .rev()
                .find(|verdicts| verdicts.promise == *id);
            if let Some(last) = last {
                last.to = at;
                if last.state == state {
                    return;
                }
            }
            out.push(Verdicts {
                promise: id.clone(),
                state,
                from: at,
                to: at,
            });
        };
        let next = |at: &Timestamp| (*at < to).then(|| (*at + self.step.0).min(to));
        let instants: Vec<Timestamp> = std::iter::successors(next(&from), next).collect();
        evaluator
            .relive(&stores, from, &instants, &mut take)
            .await?;
        for promise in promises {
            if let Some(last) = out
                .iter_mut()
                .rev()
                .find(|verdicts| verdicts.promise == promise.id)
            {
                last.to = to;
            }
        }
        out.sort_by(|a, b| (&a.promise, a.from).cmp(&(&b.promise, b.from)));
        Ok(out)
    }

    async fn alerts(
        &self,
        spec: &Spec,
        rules: &RuleFiles,
        metrics: Arc<dyn MetricStore>,
        from: Timestamp,
        to: Timestamp,
    ) -> anyhow::Result<Vec<replay::Stretch>> {
        let section = &spec.rules;
        let manner = Manner {
            world: World {
                external_labels: Labels::new(&section.external_labels),
                external_url: String::new(),
            },
            tick_aligned: section.tick_aligned,
            stale_for: section.stale_for.map(|span| span.0),
            query_offset: section.query_offset.0,
        };
        let name = self.name.as_deref();
        Ok(replay::replay(
            &rules.groups,
            name,
            &Stored(metrics),
            (from, to),
            section.interval.0,
            &manner,
        )
        .await?)
    }
}

/// The store of an instance that does not run, and the lock that keeps it so.
pub(super) fn metrics(
    dir: &Path,
    engine: Option<&Engine>,
    lang: Lang,
) -> anyhow::Result<(DataDir, Arc<dyn MetricStore>)> {
    if !dir.join("metrics").is_dir() {
        let shown = dir.display();
        let nothing = say!(
            "{shown} holds no data yet",
            "{shown} にはまだデータがありません"
        );
        return Err(Stop::missing(nothing.get(lang)).into());
    }
    let missing = |why: store::Error| Stop::missing(why.to_string());
    let data = DataDir::open(dir).map_err(missing)?;
    let metrics = engine::metrics(engine, &data.metrics(), Arc::new(SystemClock))
        .map_err(|problem| Stop::missing(problem.to_string()))?;
    Ok((data, metrics))
}

fn tell_verdicts(all: &[Verdicts], lang: Lang) -> String {
    let mut out = String::new();
    for one in all {
        let lasted = Span(one.to.since(one.from));
        let state = one.state.say();
        out += &format!(
            "{} {}  {}  {} .. {}  {lasted}\n",
            one.state.shape(),
            state.get(lang),
            one.promise,
            one.from,
            one.to
        );
    }
    out
}

fn tell_alerts(all: &[replay::Stretch], end: Timestamp, lang: Lang) -> String {
    let mut out = String::new();
    let mut total = Duration::ZERO;
    for one in all {
        let lasted = one.to.unwrap_or(end).since(one.from);
        total += lasted;
        let until = one.to.map_or_else(|| "…".to_owned(), |to| to.to_string());
        let labels = Labels::new(&one.labels);
        out += &format!(
            "✕ {}{labels}  {} .. {until}  {}\n",
            one.alert,
            one.from,
            Span(lasted)
        );
    }
    let (count, total) = (all.len(), Span(total));
    let sum = say!(
        "{count} times firing, {total} in all",
        "発報 {count} 回、合計 {total}"
    );
    out + sum.get(lang)
}
