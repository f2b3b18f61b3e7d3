//! Recording and alerting rules, as whoever evaluates them knows them.

use std::time::Duration;

use promise::Timestamp;
use promql::Labels;

/// The rules that are in force.
pub trait Rules: Send + Sync {
    /// In the order of their files, and in each file as written.
    fn groups(&self) -> Vec<RuleGroup>;
}

/// Where no rule is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRules;

impl Rules for NoRules {
    fn groups(&self) -> Vec<RuleGroup> {
        Vec::new()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct RuleGroup {
    pub name: String,
    /// Where the group is written.
    pub file: String,
    pub interval: Duration,
    /// The most series or alerts of one rule; 0 is no limit.
    pub limit: u64,
    /// As they are evaluated.
    pub rules: Vec<Rule>,
    pub evaluated: Evaluated,
}

/// The last evaluation; all zero before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Evaluated {
    pub at: Option<Timestamp>,
    pub took: Duration,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Of the alert, or of the metric that is recorded.
    pub name: String,
    pub query: String,
    /// Those that the rule adds; of an alerting rule they may be templates.
    pub labels: Labels,
    pub health: Health,
    pub evaluated: Evaluated,
    pub kind: RuleKind,
}

/// How the last evaluation went.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Health {
    /// It has not been evaluated yet.
    #[default]
    Unknown,
    Good,
    /// With the error.
    Bad(String),
}

#[derive(Debug, Clone, PartialEq)]
pub enum RuleKind {
    Recording,
    Alerting {
        /// How long the condition must hold.
        hold: Duration,
        /// How long an alert goes on after its condition.
        keep_firing: Duration,
        /// Templates.
        annotations: Vec<(String, String)>,
        /// Pending and firing ones.
        alerts: Vec<Alert>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// With `alertname`.
    pub labels: Labels,
    /// Written out.
    pub annotations: Vec<(String, String)>,
    pub state: AlertState,
    /// When the condition began.
    pub active: Timestamp,
    /// When the condition ended, where the alert is only kept firing.
    pub kept_since: Option<Timestamp>,
    pub value: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertState {
    Inactive,
    Pending,
    Firing,
}

impl AlertState {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Pending => "pending",
            Self::Firing => "firing",
        }
    }
}
