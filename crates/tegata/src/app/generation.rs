//! What lives as long as one spec is in force: its collector and its judge.

use std::{collections::HashMap, path::Path, sync::Arc};

use collect::Outputs;
use console::board::SourceRow;
use evaluate::{
    Evaluator, Owed, Stores,
    rule::{Engine, Manner, Stored, World},
};
use promise::{Promise, State};
use serde_json::json;
use spec::{Spec, section::canary::Canary};
use store::Labels;
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::House;
use crate::{
    archive::Archive,
    beats::Beats,
    book::kind,
    doors,
    keeper::Keeper,
    log_rules, past,
    rule_files::RuleFiles,
    secrets,
    tasks::{
        self, events,
        judge::{Judge, Show, WAITING_MAX},
        log_rules::LogRules,
        rules::Rules,
        witness::Witnesses,
    },
    windows::Windows,
};

/// A spec in force.
pub(crate) struct Generation {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Generation {
    /// Declares what is new in the ledger, rebuilds the windows from history, and starts to collect.
    pub(crate) async fn start(
        house: &Arc<House>,
        spec: Spec,
        rules: RuleFiles,
        parent: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let now = house.clock.now();
        house.spec.store(Some(Arc::new(spec.clone())));
        let promises = declare_again(house, &spec).await?;
        let past = past::recall(&*house.state, &house.book, &promises).await?;
        let before: HashMap<String, State> = past
            .iter()
            .filter_map(|(id, past)| Some((id.clone(), past.state?.0)))
            .collect();

        let mut owed = owed(&spec);
        owed.push(Owed {
            source: events::SOURCE.to_owned(),
            interval: events::BEAT,
            stream: Some(events::STREAM.to_owned()),
        });
        house.owed.send_replace(owed.clone());
        let stores = Stores {
            metrics: house.metrics.clone(),
            logs: house.logs.clone(),
        };
        let mut evaluator = Evaluator::new(promises, owed, before, now);
        Windows::restore(&mut evaluator, &*house.state).await?;
        evaluator.warm(&stores, now).await?;

        let stop = parent.child_token();
        let tasks = TaskTracker::new();
        let (rounds, rounds_in) = mpsc::channel(WAITING_MAX);
        let (canary_rounds, span_rounds) = (rounds.clone(), rounds.clone());
        let (lines, lines_in) = mpsc::channel(WAITING_MAX);
        let (judge, inputs) = mpsc::channel(WAITING_MAX);
        let collector = Arc::new(collect::start(
            &spec.sources,
            &house.settings.data,
            Arc::new(secrets::resolve),
            house.local.clone(),
            house.clock.clone(),
            Outputs { rounds, lines },
            stop.clone(),
        ));
        house.collector.send_replace(Some(collector.clone()));
        if let Some(canary) = spec.canary.clone() {
            let (clock, stop) = (house.clock.clone(), stop.clone());
            tasks.spawn(tasks::canary::run(canary, canary_rounds, clock, stop));
        }
        house.judge.send_replace(Some(judge.clone()));
        let sources: Box<dyn Fn() -> Vec<SourceRow> + Send> = Box::new(move || {
            collector
                .targets()
                .into_iter()
                .map(doors::source_row)
                .collect()
        });
        let work = Judge {
            evaluator,
            keeper: Keeper::new(now, past),
            stores,
            book: house.book.clone(),
            state: house.state.clone(),
            responder: house.responder.clone(),
            clock: house.clock.clone(),
            show: Show {
                board: house.board.clone(),
                service: spec.service.name.0.clone(),
                time_zone: spec.service.time_zone.clone(),
                spec: house.spec_status.subscribe(),
                sources,
            },
        };
        tasks.spawn(work.run(inputs, stop.clone()));
        let mut on_logs = log_rules::of(&spec);
        on_logs.extend(rules.logs.iter().map(|rule| (rule.clone(), None)));
        let mut hear_logs = Vec::new();
        if on_logs.is_empty() {
            house.log_rules.send_replace(None);
        } else {
            let (heard, heard_in) = mpsc::channel(WAITING_MAX);
            let work = LogRules::new(
                on_logs,
                house.logs.clone(),
                house.state.clone(),
                house.responder.clone(),
                house.clock.clone(),
                house.url.clone(),
            )
            .await;
            let (forgets, forgets_in) = mpsc::channel(1);
            house.log_rules.send_replace(Some(forgets));
            tasks.spawn(work.run(heard_in, forgets_in, stop.clone()));
            hear_logs.push(heard);
        }
        if spec.sources.receive.otlp.is_some() {
            let (heard, heard_in) = mpsc::channel(WAITING_MAX);
            let (clock, stop) = (house.clock.clone(), stop.clone());
            tasks.spawn(tasks::span_metrics::run(heard_in, span_rounds, clock, stop));
            hear_logs.push(heard);
        }
        let heard = if rules.groups.is_empty() {
            house.rules.store(Arc::default());
            None
        } else {
            let (heard, heard_in) = mpsc::channel(WAITING_MAX);
            tasks.spawn(self::rules(house, &spec, rules).run(heard_in, stop.clone()));
            Some(heard)
        };
        tasks.spawn(tasks::samples::run(
            rounds_in,
            house.metrics.clone(),
            heard,
            judge.clone(),
        ));
        tasks.spawn(tasks::lines::run(
            lines_in,
            house.logs.clone(),
            house.local.clone(),
            Beats::new(house.metrics.clone()),
            hear_logs,
            judge,
        ));
        let streams = spec.design.log_analysis.values();
        let masked = streams.flat_map(|stream| stream.redacted.iter().cloned());
        house.masked.store(Arc::new(masked.collect()));
        house.sealer.keep(spec.retention.clone());
        if let Some(keep) = spec.ledger.keep {
            let (house, stop) = (house.clone(), stop.clone());
            tasks.spawn(tasks::prune::run(house, keep.0, stop));
        }
        let witnesses = witnesses(house, &spec);
        tasks.spawn(tasks::witness::run(witnesses, stop.clone()));
        let cold = spec.retention.cold.clone();
        let archive = cold.map(|cold| Arc::new(Archive::new(house.clone(), cold)));
        if let Some(archive) = archive.clone() {
            tasks.spawn(tasks::cold::run(archive, stop.clone()));
        }
        tasks.spawn(tasks::retain::run(
            spec.retention,
            house.metrics.clone(),
            house.logs.clone(),
            archive,
            house.clock.clone(),
            stop.clone(),
        ));
        Ok(Self { stop, tasks })
    }

