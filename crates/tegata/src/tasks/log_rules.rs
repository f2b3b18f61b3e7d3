//! The log rules' task: records that are durable come in, and what fires is told at once.
//!
//! What the rules remember is written down every few seconds together with the time up to which it stands; a start
//! takes it up and reads the records since then again, which count no second time. A page that was told just before a
//! death is told again under the same labels, where the responders know it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use evaluate::log_rule::{Engine, Key, LogRule, Told};
use promise::{Clock, LogQuery, Timestamp};
use respond::{Responder, RuleChange, rule};
use store::{LogStore, Record, StateStore, logs::Search, state::Write};
use tokio::{sync::mpsc, time::sleep};
use tokio_util::sync::CancellationToken;

/// How often time passes for rules that wait for nothing.
const TICK: Duration = Duration::from_secs(1);
/// Records of now are a little under way; time passes that much behind the clock.
const UNDER_WAY: Duration = Duration::from_secs(2);
/// How often what is remembered is written down.
const SAVE_EVERY: Duration = Duration::from_secs(10);
/// An alert ends when it did not fire again for the stretch of its rule, but not before a person could see it.
const OPEN_MIN: Duration = Duration::from_secs(60);
/// Records that a start reads again at most: an hour of 5,000 a second.
const AGAIN_MAX: usize = 18_000_000;
const TABLE: &str = "log_rules";
const KEY: &str = "engine";

/// One generation's log rules.
pub(crate) struct LogRules {
    engine: Engine,
    severities: BTreeMap<String, String>,
    stretches: BTreeMap<String, Duration>,
    /// When each open alert ends, and when it began.
    open: BTreeMap<(String, Key), (Timestamp, Timestamp)>,
    logs: Arc<dyn LogStore>,
    state: Arc<dyn StateStore>,
    responder: Arc<Responder>,
    clock: Arc<dyn Clock>,
    saved: Timestamp,
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
            if now.since(self.saved) >= SAVE_EVERY {
                self.save(now).await;
            }
        }
        let now = self.clock.now();
        self.save(now).await;
    }

    /// Takes up what was remembered, and what came since.
    async fn begin(&mut self) {
        let saved = match self.state.get(TABLE, KEY).await {
            Ok(Some(bytes)) => serde_json::from_slice(&bytes).unwrap_or_default(),
            Ok(None) => Vec::new(),
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
            let started = self
                .open
                .get(&place)
                .map_or(firing.at, |(_, started)| *started);
            self.open.insert(place, (now + stretch, started));
            self.change(
                &rule,
                &firing.key,
                started,
                now,
                rule::Turn::Fires,
                firing.figure,
                late,
            )
            .await;
        }
    }

    /// Alerts that did not fire again.
    async fn end(&mut self, now: Timestamp) {
        let over: Vec<_> = self
            .open
            .iter()
            .filter(|(_, (until, _))| *until <= now)
            .map(|(place, (_, started))| (place.clone(), *started))
            .collect();
        for (place, started) in over {
            self.open.remove(&place);
            self.change(
                &place.0,
                &place.1,
                started,
                now,
                rule::Turn::Ends,
                None,
                false,
            )
            .await;
        }
    }

    #[allow(clippy::too_many_arguments)]
    async fn change(
        &self,
        name: &str,
        key: &Key,
        started: Timestamp,
        at: Timestamp,
        turn: rule::Turn,
        figure: Option<f64>,
        late: bool,
    ) {
        let mut labels = BTreeMap::from([("alertname".to_owned(), name.to_owned())]);
        labels.extend(key.clone().map(|key| ("key".to_owned(), key)));
        labels.extend(
            self.severities
                .get(name)
                .map(|severity| ("severity".to_owned(), severity.clone())),
        );
        let mut annotations = BTreeMap::new();
        if let Some(figure) = figure {
            let of = key
                .as_deref()
                .map(|key| format!(" ({key})"))
                .unwrap_or_default();
            let note = if late {
                "; a late record completed it"
            } else {
                ""
            };
            annotations.insert("summary".to_owned(), format!("{name}{of}: {figure}{note}"));
        }
        let rule = rule::Rule {
            labels,
            annotations,
            external_labels: BTreeMap::new(),
            started,
            generator_url: self.url.clone(),
            lost: None,
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

    async fn save(&mut self, now: Timestamp) {
        self.saved = now;
        let value = match serde_json::to_vec(&self.engine.save()) {
            Ok(value) => value,
            Err(error) => {
                return tracing::error!(%error, "what the log rules remember cannot be written");
            }
        };
        let put = Write::Put {
            table: TABLE,
            key: KEY.to_owned(),
            value,
        };
        if let Err(error) = self.state.write(vec![put]).await {
            tracing::error!(%error, "what the log rules remember could not be written down");
        }
    }
}
