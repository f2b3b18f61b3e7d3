//! `alerting.maintenances`: announced work, and what it means for each promise.

use std::collections::BTreeMap;

use promise::{Say, Timestamp, record, record::Scalar, say, scalar_as_text};

use super::matcher::Matcher;

record! {
    /// Announced work: while it goes on, nobody is paged for what it names.
    /// ja: 予告した作業。その間、挙げた約束と警報は通知しません。
    pub struct Maintenance {
        /// When it begins, RFC 3339.
        /// ja: 始まりの時刻。
        from: Timestamp,
        /// When it ends.
        /// ja: 終わりの時刻。
        to: Timestamp,
        /// Why; the auditor reads this.
        /// ja: 理由。監査人が読みます。
        why: String,
        /// Who answers for it.
        /// ja: 責任者。
        who: String,
        /// The promises that it touches, each with whether its time `counts` or is `excluded` from the promise.
        /// ja: 影響する約束と、その時間を計算に含める(`counts`)か除く(`excluded`)か。
        promises: BTreeMap<String, Effect> = BTreeMap::new(),
        /// Alerts of rules and of other programs that it touches have all of these labels; none touches no such alert.
        /// ja: 影響するルールや外部の警報の条件(すべて満たすもの)。空ならなし。
        alerts: Vec<Matcher> = Vec::new(),
    }
}

/// What announced work means for a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nobody is paged, but what breaks is broken.
    Counts,
    /// The time is left out of the promise's window, as a correction.
    Excluded,
}

impl std::fmt::Display for Effect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Self::ONE_OF[*self as usize])
    }
}

impl Scalar for Effect {
    const NAME: &'static str = "effect of a maintenance";
    const NAME_JA: &'static str = "作業の影響";
    const EXAMPLE: &'static str = "excluded";
    const ONE_OF: &'static [&'static str] = &["counts", "excluded"];

    fn parse(text: &str) -> Result<Self, Say> {
        match text {
            "counts" => Ok(Self::Counts),
            "excluded" => Ok(Self::Excluded),
            _ => Err(say!(
                "`{text}` is neither `counts` nor `excluded`",
                "`{text}` は `counts` でも `excluded` でもありません"
            )),
        }
    }
}
scalar_as_text!(Effect);

impl Maintenance {
    /// The correction that it is for the promise of this id, where its time is excluded.
    #[must_use]
    pub fn correction(&self, name: &str, promise: &str) -> Option<promise::Correction> {
        (self.promises.get(promise) == Some(&Effect::Excluded)).then(|| promise::Correction {
            id: name.to_owned(),
            from: self.from,
            to: self.to,
            why: self.why.clone(),
            who: self.who.clone(),
        })
    }
}
