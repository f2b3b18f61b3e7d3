//! `alerting`: when a page is held back, and what becomes of alerts that others send.
//!
//! Silences are not here: a person sets one while the service runs. What is here is agreed beforehand.

pub mod inhibition;
pub mod interval;
pub mod maintenance;
pub mod matcher;

use std::collections::BTreeMap;

use promise::{Say, record, record::Scalar, say, scalar_as_text, unit::Span};

use inhibition::Inhibition;
use interval::Interval;
use maintenance::Maintenance;

record! {
    /// When pages are held back, and how alerts of others are taken.
    /// ja: 通知を控える条件と、外部から届く警報の扱い。
    pub struct Alerting: Default {
        /// Alerts that hold back others while they fire, by name.
        /// ja: 発報中にほかの警報の通知を控えさせる警報(名前ごと)。
        inhibitions: BTreeMap<String, Inhibition> = BTreeMap::new(),
        /// Recurring stretches of time that routes refer to, by name.
        /// ja: 経路から参照する、繰り返しの時間帯(名前ごと)。
        intervals: BTreeMap<String, Interval> = BTreeMap::new(),
        /// Announced work, and what it means for each promise, by name.
        /// ja: 予告した作業と、それぞれの約束への影響(名前ごと)。
        maintenances: BTreeMap<String, Maintenance> = BTreeMap::new(),
        /// How long an alert of another program that names no end fires after it was last sent.
        /// ja: 外部から届いた、終わりの時刻のない警報が、最後に届いてから発報し続ける時間。
        resolve_timeout: Span = Span::secs(300),
        /// What becomes of an alert whose sender falls silent: it ends, as in Alertmanager, or it is held until the sender says that it ended.
        /// ja: 送り元が黙った警報の扱い。Alertmanager と同じく終わるか、終わりが届くまで続けるか。
        lapsed: Lapsed = Lapsed::Ends,
    }
}

/// What becomes of an alert whose sender falls silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lapsed {
    Ends,
    Held,
}

impl std::fmt::Display for Lapsed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Self::ONE_OF[*self as usize])
    }
}

impl Scalar for Lapsed {
    const NAME: &'static str = "fate of a lapsed alert";
    const NAME_JA: &'static str = "送り元が黙った警報の扱い";
    const EXAMPLE: &'static str = "ends";
    const ONE_OF: &'static [&'static str] = &["ends", "held"];

    fn parse(text: &str) -> Result<Self, Say> {
        match text {
            "ends" => Ok(Self::Ends),
            "held" => Ok(Self::Held),
            _ => Err(say!(
                "`{text}` is neither `ends` nor `held`",
                "`{text}` は `ends` でも `held` でもありません"
            )),
        }
    }
}
scalar_as_text!(Lapsed);
