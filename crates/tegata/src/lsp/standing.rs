//! How a promise stands now, asked of the instance that runs, and not waited for long.

use std::{path::PathBuf, time::Duration};

use promise::Lang;
use tokio::runtime::Handle;

use crate::cli::{instance::Instance, standing::Standing};

/// A hover that comes later than this is no longer looked at.
const WAIT: Duration = Duration::from_millis(500);

/// The instance of a data directory, where one runs.
pub(crate) struct Standings {
    data: PathBuf,
    runtime: Handle,
}

impl Standings {
    pub(crate) fn new(data: PathBuf, runtime: Handle) -> Self {
        Self { data, runtime }
    }

    /// One line about the promise; `None` where nobody can say in time.
    pub(super) fn of(&self, id: &str, lang: Lang) -> Option<String> {
        let instance = Instance::running(&self.data)?;
        let path = format!("/api/v1/promises/{id}");
        let answer = self
            .runtime
            .block_on(async { tokio::time::timeout(WAIT, instance.get(&path)).await });
        let standing: Standing = serde_json::from_value(answer.ok()?.ok()?).ok()?;
        let state = standing.verdict.state;
        let reason = standing.verdict.reason.say();
        Some(format!(
            "{} **{}**: {}",
            state.shape(),
            state.say().get(lang),
            reason.get(lang)
        ))
    }
}
