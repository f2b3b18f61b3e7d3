//! Incidents as people work on them, and the checklists that they go through.

use async_trait::async_trait;
use promise::Timestamp;
use respond::{
    Incident,
    acknowledge::{LinkError, Offer},
    checklist::{Sheet, Signing, Ticking},
    incident::{
        change::Change,
        concern::Clock,
        deed::{Deed, Opening},
        figures::{By, Row},
        notice::Draft,
        post_mortem::Document,
        track::Mark,
    },
    runbook::Runbook,
};
use serde::Serialize;
use spec::section::on_call::Day;

use super::Refused;

/// Everything that stands beside an incident.
#[derive(Debug, Clone, Serialize)]
pub struct Dossier {
    pub incident: Incident,
    /// What must happen in time, and when it did.
    pub marks: Vec<Mark>,
    /// Reports that are owed.
    pub clocks: Vec<Clock>,
    /// What was deployed shortly before it and since, newest first.
    pub changes: Vec<Change>,
    /// Log records of errors around its beginning, oldest first.
    pub records: Vec<LogLine>,
    pub runbook: Option<Runbook>,
    pub notice: Draft,
    pub post_mortem: Document,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LogLine {
    pub at: Timestamp,
    pub stream: String,
    pub text: String,
}

#[async_trait]
pub trait Cases: Send + Sync {
    /// What stands behind the link of a message. Changes nothing.
    fn offer(&self, token: &str) -> Result<Offer, LinkError>;

    /// Takes an incident on by the link of a message; answers with the incident's id.
    async fn take(&self, token: &str, by: &str, reason: &str) -> Result<String, LinkError>;

    /// Opens an incident by hand; answers with its id.
    async fn open(&self, opening: Opening) -> Result<String, Refused>;

    async fn act(&self, id: &str, by: &str, deed: Deed) -> Result<(), Refused>;

    async fn dossier(&self, id: &str) -> Result<Option<Dossier>, Refused>;

    /// What was deployed in a stretch of time, newest first.
    async fn changes(&self, from: Timestamp, to: Timestamp) -> Vec<Change>;

    /// The worst first.
    fn severities(&self) -> Vec<String>;

    fn figures(&self, by: By) -> Vec<Row>;
}

#[async_trait]
pub trait Checklists: Send + Sync {
    /// The names of the lists that are gone through again and again.
    fn names(&self) -> Vec<String>;

    /// Today's sheets.
    async fn today(&self) -> Result<Vec<Sheet>, Refused>;

    /// `None` where the list rests on that day.
    async fn sheet(&self, list: &str, day: Option<Day>) -> Result<Option<Sheet>, Refused>;

    /// The sheets of the month in which `day` lies, in order of their days.
    async fn month(&self, list: &str, day: Day) -> Result<Vec<Sheet>, Refused>;

    async fn tick(&self, list: &str, ticking: Ticking) -> Result<(), Refused>;

    async fn sign(&self, list: &str, signing: Signing) -> Result<Sheet, Refused>;
}
