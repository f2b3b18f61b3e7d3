//! Scraping: each target has its own task, so none waits for another.

mod fetch;
mod target;

use std::{sync::Arc, time::Duration};

use promise::Timestamp;
use spec::section::source::Scrape;
use store::{Labels, Round, Sample, Series};
use tokio::time::Instant;

use crate::{
    memory::{Heard, Memory},
    parse,
    schedule::Schedule,
    start::Shared,
    trouble::Trouble,
};

pub(crate) use fetch::client;
pub(crate) use target::{Target, targets};

/// As in Prometheus: a sample later than this beyond our own clock is no mistake of a clock but a lie.
pub(crate) const FUTURE_MAX: Duration = Duration::from_secs(600);

const OWN: [&str; 5] = [
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
];

/// Asks one target at each of its turns until stopped.
pub(crate) async fn run(
    target: Target,
    scrape: Scrape,
    client: reqwest::Client,
    shared: Arc<Shared>,
) {
    let own = OWN.map(|name| own_labels(name, &target.labels));
    let mut memory = Memory::default();
    let mut schedule = Schedule::new(&target.source, scrape.interval.0, shared.clock.clone());
    let target = Arc::new(target);
    let limits = parse::Limits {
        series_max: scrape.series_max,
        labels_max: scrape.labels_max,
        value_max: parse::Limits::VALUE_MAX,
    };
    while let Some(at) = schedule.turn(&shared.stop).await {
        let began = Instant::now();
        let timeout = scrape.timeout.0.min(scrape.interval.0);
        let answer = tokio::select! {
            biased;
            () = shared.stop.cancelled() => return,
            answer = fetch::get(&client, &target, &scrape, timeout, &shared.secrets) => answer,
        };
        let took = began.elapsed();
        let context = (target.clone(), own.clone(), shared.clone());
        // Parsing a large answer takes tens of milliseconds: not on a thread that other targets need.
        let read = tokio::task::spawn_blocking(move || {
            let (target, own, shared) = context;
            let heard = answer.and_then(|answer| {
                let scraped = parse::exposition(&answer.body, &answer.content_type, &limits)
                    .map_err(|error| {
                        let say = error.say();
                        if error.is_limit {
                            Trouble::refused(say)
                        } else {
                            Trouble::failed(say)
                        }
                    })?;
                memory.accept(&scraped, at, &target.labels, &own, &shared.redactor)
            });
            (heard, memory)
        });
        let Ok((heard, kept)) = read.await else {
            // The runtime is shutting down.
            return;
        };
        memory = kept;
        let next = schedule.after(shared.clock.now().max(at));
        let round = round(
            &target.source,
            &own,
            heard,
            &mut memory,
            Turn { at, next, took },
            &shared,
        );
        if !shared.send_round(round).await {
            return;
        }
    }
}

struct Turn {
    at: Timestamp,
    next: Timestamp,
    took: Duration,
}

fn round(
    source: &str,
    own: &[Labels; 5],
    heard: Result<Heard, Trouble>,
    memory: &mut Memory,
    turn: Turn,
    shared: &Shared,
) -> Round {
    let Turn { at, next, took } = turn;
    let (mut series, up, scraped, added, trouble) = match heard {
        Ok(heard) => (heard.series, 1.0, heard.scraped, heard.added, None),
        Err(trouble) => (memory.fail(at), 0.0, 0, 0, Some(trouble)),
    };
    #[allow(clippy::cast_precision_loss)]
    let values = [
        up,
        took.as_secs_f64(),
        scraped as f64,
        scraped as f64,
        added as f64,
    ];
    series.extend(own.iter().zip(values).map(|(labels, value)| Series {
        labels: labels.clone(),
        samples: vec![Sample { at, value }],
        ..Series::default()
    }));
    shared.board.change(source, |status| {
        status.last = Some(at);
        status.ok = trouble.is_none();
        status.error = trouble.as_ref().map(|trouble| trouble.say.clone());
        status.next = Some(next);
        status.duration = Some(took);
        status.amount = scraped;
    });
    Round {
        source: source.to_owned(),
        at,
        next,
        series,
        failed: trouble.map(|trouble| trouble.cause),
        ..Round::default()
    }
}

fn own_labels(name: &str, target: &[(String, String)]) -> Labels {
    let name = ("__name__".to_owned(), name.to_owned());
    Labels::new(target.iter().cloned().chain([name]))
}
