//! A drill that was held: what people tell of it, and what must hold of what they tell.

use std::time::Duration;

use promise::{Say, Timestamp, say};
use serde::{Deserialize, Serialize};

use super::Refused;

/// What was rehearsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrillKind {
    /// Another machine, zone or region took over.
    Failover,
    /// A backup was restored and looked at.
    Restore,
    /// People went through what they would do.
    Exercise,
}

/// A drill that is over, as somebody tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drill {
    /// As the spec names it under `continuity.drills`, or as people call it.
    pub name: String,
    pub kind: DrillKind,
    /// What it touched: a database, a region, a backup.
    pub on: String,
    pub began: Timestamp,
    pub ended: Timestamp,
    /// Whether it did what it was to do.
    pub passed: bool,
    /// Who held it.
    pub by: String,
    /// What was seen, and what follows.
    #[serde(default)]
    pub note: String,
}

const NAME_BYTES_MAX: usize = 200;
const NOTE_BYTES_MAX: usize = 4_000;
/// Whatever takes longer is no drill.
const LENGTH_MAX: Duration = Duration::from_secs(30 * 86_400);
/// Two machines' clocks differ by so much.
const AHEAD_MAX: Duration = Duration::from_secs(60);

impl Drill {
    /// Seen from `now`.
    pub fn check(&self, now: Timestamp) -> Result<(), Refused> {
        let named = [("name", &self.name), ("on", &self.on), ("by", &self.by)];
        if let Some((field, _)) = named.iter().find(|(_, text)| text.trim().is_empty()) {
            return Err(Refused::Invalid(say!(
                "`{field}` is empty: the ledger keeps who held which drill, and what it touched",
                "`{field}` が空です。台帳には実施者、訓練の名前、対象が残ります"
            )));
        }
        let bounds = named
            .into_iter()
            .map(|(what, text)| (what, text, NAME_BYTES_MAX));
        let mut bounds = bounds.chain([("note", &self.note, NOTE_BYTES_MAX)]);
        if let Some((what, _, limit)) = bounds.find(|(_, text, limit)| text.len() > *limit) {
            return Err(Refused::TooLarge { what, limit });
        }
        if self.ended < self.began || self.ended > now + AHEAD_MAX {
            return Err(Refused::Invalid(say!(
                "a drill ends after it began, and is told of when it is over",
                "訓練の終了は開始より後、現在より前でなければなりません"
            )));
        }
        if self.ended.since(self.began) > LENGTH_MAX {
            return Err(Refused::Invalid(say!(
                "no drill takes longer than 30 days",
                "30 日を超える訓練は記録できません"
            )));
        }
        Ok(())
    }

    #[must_use]
    pub fn outcome(&self) -> Say {
        if self.passed {
            say!("passed", "成功")
        } else {
            say!("failed", "失敗")
        }
    }
}
