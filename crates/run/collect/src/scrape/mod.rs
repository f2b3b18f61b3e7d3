//! Scraping: targets are found ([`job`]), asked ([`fetch`]), and what they say is read ([`read`]).

mod fetch;
mod job;
mod read;
mod target;

use std::{sync::Arc, time::Duration};

use promise::{Say, Timestamp, say};
use spec::section::source::Scrape;
use store::{Labels, Round, Sample, Series};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(crate) use crate::memory::FUTURE_MAX;
use crate::{
    memory::{Attach, Heard, Memory},
    parse,
    relabel::Rule,
    schedule::Schedule,
    start::Shared,
    trouble::Trouble,
};

pub(crate) use job::{known, start};
pub(crate) use target::{ADDRESS, Target};

const OWN: [&str; 5] = [
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
];

/// What the targets of a job share.
pub(crate) struct Kit {
    client: reqwest::Client,
    relabel: Arc<[Rule]>,
    scrape: Scrape,
}

/// Asks one target at each of its turns until stopped. One that is gone for good ends its series; where
/// everything stops, they go on after the restart.
async fn run(
    target: Target,
    row: String,
    kit: Arc<Kit>,
    shared: Arc<Shared>,
    stop: CancellationToken,
) {
    let attach = Arc::new(attach(&target, &kit, &shared));
    let mut memory = Memory::default();
    let mut schedule = Schedule::new(&target.source, target.interval, shared.clock.clone());
    let target = Arc::new(target);
    let mut is_asked = false;
    while let Some(at) = schedule.turn(&stop).await {
        let began = Instant::now();
        let answer = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            answer = fetch::get(&kit, &target, &shared.secrets) => answer,
        };
        let took = began.elapsed();
        let context = (attach.clone(), kit.clone());
        // Parsing a large answer takes tens of milliseconds: not on a thread that other targets need.
        let read = tokio::task::spawn_blocking(move || {
            let (attach, kit) = context;
            let heard = answer.and_then(|answer| read(&answer, &mut memory, at, &attach, &kit));
            (heard, memory)
        });
        let Ok((heard, kept)) = read.await else {
            // The runtime is shutting down.
            return;
        };
        memory = kept;
        is_asked = true;
        let next = schedule.after(shared.clock.now().max(at));
        let turn = Turn { at, next, took };
        let round = round(
            &target.source,
            &row,
            &attach.own,
            heard,
            &mut memory,
            turn,
            &shared,
        );
        if !shared.send_round(round).await {
            return;
        }
    }
    if is_asked && !shared.stop.is_cancelled() {
        let at = shared.clock.now();
        let mut series = memory.fail(at);
        let stale = |labels: &Labels| {
            Series::new(
                labels.clone(),
                vec![Sample {
                    at,
                    value: store::metrics::STALE,
                }],
            )
        };
        series.extend(attach.own.iter().map(stale));
        shared
            .send_round(Round {
                source: target.source.clone(),
                at,
                next: at + target.interval,
                series,
                ..Round::default()
            })
            .await;
    }
}

fn attach(target: &Target, kit: &Kit, shared: &Shared) -> Attach {
    Attach {
        redactor: shared.redactor.clone(),
        target: target
            .labels
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        honor_labels: kit.scrape.honor_labels,
        honor_timestamps: kit.scrape.honor_timestamps,
        relabel: kit.relabel.clone(),
        own: OWN.map(|name| target.labels.with("__name__", name)).into(),
    }
}

fn read(
    answer: &fetch::Answer,
    memory: &mut Memory,
    at: Timestamp,
    attach: &Attach,
    kit: &Kit,
) -> Result<Heard, Trouble> {
    let scrape = &kit.scrape;
    let bytes = |max: promise::unit::Bytes| usize::try_from(max.0).unwrap_or(usize::MAX);
    let limits = parse::Limits {
        labels_max: scrape.labels_max,
        name_max: bytes(scrape.label_name_max),
        value_max: bytes(scrape.label_value_max),
    };
    let hearing = memory.hear(at, attach, scrape.series_max);
    read::answer(
        &answer.body,
        &answer.content_type,
        &limits,
        scrape.classic_histograms,
        hearing,
    )
}

struct Turn {
    at: Timestamp,
    next: Timestamp,
    took: Duration,
}

fn round(
    source: &str,
    row: &str,
    own: &[Labels],
    heard: Result<Heard, Trouble>,
    memory: &mut Memory,
    turn: Turn,
    shared: &Shared,
) -> Round {
    let Turn { at, next, took } = turn;
    let (heard, up, trouble) = match heard {
        Ok(heard) => (heard, 1.0, None),
        Err(trouble) => {
            let series = memory.fail(at);
            let heard = Heard {
                series,
                ..Heard::default()
            };
            (heard, 0.0, Some(trouble))
        }
    };
    #[allow(clippy::cast_precision_loss)]
    let values = [
        up,
        took.as_secs_f64(),
        heard.scraped as f64,
        heard.kept as f64,
        heard.added as f64,
    ];
    let mut series = heard.series;
    series.extend(
        own.iter()
            .zip(values)
            .map(|(labels, value)| Series::new(labels.clone(), vec![Sample { at, value }])),
    );
    shared.board.change(row, |status| {
        status.last = Some(at);
        status.ok = trouble.is_none();
        status.error = trouble.as_ref().map(|trouble| trouble.say.clone());
        status.warning = heard.twice.map(|(count, labels)| twice(count, &labels));
        status.next = Some(next);
        status.duration = Some(took);
        status.amount = heard.scraped;
    });
    Round {
        source: source.to_owned(),
        at,
        next,
        floats: heard.floats,
        series,
        metadata: heard.metadata,
        failed: trouble.map(|trouble| trouble.cause),
        ..Round::default()
    }
}

fn twice(count: u64, labels: &Labels) -> Say {
    say!(
        "{count} samples were left out because their series had one before in the same answer, first {labels}",
        "一つの応答に同じ系列が 2 度あるため {count} 個のサンプルを捨てました。最初は {labels} です"
    )
}
