//! `tegata prove`: every verdict judged again from what the ledger holds.

use std::{collections::HashMap, path::Path, process::ExitCode};

use clap::Args;
use ledger::Expect;
use promise::{Lang, Promise};
use serde_json::json;

use super::{Common, Data};
use crate::{
    book::{VerdictBody, kind},
    exit,
    pruning::Carried,
};

/// Prove the verdicts: verify the ledger, then judge every verdict in it again from its evidence.
///
/// Ends with 0 when every verdict comes out equal, 30 otherwise.
#[derive(Debug, Args)]
pub(crate) struct Prove {
    #[command(flatten)]
    data: Data,
    /// Judge every verdict again (the only proof there is yet, and the default).
    #[arg(long)]
    replay: bool,
    /// Only verdicts of this promise.
    #[arg(value_name = "PROMISE")]
    promise: Option<String>,
    /// Print the outcome as JSON.
    #[arg(long)]
    json: bool,
}

/// What judging again showed.
#[derive(Debug, Default)]
struct Outcome {
    equal: u64,
    /// Entries whose verdict came out differently, or that could not be read, with why.
    different: Vec<(u64, String)>,
}

impl Prove {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let dir = self.data.dir.join("ledger");
        let verified = ledger::verify(&dir, &Expect::default())
            .map_err(|error| exit::Stop::invalid(error.to_string()))?;
        let outcome = replay(&dir, self.promise.as_deref())?;
        let whole = outcome.different.is_empty();
        if self.json {
            let different: Vec<_> = outcome
                .different
                .iter()
                .map(|(entry, why)| json!({ "entry": entry, "why": why }))
                .collect();
            outln!(
                "{}",
                json!({ "version": 1, "entries": verified.size, "equal": outcome.equal, "different": different })
            );
        } else {
            let (equal, entries) = (outcome.equal, verified.size);
            for (entry, why) in &outcome.different {
                outln!("{entry}: {why}");
            }
            let different = outcome.different.len();
            match common.lang() {
                Lang::En => outln!(
                    "{entries} entries whole; {equal} verdicts judged again and equal, {different} not"
                ),
                Lang::Ja => outln!(
                    "台帳 {entries} 件は完全。判定 {equal} 件を再計算して一致、不一致 {different} 件"
                ),
            }
        }
        Ok(ExitCode::from(if whole { 0 } else { exit::INVALID }))
    }
}

/// Declarations whose entries were pruned, by those: they stand behind the verdicts that name them.
fn carried(dir: &Path) -> anyhow::Result<HashMap<u64, Promise>> {
    let mut declared = HashMap::new();
    ledger::read(dir, |entry| {
        if entry.kind == kind::PROMISE_CARRIED
            && let Ok(carried) = serde_json::from_value::<Carried>(entry.body)
            && let Ok(promise) = serde_json::from_value(carried.promise)
        {
            declared.insert(carried.declared, promise);
        }
    })
    .map_err(|error| exit::Stop::invalid(error.to_string()))?;
    Ok(declared)
}

fn replay(dir: &Path, only: Option<&str>) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut declared = carried(dir)?;
    ledger::read(dir, |entry| match entry.kind.as_str() {
        kind::PROMISE => match serde_json::from_value(entry.body) {
            Ok(promise) => _ = declared.insert(entry.index, promise),
            Err(error) => outcome
                .different
                .push((entry.index, format!("the promise cannot be read: {error}"))),
        },
        kind::VERDICT if only.is_none_or(|id| id == entry.about) => {
            match serde_json::from_value::<VerdictBody>(entry.body) {
                Ok(body) => match declared.get(&body.declared) {
                    Some(promise) => outcome.compare(entry.index, promise, &body),
                    None => outcome.different.push((
                        entry.index,
                        format!("entry {} declares no promise", body.declared),
                    )),
                },
                Err(error) => outcome
                    .different
                    .push((entry.index, format!("the verdict cannot be read: {error}"))),
            }
        }
        _ => {}
    })
    .map_err(|error| exit::Stop::invalid(error.to_string()))?;
    Ok(outcome)
}

impl Outcome {
    fn compare(&mut self, index: u64, promise: &Promise, body: &VerdictBody) {
        let again = promise.judge(&body.evidence, body.verdict.at);
        if again == body.verdict {
            self.equal += 1;
        } else {
            let why = format!(
                "{}: recorded {} ({}), judged again {} ({})",
                promise.id,
                body.verdict.state,
                body.verdict.reason.code,
                again.state,
                again.reason.code
            );
            self.different.push((index, why));
        }
    }
}
