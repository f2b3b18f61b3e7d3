//! The console's door onto what people do about incidents, with everything that stands beside one.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use console::door::{self, Dossier, LogLine, Refused};
use ledger::Find;
use promise::{Budget, LogQuery, Say, Timestamp, quantity::Money, record::Scalar as _, say};
use respond::{
    Filter, Incident,
    acknowledge::{LinkError, Offer},
    incident::{
        change::{self, Change},
        concern,
        deed::{Deed, Opening},
        figures::{self, By, Row},
        notice,
        post_mortem::{self, Impact, Sources},
        track,
    },
    runbook::{self, Runbook},
};
use spec::{Spec, section::receive::Webhook};
use store::{Record, logs::Search};

use super::internal;
use crate::{
    app::House,
    book::{VerdictBody, kind},
};

pub(super) struct Door(pub(super) Arc<House>);

/// What was deployed this long before the first bad evidence may be why.
const CHANGES_BEFORE: Duration = Duration::from_secs(2 * 3_600);
/// Shown of each kind; whoever needs more asks the logs.
const CHANGES_MAX: usize = 30;
const RECORDS_MAX: usize = 20;
/// Errors this long around the beginning are shown.
const RECORDS_AROUND: Duration = Duration::from_secs(300);
/// Incidents that figures are made of: as many as are kept.
const FIGURES_MAX: usize = 0;

/// What a person did that cannot be done, in both languages.
pub(super) fn refused(error: &respond::Error) -> Refused {
    use respond::Error;
    match error {
        Error::NoSuchIncident(id) => Refused::Missing {
            what: "incident",
            name: id.clone(),
        },
        Error::NoSuch { what, name } => Refused::Missing {
            what,
            name: name.clone(),
        },
        Error::NotOpen(id) => Refused::Conflict(say!(
            "incident {id} is resolved already",
            "インシデント {id} は解決済みです"
        )),
        Error::EndsByEvidence(id) => Refused::Conflict(say!(
            "a verdict opened {id}, so evidence ends it and nobody by hand",
            "{id} は判定により起票されたため、証拠によってのみ解決します"
        )),
        Error::Signed(who) => Refused::Conflict(say!(
            "{who} has signed it already",
            "すでに {who} が署名しています"
        )),
        Error::Full { most } => Refused::Conflict(say!(
            "no more than {most} of these are kept",
            "{most} 件までしか記録できません"
        )),
        Error::Unready(open, unexplained) => Refused::Invalid(unready(open, unexplained)),
        Error::NoteMissing => Refused::Invalid(say!(
            "what is not good needs a note",
            "良くない項目にはメモが必要です"
        )),
        Error::NoSheet => Refused::Invalid(say!(
            "the list rests on that day",
            "その日は実施日ではありません"
        )),
        Error::NotALink => Refused::Invalid(say!(
            "a link begins with https:// or http:// and holds no blanks",
            "リンクは https:// か http:// で始め、空白を含めません"
        )),
        Error::Length { most, .. } => {
            Refused::Invalid(say!("{error}", "入力が空か、{most} 文字を超えています"))
        }
        error => internal("incidents", error),
    }
}

fn unready(open: &[String], unexplained: &[String]) -> Say {
    let (open, bad) = (open.join(" / "), unexplained.join(" / "));
    match (open.is_empty(), bad.is_empty()) {
        (false, _) => say!(
            "not answered yet: {open}",
            "まだ答えのない項目があります: {open}"
        ),
        _ => say!(
            "not good, and nobody has said why (write a note): {bad}",
            "良くない項目があります。メモを書いてください: {bad}"
        ),
    }
}

impl Door {
    fn spec(&self) -> Option<Arc<Spec>> {
        self.0.spec.load_full()
    }

    /// The runbook of the incident's promises, or the one that it is beside.
    async fn runbook(&self, spec: &Spec, incident: &Incident) -> Option<Runbook> {
        let promises = spec.promises.iter();
        let mut named = promises.filter(|promise| incident.promises.contains(&promise.id));
        let name = named.find_map(|promise| promise.terms.runbook.clone())?;
        let path = runbook_path(&self.0.settings.spec, spec, &name)?;
        tokio::task::spawn_blocking(move || read_runbook(&path))
            .await
            .ok()?
    }

