//! The canary: now and then a sample that says "something is wrong", so that the whole way from a sample to a receiver
//! is used before it is needed. Between two of them the same series says that all is well.

use std::{sync::Arc, time::Duration};

use promise::Clock;
use spec::section::canary::{Canary, SERIES};
use store::{Labels, Round, Sample, Series};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// As often as a scrape; a fault lasts for one of them.
const EVERY: Duration = Duration::from_secs(15);
/// The first one comes soon after a start, when the way is newest.
const FIRST: Duration = Duration::from_secs(30);

/// More often nobody needs to know.
const STEP_MIN: Duration = Duration::from_secs(1);

pub(crate) async fn run(
    canary: Canary,
    rounds: mpsc::Sender<Round>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    // Two samples fit between two canaries: the fault, and that it is over.
    let step = EVERY.min(canary.every.0 / 2).max(STEP_MIN);
    let mut ticks = tokio::time::interval(step);
    let mut due = clock.now() + FIRST.min(canary.every.0);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let at = clock.now();
        let is_due = at >= due;
        if is_due {
            due = at + canary.every.0;
        }
        let series = Series {
            labels: Labels::new([
                ("__name__", SERIES),
                ("job", "tegata"),
                ("instance", "canary"),
            ]),
            samples: vec![Sample {
                at,
                value: f64::from(u8::from(is_due)),
            }],
            ..Series::default()
        };
        let round = Round {
            source: "tegata/canary".to_owned(),
            at,
            next: at + step,
            series: vec![series],
            ..Round::default()
        };
        if rounds.send(round).await.is_err() {
            return;
        }
    }
}
