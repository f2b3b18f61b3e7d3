//! What the page of one promise shows beyond its row.

use std::sync::Arc;

use console::{
    Detail, Fed, Heard, Spent, Transition,
    desk::{Details, Trip},
};
use evaluate::{Explained, Judged};
use ledger::{Entry, Find, Ledger};
use respond::EventKind;
use spec::section::canary;
use tokio::sync::oneshot;

use crate::{
    app::House,
    book::{VerdictBody, kind},
    tasks::judge::{Input, Known},
};

/// Test alerts shown: half a day of hourly ones.
const TRIPS_MAX: usize = 12;
/// Transitions shown on a promise's page.
const HISTORY_MAX: usize = 50;

pub(super) fn of(house: Arc<House>) -> Details {
    Arc::new(move |id: &str| {
        let (house, id) = (house.clone(), id.to_owned());
        Box::pin(async move {
            let judge = house.judge.borrow().clone()?;
            let (answer, known) = oneshot::channel();
            judge.send(Input::Ask(id.clone(), answer)).await.ok()?;
            let Known { judged, explained } = known.await.ok()??;
            let ledger = house.book.ledger().clone();
            let told =
                tokio::task::spawn_blocking(move || (history(&ledger, &id), trips(&ledger, &id)));
            let (history, trips) = told.await.ok()?;
            let entry = history.first().and_then(|newest| newest.entry);
            let spent = spent(&judged, entry);
            let (signals, sources) = explained.map(found).unwrap_or_default();
            Some(Detail {
                evidence: judged.evidence,
                spent,
                history,
                signals,
                sources,
                trips,
            })
        })
    })
}

fn found(explained: Explained) -> (Vec<Heard>, Vec<Fed>) {
    let signals = explained.heard.into_iter().map(|heard| Heard {
        signal: heard.signal,
        series: heard.series,
        series_total: heard.series_total,
        refused: heard.refused,
        wrong: heard.wrong,
        similar: heard.similar,
    });
    let sources = explained.sources.into_iter().map(|fed| Fed {
        source: fed.source,
        last: fed.last,
        failing: fed.failing,
    });
    (signals.collect(), sources.collect())
}

fn history(ledger: &Ledger, id: &str) -> Vec<Transition> {
    let find = Find {
        kind: Some(kind::VERDICT.to_owned()),
        about: Some(id.to_owned()),
        before: None,
        limit: HISTORY_MAX,
    };
    let entries = ledger.find(&find).unwrap_or_else(|error| {
        tracing::error!(%error, "the history of a promise cannot be read");
        Vec::new()
    });
    entries
        .into_iter()
        .filter_map(|entry| {
            let body: VerdictBody = serde_json::from_value(entry.body).ok()?;
            // A daily seal changes nothing.
            (body.before != Some(body.verdict.state)).then_some(Transition {
                at: body.verdict.at,
                from: body.before,
                to: body.verdict.state,
                reason: body.verdict.reason,
                entry: Some(entry.index),
            })
        })
        .collect()
}

/// The test alerts that arrived, where the promise is that they do.
fn trips(ledger: &Ledger, id: &str) -> Vec<Trip> {
    if id != canary::ARRIVES {
        return Vec::new();
    }
    let find = Find {
        kind: Some(EventKind::CanaryArrived.as_str().to_owned()),
        about: None,
        before: None,
        limit: TRIPS_MAX,
    };
    let entries = ledger.find(&find).unwrap_or_else(|error| {
        tracing::error!(%error, "the test alerts that arrived cannot be read");
        Vec::new()
    });
    let trip = |entry: Entry| {
        let what = &entry.body["what"];
        Some(Trip {
            at: entry.at.parse().ok()?,
            receiver: what["receiver"].as_str()?.to_owned(),
            latency_ms: what["latency_ms"].as_u64()?,
            in_time: what["in_time"].as_bool(),
            entry: entry.index,
        })
    };
    entries.into_iter().filter_map(trip).collect()
}

/// The budget as the evidence says that it was spent.
fn spent(judged: &Judged, entry: Option<u64>) -> Vec<Spent> {
    let verdict = &judged.verdict;
    let Some(budget) = verdict
        .budget
        .as_ref()
        .filter(|budget| budget.allowed > 0.0)
    else {
        return Vec::new();
    };
    let kind = judged.promise.kind.as_judge();
    let mut bad = 0.0;
    let facts = judged.evidence.facts.iter().filter_map(|fact| {
        let (good, total) = kind.events(&fact.seen, verdict.at)?;
        bad += (total - good).max(0.0);
        Some(Spent {
            at: fact.to,
            share: bad / budget.allowed,
            entry,
        })
    });
    facts.collect()
}
