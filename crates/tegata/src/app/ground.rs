//! What this machine keeps, whether it is active or stands by: opened once, before anything else.

use std::sync::Arc;

use ledger::Ledger;
use promise::{Clock, Say, Timestamp, say};
use serde_json::json;
use spec::Spec;
use store::{LogStore, MetricStore, StateStore, lock::DataDir};

use super::Settings;
use crate::{
    book::{Book, kind},
    clock::SystemClock,
    engine,
    exit::Stop,
    tasks,
};

pub(crate) struct Ground {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Arc<dyn MetricStore>,
    pub(crate) logs: Arc<dyn LogStore>,
    /// What is true of this machine alone: how far its files are read, which of its parts are sealed.
    pub(crate) local: Arc<dyn StateStore>,
    pub(crate) book: Book,
    pub(crate) started: Timestamp,
    /// Damage that was found in the stores, and mended.
    pub(crate) recovered: usize,
    /// Exclusive for as long as anything of it is used.
    pub(crate) data: DataDir,
}

impl Ground {
    pub(crate) async fn open(settings: &Settings, spec: &Spec) -> anyhow::Result<Self> {
        let lang = settings.lang;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let missing = |error: store::Error| Stop::missing(explain(&error).get(lang));
        let data = DataDir::open(&settings.data).map_err(missing)?;
        let refused = |problem| match problem {
            engine::Problem::Store(error) => missing(error),
            engine::Problem::Client(why) => Stop::missing(why.get(lang)),
        };
        let metrics = engine::metrics(spec.metrics.as_ref(), &data.metrics(), clock.clone());
        let metrics = metrics.map_err(refused)?;
        let logs = engine::logs(spec.logs.as_ref(), &data.logs(), clock.clone());
        let logs = logs.map_err(refused)?;
        let local = store::state::open("embedded", &data.state()).map_err(missing)?;
        let (ledger, opened) = Ledger::open(&data.ledger(), "tegata")
            .map_err(|error| Stop::missing(error.to_string()))?;
        let book = Book::new(Arc::new(ledger), clock.clone());
        let started = clock.now();

        let mut recovered = opened.recovered;
        recovered.extend(metrics.status().await?.recovered);
        match logs.status().await {
            Ok(status) => recovered.extend(status.recovered),
            // An engine elsewhere may be away for a while, and nothing of it is ours to mend.
            Err(error) if error.is_passing() => {
                tracing::warn!(%error, "the engine of the logs is away")
            }
            Err(error) => return Err(error.into()),
        }
        let count = recovered.len();
        for what in recovered {
            tracing::warn!(what, "recovered after an unclean end");
            book.note(kind::RECOVERED, "", json!({ "what": what }))
                .await?;
        }
        notice_clock_set_back(&book, started).await?;
        book.note(
            kind::STARTED,
            "",
            json!({ "version": env!("CARGO_PKG_VERSION") }),
        )
        .await?;
        Ok(Self {
            clock,
            metrics,
            logs,
            local,
            book,
            started,
            recovered: count,
            data,
        })
    }

    /// Writes an entry; a ledger that cannot be written is logged and shown by `/readyz`, not fatal.
    pub(crate) async fn note(&self, kind: &str, body: serde_json::Value) {
        if let Err(error) = self.book.note(kind, "", body).await {
            tracing::error!(%error, kind, "an entry could not be written to the ledger");
        }
    }
}

async fn notice_clock_set_back(book: &Book, now: Timestamp) -> anyhow::Result<()> {
    let Some(last) = book.ledger().len().checked_sub(1) else {
        return Ok(());
    };
    let Ok(at) = book.ledger().entry(last)?.at.parse::<Timestamp>() else {
        return Ok(());
    };
    if let Some((from, to)) = tasks::clock::jump(at.max(now), now) {
        tracing::warn!(%from, %to, "the clock was set back since the last run");
        book.note(kind::CLOCK_JUMPED, "", json!({ "from": from, "to": to }))
            .await?;
    }
    Ok(())
}

fn explain(error: &store::Error) -> Say {
    match error {
        store::Error::InUse { path } => {
            let path = path.display();
            say!(
                "another Tegata runs on {path}",
                "{path} では別の Tegata が動いています"
            )
        }
        store::Error::DiskFull { path } => {
            let path = path.display();
            say!(
                "no space is left on the disk of {path}",
                "{path} のディスクに空きがありません"
            )
        }
        other => say!(
            "the data directory cannot be used: {other}",
            "データの場所を使えません: {other}"
        ),
    }
}