    /// Ends collecting and judging; what was collected is stored first.
    pub(crate) async fn end(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

fn witnesses(house: &House, spec: &Spec) -> Witnesses {
    let spec_folder = house.settings.spec.parent();
    Witnesses {
        named: spec.ledger.witnesses.clone(),
        folder: spec_folder.unwrap_or(Path::new("")).to_owned(),
        ledger: house.book.ledger().dir(),
        book: house.book.clone(),
        logs: house.logs.clone(),
        state: house.local.clone(),
        clock: house.clock.clone(),
        judges: house.judge.subscribe(),
        shown: house.witnesses.clone(),
    }
}

fn rules(house: &House, spec: &Spec, files: RuleFiles) -> Rules {
    let section = &spec.rules;
    let external_labels = Labels::new(&section.external_labels);
    let manner = Manner {
        world: World {
            external_labels: external_labels.clone(),
            external_url: house.url.clone(),
        },
        tick_aligned: section.tick_aligned,
        stale_for: section.stale_for.map(|span| span.0),
        query_offset: section.query_offset.0,
    };
    Rules {
        engine: Engine::new(files.groups, section.interval.0, manner, house.clock.now()),
        source: Stored(house.metrics.clone()),
        responder: house.responder.clone(),
        clock: house.clock.clone(),
        shown: house.rules.clone(),
        url: house.url.clone(),
        external_labels,
    }
}

/// Dates what the spec promises, and writes what of it the ledger does not say yet.
pub(crate) async fn declare_again(house: &House, spec: &Spec) -> anyhow::Result<Vec<Arc<Promise>>> {
    let mut promises = spec.promises.clone();
    promises.extend(spec.canary.as_ref().and_then(Canary::alarm));
    let promises = past::date(&*house.state, promises, house.clock.now()).await?;
    declare(house, spec, &promises).await?;
    Ok(promises)
}

/// Writes the spec and each promise that is new, changed or withdrawn into the ledger.
async fn declare(house: &House, spec: &Spec, promises: &[Arc<Promise>]) -> anyhow::Result<()> {
    let ids: Vec<&str> = promises.iter().map(|promise| promise.id.as_str()).collect();
    let body = json!({
        "service": spec.service.name,
        "promises": ids,
    });
    let last = house.book.newest(kind::SPEC, "")?;
    declare_corrections(house, spec).await?;
    declare_agreed(house, spec).await?;
    for promise in promises {
        house.book.declared(promise).await?;
    }
    if last.as_ref().is_some_and(|entry| entry.body == body) {
        return Ok(());
    }
    for id in last.as_ref().map(promised).unwrap_or_default() {
        if !ids.contains(&id) {
            let book = &house.book;
            book.note(kind::PROMISE_WITHDRAWN, id, json!({})).await?;
        }
    }
    house.book.note(kind::SPEC, "", body).await?;
    Ok(())
}

/// The promises that a `spec` entry names.
fn promised(entry: &ledger::Entry) -> Vec<&str> {
    let ids = entry.body["promises"].as_array().into_iter().flatten();
    ids.filter_map(|id| id.as_str()).collect()
}

/// Writes each correction that is new, changed or withdrawn: leaving time out of the past is never silent.
async fn declare_corrections(house: &House, spec: &Spec) -> anyhow::Result<()> {
    let now = house.clock.now();
    for (name, correction) in &spec.corrections {
        let body = json!({ "correction": correction });
        let last = house.book.newest(kind::CORRECTION, name)?;
        if last.is_some_and(|entry| entry.body["correction"] == body["correction"]) {
            continue;
        }
        let mut body = body;
        // Whoever reads the ledger sees that it was declared when its time had begun already.
        body["after_the_fact"] = json!(correction.from < now);
        house.book.note(kind::CORRECTION, name, body).await?;
    }
    let names: Vec<&String> = spec.corrections.keys().collect();
    let before = house.book.newest(kind::CORRECTIONS, "")?;
    let known = before
        .as_ref()
        .and_then(|entry| entry.body["names"].as_array());
    if json!(names) == json!(known.cloned().unwrap_or_default()) {
        return Ok(());
    }
    let gone = known.into_iter().flatten().filter_map(|name| name.as_str());
    for name in gone.filter(|name| !spec.corrections.contains_key(*name)) {
        let body = json!({ "correction": null, "withdrawn": true });
        house.book.note(kind::CORRECTION, name, body).await?;
    }
    let body = json!({ "names": names });
    house.book.note(kind::CORRECTIONS, "", body).await?;
    Ok(())
}

/// Writes the suppressions and the announced work where they changed: what is borne or held back, why and until when, is
/// never silent.
async fn declare_agreed(house: &House, spec: &Spec) -> anyhow::Result<()> {
    let works = &spec.alerting.maintenances;
    let all = [
        (
            kind::SUPPRESSIONS,
            json!({ "suppressions": spec.suppressions }),
            spec.suppressions.is_empty(),
        ),
        (
            kind::MAINTENANCES,
            json!({ "maintenances": works }),
            works.is_empty(),
        ),
    ];
    for (kind, body, is_empty) in all {
        let is_said = match house.book.newest(kind, "")? {
            Some(last) => last.body == body,
            None => is_empty,
        };
        if !is_said {
            house.book.note(kind, "", body).await?;
        }
    }
    Ok(())
}

/// The sources that a spec declares, as the judge expects them.
pub(crate) fn owed(spec: &Spec) -> Vec<Owed> {
    let owed = collect::owed(&spec.sources).into_iter();
    owed.map(|one| Owed {
        source: one.source,
        interval: one.interval,
        stream: one.stream,
    })
    .collect()
}
