//! The log rules' task: records that are durable come in, and what fires is told at once.
//!
//! What the rules remember is written down every few seconds together with the time up to which it stands; a start
//! takes it up and reads the records since then again, which count no second time. A page that was told just before a
//! death is told again under the same labels, where the responders know it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use evaluate::log_rule::{Engine, Firing, Key, LogRule, Told};
use promise::{Clock, LogQuery, Timestamp};
use respond::{Responder, RuleChange, rule};
use serde::{Deserialize, Serialize};
use store::{Labels, LogStore, Record, StateStore, logs::Search, state::Write};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn_blocking},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

/// How often time passes for rules that wait for nothing.
const TICK: Duration = Duration::from_secs(1);
/// Records of now are a little under way; time passes that much behind the clock.
const UNDER_WAY: Duration = Duration::from_secs(2);
/// How often what is remembered is written down, at the most.
const SAVE_EVERY: Duration = Duration::from_secs(10);
/// Bytes of it that are written in a second, on average: of busy rules it is much, and a start reads again what came since.
const SAVED_A_SECOND: usize = 1 << 20;
/// An alert ends when it did not fire again for the stretch of its rule, but not before a person could see it.
const OPEN_MIN: Duration = Duration::from_secs(60);
/// Records that a start reads again at most: an hour of 5,000 a second.
const AGAIN_MAX: usize = 18_000_000;
const TABLE: &str = "log_rules";
const KEY: &str = "engine";
/// Bytes of one value; a store takes no more than twice that. Beyond it what is remembered is several.
const PIECE: usize = 8 << 20;
/// Pieces of it: a hundred rules of a hundred thousand events each have some 150.
const PIECES_MAX: usize = 512;
const OPEN_KEY: &str = "open";

/// Which alert: of which rule, about which group.
type Place = (String, Key);

/// An alert that has not ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Open {
    started: Timestamp,
    /// When it ends, unless it fires again.
    until: Timestamp,
    /// As it was told, so that its end bears the same labels.
    severity: Option<String>,
}

/// One generation's log rules.
pub(crate) struct LogRules {
    engine: Engine,
    severities: BTreeMap<String, String>,
    stretches: BTreeMap<String, Duration>,
    open: BTreeMap<Place, Open>,
    logs: Arc<dyn LogStore>,
    state: Arc<dyn StateStore>,
    responder: Arc<Responder>,
    clock: Arc<dyn Clock>,
    saved: Timestamp,
    /// How long after that it is written down again.
    save_after: Duration,
    /// Writes it down, and answers how many bytes it is.
    saving: Option<JoinHandle<usize>>,
    url: String,
}

impl LogRules {
    pub(crate) fn new(
        rules: Vec<(LogRule, Option<String>)>,
        logs: Arc<dyn LogStore>,
        state: Arc<dyn StateStore>,
        responder: Arc<Responder>,
        clock: Arc<dyn Clock>,
        url: String,
    ) -> Self {
        let severities = rules
            .iter()
            .filter_map(|(rule, severity)| Some((rule.name.clone(), severity.clone()?)))
            .collect();
        let stretches = rules
            .iter()
            .map(|(rule, _)| (rule.name.clone(), rule.over()))
            .collect();
        let engine = Engine::new(rules.into_iter().map(|(rule, _)| rule).collect());
        let saved = clock.now();
        Self {
            engine,
            severities,
            stretches,
            open: BTreeMap::new(),
            logs,
            state,
            responder,
            clock,
            saved,
            save_after: SAVE_EVERY,
            saving: None,
            url,
        }
    }

