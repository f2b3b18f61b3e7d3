//! What is scraped, and how that goes.

use std::time::Duration;

use promise::Timestamp;
use promql::Labels;

/// The targets of the spec in force.
pub trait Targets: Send + Sync {
    /// Those that are asked, in the order of jobs and addresses.
    fn active(&self) -> Vec<Target>;

    /// Those that relabelling has dropped.
    fn dropped(&self) -> Vec<Dropped>;
}

#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    pub job: String,
    /// Before relabelling.
    pub discovered: Labels,
    /// That its series carry.
    pub labels: Labels,
    /// Without user name, password or values of secrets.
    pub url: String,
    pub last: Option<Timestamp>,
    pub took: Duration,
    pub health: TargetHealth,
    pub interval: Duration,
    pub timeout: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetHealth {
    /// It has not answered yet.
    Unknown,
    Up,
    /// With the reason.
    Down(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Dropped {
    pub job: String,
    pub discovered: Labels,
}
