//! Alerts that fire, and silences: what Alertmanager's API speaks of.

use async_trait::async_trait;
pub use respond::{
    GroupStanding, Standing,
    posted::Posted,
    silence::{Draft, Phase, Silence},
};

use super::Refused;

/// Alerts of every kind, and what holds back their pages.
#[async_trait]
pub trait Alerts: Send + Sync {
    /// Every alert that fires.
    fn firing(&self) -> Vec<Standing>;

    /// The same, by what each receiver hears of together.
    fn groups(&self) -> Vec<GroupStanding>;

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