    pub(crate) async fn run(
        mut self,
        mut heard: mpsc::Receiver<Arc<[Record]>>,
        stop: CancellationToken,
    ) {
        self.begin().await;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                records = heard.recv() => {
                    let Some(records) = records else { break };
                    for record in records.iter() {
                        let told = self.engine.observe(record);
                        self.tell(told).await;
                    }
                }
                () = sleep(TICK) => {}
            }
            let now = self.clock.now();
            let told = self.engine.advance(now - UNDER_WAY);
            self.tell(told).await;
            self.end(now).await;
            if now.since(self.saved) >= self.save_after {
                self.save(now).await;
            }
        }
        let now = self.clock.now();
        self.saved_wholly().await;
        self.save(now).await;
        self.saved_wholly().await;
    }

    /// Takes up what was remembered, and what came since.
    async fn begin(&mut self) {
        self.reopen().await;
        let saved = match remembered(&*self.state).await {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
            Err(error) => {
                return tracing::error!(%error, "what the log rules remember could not be read");
            }
        };
        let Some(from) = self.engine.restore(saved) else {
            return;
        };
        let to = self.clock.now();
        let (mut after, mut read) = (None, 0);
        while read < AGAIN_MAX {
            let search = Search {
                query: LogQuery::all(),
                from,
                to,
                newest_first: false,
                after,
                limit: Search::LIMIT_MAX,
            };
            let page = match self.logs.search(&search).await {
                Ok(page) => page,
                Err(error) => {
                    return tracing::error!(%error, "records for the log rules could not be read again");
                }
            };
            for record in &page {
                let told = self.engine.observe(record);
                self.tell(told).await;
            }
            read += page.len();
            match page.last().filter(|_| page.len() == Search::LIMIT_MAX) {
                Some(last) => after = Some((last.at, last.id)),
                None => return,
            }
        }
    }

    /// Takes up the alerts that were open. One whose rule is no more has nothing left to end it, and ends.
    async fn reopen(&mut self) {
        let saved: Vec<(Place, Open)> = match self.state.get(TABLE, OPEN_KEY).await {
            Ok(Some(bytes)) => serde_json::from_slice(&bytes).unwrap_or_default(),
            Ok(None) => Vec::new(),
            Err(error) => {
                return tracing::error!(%error, "the open alerts of log rules could not be read");
            }
        };
        let now = self.clock.now();
        for (place, mut open) in saved {
            if !self.stretches.contains_key(&place.0) {
                open.until = now;
            }
            self.open.insert(place, open);
        }
        self.end(now).await;
    }

    async fn tell(&mut self, told: Vec<Told>) {
        for Told { rule, firing, late } in told {
            tracing::info!(rule, late, figure = firing.figure, "a log rule fired");
            let now = self.clock.now();
            let stretch = self
                .stretches
                .get(&rule)
                .copied()
                .unwrap_or_default()
                .max(OPEN_MIN);
            let place = (rule.clone(), firing.key.clone());
            let severity = self.severities.get(&rule).cloned();
            let known = self.open.get(&place);
            let open = Open {
                started: known.map_or(firing.at, |open| open.started),
                until: now + stretch,
                severity,
            };
            self.open.insert(place.clone(), open.clone());
            self.save_open().await;
            let summary = summary(&place, &firing, late);
            self.change(&place, &open, rule::Turn::Fires, now, summary)
                .await;
        }
    }

    /// Alerts that did not fire again.
    async fn end(&mut self, now: Timestamp) {
        let is_over = |(_, open): &(&Place, &Open)| open.until <= now;
        let over: Vec<Place> = self
            .open
            .iter()
            .filter(is_over)
            .map(|(place, _)| place.clone())
            .collect();
        for place in over {
            if let Some(open) = self.open.remove(&place) {
                self.change(&place, &open, rule::Turn::Ends, now, None)
                    .await;
                // Only then: a death in between ends it once more, which changes nothing.
                self.save_open().await;
            }
        }
    }

    async fn change(
        &self,
        (name, key): &Place,
        open: &Open,
        turn: rule::Turn,
        at: Timestamp,
        summary: Option<String>,
    ) {
        let labels = Labels::new([
            ("alertname", name.as_str()),
            ("key", key.as_deref().unwrap_or_default()),
            ("severity", open.severity.as_deref().unwrap_or_default()),
        ]);
        let rule = rule::Rule {
            labels,
            annotations: Labels::new(summary.map(|summary| ("summary", summary))),
            external_labels: Labels::default(),
            started: open.started,
            generator_url: self.url.as_str().into(),
            lost: None,
            is_posted: false,
        };
        let change = RuleChange {
            rule,
            turn,
            at,
            entry: None,
        };
        if let Err(error) = self.responder.rule(change).await {
            tracing::error!(%error, "a log rule's alert could not be handed to the responders");
        }
    }

    /// Begins to write down what is remembered, unless that is still being done: no page waits for it.
    async fn save(&mut self, now: Timestamp) {
        if self
            .saving
            .as_ref()
            .is_some_and(|saving| !saving.is_finished())
        {
            return;
        }
        self.saved_wholly().await;
        self.saved = now;
        let (remembered, state) = (self.engine.save(), self.state.clone());
        self.saving = Some(tokio::spawn(async move {
            let json = spawn_blocking(move || serde_json::to_vec(&remembered));
            let Ok(value) = json.await else { return 0 };
            let bytes = value.as_ref().map_or(0, Vec::len);
            match value {
                Ok(value) => remember(&*state, &value).await,
                Err(error) => {
                    tracing::error!(%error, "what the log rules remember cannot be written");
                }
            }
            bytes
        }));
    }

    /// Waits until it is written down.
    async fn saved_wholly(&mut self) {
        let Some(saving) = self.saving.take() else {
            return;
        };
        match saving.await {
            Ok(bytes) => {
                let secs = (bytes / SAVED_A_SECOND) as u64;
                self.save_after = SAVE_EVERY.max(Duration::from_secs(secs));
            }
            Err(error) => {
                tracing::error!(%error, "what the log rules remember was not written down")
            }
        }
    }

    /// Written whenever it changes: an alert that nobody remembers would never end.
    async fn save_open(&self) {
        let open: Vec<(&Place, &Open)> = self.open.iter().collect();
        write(&*self.state, OPEN_KEY, serde_json::to_vec(&open)).await;
    }
}