    async fn records(&self, incident: &Incident) -> Vec<LogLine> {
        let errors = "(level:(error OR ERROR OR fatal OR FATAL) OR severity:(error OR ERROR)) AND NOT stream:tegata_pages";
        let (from, to) = (
            incident.bad_since - RECORDS_AROUND,
            incident.bad_since + RECORDS_AROUND,
        );
        let mut records = self.search(errors, from, to, false).await;
        records.truncate(RECORDS_MAX);
        records.into_iter().map(line).collect()
    }

    async fn search(
        &self,
        query: &str,
        from: Timestamp,
        to: Timestamp,
        newest_first: bool,
    ) -> Vec<Record> {
        let Ok(query) = LogQuery::parse(query) else {
            return Vec::new();
        };
        let search = Search {
            query,
            from,
            to,
            newest_first,
            after: None,
            limit: CHANGES_MAX.max(RECORDS_MAX),
        };
        self.0.logs.search(&search).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the logs around an incident cannot be read");
            Vec::new()
        })
    }

    /// What the ledger says that the incident cost each of its promises.
    async fn impacts(&self, spec: &Spec, incident: &Incident) -> Vec<Impact> {
        let ledger = self.0.book.ledger().clone();
        let (ids, entries) = (incident.promises.clone(), incident.ledger.clone());
        let read = tokio::task::spawn_blocking(move || {
            ids.into_iter()
                .map(|id| spent(&ledger, &id, &entries))
                .collect::<Vec<_>>()
        });
        let all = read.await.unwrap_or_default();
        let worth = spec.incidents.worth;
        let known = |id: &str| spec.promises.iter().find(|promise| promise.id == id);
        all.into_iter()
            .map(|(id, before, after, entries)| {
                let name = known(&id).and_then(|promise| promise.terms.name.as_ref());
                let name = name.map_or_else(|| Say::same(id.clone()), |name| name.0.clone());
                let start = before.as_ref().map_or(0.0, |budget| budget.spent);
                let bad = after.as_ref().map(|budget| (budget.spent - start).max(0.0));
                Impact {
                    promise: id,
                    name,
                    bad,
                    budget_before: before.map(|budget| budget.spent_share),
                    budget_after: after.map(|budget| budget.spent_share),
                    money: bad.zip(worth).map(|(bad, worth)| money(worth, bad)),
                    entries,
                }
            })
            .collect()
    }
}

