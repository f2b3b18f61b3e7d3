//! The console's doors onto the real rooms, one file each.

mod alerts;
pub(crate) mod cases;
mod checklists;
mod deeds;
mod demo;
mod detail;
mod documents;
mod erasure;
mod incidents;
mod ingest;
mod ledger;
mod listen;
mod logs;
mod pushed;
mod replay;
mod rules;
mod status;
mod targets;

use std::{sync::Arc, time::Duration};

use console::{
    Desk, Hosts,
    board::{SourceKind, SourceRow},
};
pub(crate) use listen::Listeners;
use promise::{Say, say};
pub(crate) use rules::rule_group;
pub(crate) use status::host;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::app::House;

/// Serves the console until `stop`.
pub(crate) async fn serve(listeners: Listeners, house: Arc<House>, stop: CancellationToken) {
    let hosts = match listeners.front.local_addr() {
        Ok(address) => Hosts::with(house.hosts(address)),
        Err(error) => return tracing::error!(%error, "the console has no address"),
    };
    let (told, news) = watch::channel(0);
    let desk = Desk {
        board: house.board.subscribe(),
        news,
        detail: detail::of(house.clone()),
        ledger: Arc::new(ledger::Door {
            ledger: house.book.ledger().clone(),
            house: house.clone(),
        }),
        incidents: Arc::new(incidents::Door(house.clone())),
        alerts: Arc::new(alerts::Door(house.clone())),
        cases: Arc::new(cases::Door(house.clone())),
        checklists: Arc::new(checklists::Door(house.clone())),
        ingest: Arc::new(ingest::Door(house.clone())),
        pushed: Arc::new(pushed::Door(house.clone())),
        keeping: Arc::new(logs::Door(house.clone())),
        documents: Arc::new(documents::Door(house.clone())),
        rules: Arc::new(rules::Door(house.clone())),
        targets: Arc::new(targets::Door(house.clone())),
        replay: Arc::new(replay::Door(house.clone())),
        metrics: house.metrics.clone(),
        logs: house.logs.clone(),
        state: house.local.clone(),
        demo: house
            .world
            .clone()
            .map(|world| demo::Door::open(world, house.clone())),
        clock: house.clock.clone(),
        deletes: house.opened.deletes,
        status: Arc::new(status::Door(house.clone())),
        hosts,
        access: house.gate.access.clone(),
        deeds: Arc::new(deeds::Door(house.book.clone())),
        stop: stop.clone(),
    };
    let served = listeners.serve(console::router(desk), house.gate.tls.clone(), stop.clone());
    let (served, ()) = tokio::join!(served, tell_news(&house, &told, &stop));
    if let Err(error) = served {
        tracing::error!(%error, "the console closed");
    }
}

/// How often it is looked whether the ledger has grown or the demo was broken: about as fast as a person would.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Lets open pages know that something happened which the board does not show.
async fn tell_news(house: &House, told: &watch::Sender<u64>, stop: &CancellationToken) {
    let mut responded = house.responder.subscribe();
    let look = || {
        let out = house.world.as_ref().is_some_and(|world| world.is_out());
        (house.book.ledger().len(), out)
    };
    let mut seen = look();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            Ok(()) = responded.changed() => told.send_modify(|n| *n += 1),
            () = tokio::time::sleep(LOOK_EVERY) => {
                let now = look();
                if now != seen {
                    seen = now;
                    told.send_modify(|n| *n += 1);
                }
            }
        }
    }
}

/// A target as the board shows it.
pub(crate) fn source_row(target: collect::TargetStatus) -> SourceRow {
    SourceRow {
        name: target.source,
        kind: match target.kind {
            collect::TargetKind::Scrape => SourceKind::Scrape,
            collect::TargetKind::Probe => SourceKind::Probe,
            collect::TargetKind::Logs => SourceKind::Logs,
            collect::TargetKind::Discovery => SourceKind::Discovery,
        },
        address: target.url,
        last: target.last,
        next: target.next,
        took_millis: target
            .duration
            .map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
        amount: target.amount,
        problem: target.error.or(target.warning),
    }
}

/// The cause of a failure stays in the log; the page only says that there is one.
fn internal(what: &'static str, error: &dyn std::fmt::Display) -> console::door::Refused {
    tracing::error!(%error, what, "the console could not be answered");
    console::door::Refused::Internal(what.to_owned())
}

/// The collector of the spec in force, or the word that there is none yet.
async fn collector(house: &House) -> Result<Arc<collect::Handle>, console::door::Refused> {
    house
        .collector()
        .await
        .ok_or_else(|| busy(say!("the spec is being read", "仕様を読んでいます")))
}

fn busy(say: Say) -> console::door::Refused {
    console::door::Refused::Busy(say)
}