/// The key of a piece; the first is where all of it was once.
fn key(piece: usize) -> String {
    match piece {
        0 => KEY.to_owned(),
        n => format!("{KEY}/{n}"),
    }
}

/// All pieces in one write, so that they belong together. What is longer from before is left where it is: reading ends
/// with the first that is not full.
async fn remember(state: &dyn StateStore, bytes: &[u8]) {
    let put = |(n, piece): (usize, &[u8])| Write::Put {
        table: TABLE,
        key: key(n),
        value: piece.to_vec(),
    };
    let mut writes: Vec<Write> = bytes.chunks(PIECE).enumerate().map(put).collect();
    if writes.len() > PIECES_MAX {
        let bytes = bytes.len();
        return tracing::error!(
            bytes,
            "what the log rules remember is too much to be written down"
        );
    }
    // A piece that is not full is the last one.
    if bytes.len().is_multiple_of(PIECE) {
        let (key, value) = (key(writes.len()), Vec::new());
        writes.push(Write::Put {
            table: TABLE,
            key,
            value,
        });
    }
    if let Err(error) = state.write(writes).await {
        tracing::error!(%error, "what the log rules remember could not be written down");
    }
}

async fn remembered(state: &dyn StateStore) -> Result<Vec<u8>, store::Error> {
    let mut bytes = Vec::new();
    for n in 0..=PIECES_MAX {
        let piece = state.get(TABLE, &key(n)).await?.unwrap_or_default();
        bytes.extend_from_slice(&piece);
        // One that was written before there were pieces may be longer.
        if piece.len() != PIECE {
            break;
        }
    }
    Ok(bytes)
}

async fn write(state: &dyn StateStore, key: &str, value: serde_json::Result<Vec<u8>>) {
    let value = match value {
        Ok(value) => value,
        Err(error) => {
            return tracing::error!(%error, "what the log rules remember cannot be written");
        }
    };
    let put = Write::Put {
        table: TABLE,
        key: key.to_owned(),
        value,
    };
    if let Err(error) = state.write(vec![put]).await {
        tracing::error!(%error, "what the log rules remember could not be written down");
    }
}

/// What fired, in words where it has some, else by its figure.
fn summary((name, key): &Place, firing: &Firing, late: bool) -> Option<String> {
    let what = match (&firing.why, firing.figure) {
        (Some(why), _) => format!("{} / {}", why.en, why.ja),
        (None, Some(figure)) => figure.to_string(),
        (None, None) => return None,
    };
    let of = key
        .as_deref()
        .map(|key| format!(" ({key})"))
        .unwrap_or_default();
    let note = if late {
        "; a late record completed it"
    } else {
        ""
    };
    Some(format!("{name}{of}: {what}{note}"))
}