/// The budget before the incident and at its newest verdict, with the entries that say so.
fn spent(
    ledger: &ledger::Ledger,
    id: &str,
    entries: &[u64],
) -> (String, Option<Budget>, Option<Budget>, Vec<u64>) {
    let mut read = Vec::new();
    let mut budget = |index: u64, body: serde_json::Value| {
        let verdict = serde_json::from_value::<VerdictBody>(body).ok()?.verdict;
        read.push(index);
        verdict.budget
    };
    let find = Find {
        kind: Some(kind::VERDICT.to_owned()),
        about: Some(id.to_owned()),
        before: entries.first().copied(),
        limit: 1,
    };
    let earlier = ledger.find(&find).unwrap_or_default().into_iter().next();
    let before = earlier.and_then(|entry| budget(entry.index, entry.body));
    // The highest figure of the incident: what a window has forgotten by its end was spent all the same.
    let own = entries.iter().filter_map(|index| ledger.entry(*index).ok());
    let after = own
        .filter(|entry| entry.about == id)
        .filter_map(|entry| budget(entry.index, entry.body))
        .max_by(|a, b| a.spent.total_cmp(&b.spent));
    (id.to_owned(), before, after, read)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
fn money(worth: Money, count: f64) -> String {
    let hundredths = (worth.hundredths as f64 * count).round();
    Money {
        hundredths: hundredths.clamp(i64::MIN as f64, i64::MAX as f64) as i64,
        currency: worth.currency,
    }
    .to_string()
}

/// Where a promise's runbook lies; `None` where it is a page elsewhere.
pub(crate) fn runbook_path(
    spec_file: &std::path::Path,
    spec: &Spec,
    name: &str,
) -> Option<std::path::PathBuf> {
    if name.contains("://") {
        return None;
    }
    let folder = spec_file.parent().unwrap_or(std::path::Path::new("."));
    Some(folder.join(&spec.incidents.runbooks).join(name))
}

/// The runbook at a path, when there is one that is not far too long.
pub(crate) fn read_runbook(path: &std::path::Path) -> Option<Runbook> {
    let size = std::fs::metadata(path).ok()?.len();
    if size > runbook::BYTES_MAX as u64 {
        tracing::warn!(path = %path.display(), "a runbook is too long and is not shown");
        return None;
    }
    Some(runbook::read(&std::fs::read_to_string(path).ok()?))
}

fn line(record: Record) -> LogLine {
    /// A line of a page; the record itself is in the logs.
    const TEXT_MAX: usize = 300;
    /// The line begins with its time.
    const TIMES: [&str; 4] = ["time", "timestamp", "@timestamp", "ts"];
    let fields = record.fields.iter();
    let fields = fields.filter(|(name, _)| !TIMES.contains(&name.as_str()));
    let fields = fields.map(|(name, value)| match value {
        serde_json::Value::String(text) => format!("{name}={text}"),
        value => format!("{name}={value}"),
    });
    let text: String = fields.collect::<Vec<_>>().join(" ");
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    LogLine {
        at: record.at,
        stream: record.stream,
        text: plain.take(TEXT_MAX).collect(),
    }
}

#[async_trait]
impl door::Cases for Door {
    fn offer(&self, token: &str) -> Result<Offer, LinkError> {
        self.0.responder.offer(token)
    }

    async fn take(&self, token: &str, by: &str, reason: &str) -> Result<String, LinkError> {
        let reason = Some(reason.trim()).filter(|reason| !reason.is_empty());
        let taken = self
            .0
            .responder
            .acknowledge_by_link(token, by, reason)
            .await?;
        Ok(taken.id)
    }

    async fn open(&self, opening: Opening) -> Result<String, Refused> {
        let opened = self.0.responder.open_incident(opening).await;
        opened.map_err(|error| refused(&error))
    }

    async fn act(&self, id: &str, by: &str, deed: Deed) -> Result<(), Refused> {
        let done = self.0.responder.act(id, by, deed).await;
        done.map(drop).map_err(|error| refused(&error))
    }

    async fn dossier(&self, id: &str) -> Result<Option<Dossier>, Refused> {
        let (Some(incident), Some(spec)) = (self.0.responder.incident(id), self.spec()) else {
            return Ok(None);
        };
        let now = self.0.clock.now();
        let zone = &spec.service.time_zone;
        let service = &spec.service.name.0;
        let severity = incident
            .severity
            .as_ref()
            .and_then(|name| spec.severities.get(name));
        let marks = track::marks(&incident, severity);
        let clocks = incident.work.concern.as_ref();
        let clocks = clocks.map_or_else(Vec::new, |concern| concern::clocks(concern, zone));
        let impacts = self.impacts(&spec, &incident).await;
        let post_mortem = post_mortem::draft(&Sources {
            incident: &incident,
            marks: &marks,
            impacts: &impacts,
            service,
            time_zone: zone,
            now,
        });
        let since = incident.bad_since - CHANGES_BEFORE;
        Ok(Some(Dossier {
            clocks,
            changes: self.changes(since, incident.resolved.unwrap_or(now)).await,
            records: self.records(&incident).await,
            runbook: self.runbook(&spec, &incident).await,
            notice: notice::draft(&incident, service, zone, now),
            post_mortem,
            marks,
            incident,
        }))
    }

    async fn changes(&self, from: Timestamp, to: Timestamp) -> Vec<Change> {
        let Some(spec) = self.spec() else {
            return Vec::new();
        };
        let hooks = spec.sources.receive.webhooks.values();
        let mut streams: Vec<&str> = hooks
            .filter(|hook| !matches!(hook, Webhook::StripeHook(_)))
            .map(Webhook::stream)
            .collect();
        streams.sort_unstable();
        streams.dedup();
        let mut changes = Vec::new();
        for stream in streams {
            let query = format!("stream:\"{stream}\"");
            let records = self.search(&query, from, to, true).await;
            changes.extend(
                records
                    .iter()
                    .filter_map(|it| change::of(&it.stream, it.at, &it.fields)),
            );
        }
        changes.sort_by_key(|change| std::cmp::Reverse(change.at));
        changes.truncate(CHANGES_MAX);
        changes
    }

    fn severities(&self) -> Vec<String> {
        let Some(spec) = self.spec() else {
            return Vec::new();
        };
        let mut all: Vec<_> = spec.severities.iter().collect();
        all.sort_by_key(|(_, severity)| severity.level);
        all.into_iter().map(|(name, _)| name.clone()).collect()
    }

    fn figures(&self, by: By) -> Vec<Row> {
        let filter = Filter {
            limit: FIGURES_MAX,
            ..Filter::default()
        };
        let incidents = self.0.responder.incidents(&filter);
        let spec = self.spec();
        let zone = spec.as_ref().map_or("UTC", |spec| &spec.service.time_zone);
        figures::rows(&incidents, by, zone)
    }
}
