//! Alerts that fire, and silences: what Alertmanager's API speaks of.

use std::collections::BTreeMap;

use async_trait::async_trait;
use promise::Timestamp;
pub use respond::{posted::Posted, silence::Draft};
use spec::section::alerting::matcher::Matcher;

use super::Refused;

/// Alerts of every kind, and what holds back their pages.
#[async_trait]
pub trait Alerts: Send + Sync {
    /// Every alert that fires.
    fn firing(&self) -> Vec<Firing>;

    /// The same, by what each receiver hears of together.
    fn groups(&self) -> Vec<Group>;

    /// Takes alerts of another program. Once it returns, they survive `kill -9`.
    async fn post(&self, alerts: Vec<Posted>) -> Result<(), Refused>;

    /// Active, pending and not long expired ones.
    fn silences(&self) -> Vec<Silence>;

    /// Sets or changes a silence; answers with its id.
    async fn silence(&self, draft: Draft) -> Result<String, Refused>;

    async fn expire(&self, id: &str, who: Option<&str>) -> Result<(), Refused>;

    /// Names of all receivers.
    fn receivers(&self) -> Vec<String>;
}

#[derive(Debug, Clone, PartialEq)]
pub struct Firing {
    pub fingerprint: u64,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    pub started: Timestamp,
    pub updated: Timestamp,
    /// When it ends unless it is sent again; `None` where evidence ends it.
    pub until: Option<Timestamp>,
    pub generator_url: String,
    pub receivers: Vec<String>,
    pub incident: String,
    pub silenced_by: Vec<String>,
    pub inhibited_by: Vec<String>,
    /// Intervals, and announced work.
    pub muted_by: Vec<String>,
}

impl Firing {
    #[must_use]
    pub fn is_suppressed(&self) -> bool {
        !(self.silenced_by.is_empty() && self.inhibited_by.is_empty() && self.muted_by.is_empty())
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pub labels: BTreeMap<String, String>,
    pub receiver: String,
    pub alerts: Vec<Firing>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Silence {
    pub id: String,
    pub matchers: Vec<Matcher>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub updated_at: Timestamp,
    pub created_by: String,
    pub comment: String,
    pub ticket: Option<String>,
    /// `pending`, `active` or `expired`.
    pub state: &'static str,
}
