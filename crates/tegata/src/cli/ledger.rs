//! `tegata ledger`: look into the ledger, and verify it offline.

mod cosign;
mod deeds;
mod erase;
mod proof;
mod prune;
mod stamp;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use ledger::{Expect, VerifyError};
use promise::{Lang, say};
use serde_json::json;

use super::{Common, Data};
use crate::exit;

/// Look into the ledger, and verify it from its files alone.
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    Verify(Verify),
    Show(Show),
    Deeds(deeds::Deeds),
    Erase(erase::Erase),
    Prune(prune::Prune),
    Key(Key),
    Proof(proof::ProofOf),
    Check(proof::Check),
    Witness(proof::Witness),
    Cosign(cosign::Cosign),
    Stamp(stamp::TakeStamp),
}

/// Verify the ledger offline: every entry, every hash, every signature.
///
/// Ends with 0 when it is whole, 30 when it is not; names the first bad entry.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    data: Data,
    /// The ledger's own directory, when it lies elsewhere, as in an auditor's copy.
    #[arg(long, value_name = "DIR", conflicts_with = "dir")]
    ledger: Option<PathBuf>,
    /// The verifier key that you were given (`name+id+key`); without it the key beside the ledger is used.
    #[arg(long, value_name = "VKEY")]
    key: Option<String>,
    /// A checkpoint kept from earlier: the ledger must be a continuation of it.
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// Print the outcome as JSON.
    #[arg(long)]
    json: bool,
}

/// Print entries, newest first.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    data: Data,
    /// Only entries of this kind, such as verdict or page_sent.
    #[arg(long)]
    kind: Option<String>,
    /// Only entries about this promise.
    #[arg(long)]
    about: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Print whole entries as JSON lines.
    #[arg(long)]
    json: bool,
}

/// Print the verifier key: give it to whoever shall verify.
#[derive(Debug, Args)]
pub(crate) struct Key {
    #[command(flatten)]
    data: Data,
}

impl LedgerCommand {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        match self {
            Self::Verify(command) => command.run(common.lang()),
            Self::Show(command) => command.run(),
            Self::Deeds(command) => command.run(common),
            Self::Erase(command) => command.run(common),
            Self::Prune(command) => command.run(common),
            Self::Key(command) => command.run(),
            Self::Proof(command) => command.run(),
            Self::Check(command) => command.run(common.lang()),
            Self::Witness(command) => command.run(common.lang()),
            Self::Cosign(command) => command.run(common),
            Self::Stamp(command) => command.run(common),
        }
    }
}

impl Verify {
    fn run(self, lang: Lang) -> anyhow::Result<ExitCode> {
        let dir = self.ledger.unwrap_or_else(|| self.data.dir.join("ledger"));
        let since = self.since.map(std::fs::read_to_string).transpose()?;
        let expect = Expect {
            vkey: self.key.as_deref(),
            checkpoint: since.as_deref(),
        };
        match ledger::verify(&dir, &expect) {
            Ok(verified) => {
                let (size, root, key) =
                    (verified.size, verified.root.to_string(), &verified.key_id);
                let ledger::Personal { held, gone, erased } = verified.personal;
                let kept_from = verified.kept_from;
                if self.json {
                    outln!(
                        "{}",
                        json!({ "version": 1, "valid": true, "size": size, "root": root, "key": key,
                            "kept_from": kept_from,
                            "personal": { "held": held, "gone": gone, "erased": erased } })
                    );
                } else {
                    if kept_from > 0 {
                        let said = say!(
                            "pruned: of the first {kept_from} entries the hashes alone are kept, as an entry says",
                            "間引き済み: 最初の {kept_from} 件はハッシュだけが残っています(台帳に記録があります)"
                        );
                        eprintln!("{}", said.get(lang));
                    }
                    match lang {
                        Lang::En => outln!("whole: {size} entries, root {root}, signed by {key}"),
                        Lang::Ja => outln!("台帳は完全です: {size} 件、根 {root}、署名鍵 {key}"),
                    }
                }
                Ok(ExitCode::SUCCESS)
            }
            Err(VerifyError::Io { path, source }) => {
                Err(exit::Stop::missing(format!("{}: {source}", path.display())).into())
            }
            Err(error) => {
                let first = error.first_bad();
                if self.json {
                    outln!(
                        "{}",
                        json!({ "version": 1, "valid": false, "first_bad": first, "why": error.to_string() })
                    );
                } else {
                    match lang {
                        Lang::En => outln!("not whole: {error}"),
                        Lang::Ja => outln!("台帳は完全ではありません: {}", in_japanese(&error)),
                    }
                }
                Ok(ExitCode::from(exit::INVALID))
            }
        }
    }
}

/// What the error says by itself in English: the ledger's crate must be usable without ours, and has no languages.
fn in_japanese(error: &VerifyError) -> String {
    match error {
        VerifyError::Io { path, source } => format!("{}: {source}", path.display()),
        VerifyError::NoLedger { dir, missing } => {
            format!(
                "{} は台帳ではありません({missing} がありません)",
                dir.display()
            )
        }
        VerifyError::Key { path, detail } => {
            format!("{} は鍵ではありません({detail})", path.display())
        }
        VerifyError::OtherKey { found, expected } => {
            format!("期待した鍵 {expected} ではなく、鍵 {found} で署名されています")
        }
        VerifyError::Checkpoint { place, key, detail } => {
            format!("{place} は {key} が署名したチェックポイントではありません({detail})")
        }
        VerifyError::Tail { path, detail } => {
            format!("{} が壊れています({detail})", path.display())
        }
        VerifyError::Missing { path } => format!("{} がありません", path.display()),
        VerifyError::Entry {
            index,
            path,
            detail,
        } => format!(
            "エントリー {index} が書かれた時と違います({detail}、{})",
            path.display()
        ),
        VerifyError::Vanished { gone, erased } => {
            format!("個人項目の値が {gone} 個なくなっていますが、消去の記録は {erased} 個です")
        }
        VerifyError::Pruned { path } => format!(
            "{} には記録を間引いたとありますが、それを述べるエントリーがありません",
            path.display()
        ),
        VerifyError::Node { first, last, path } => format!(
            "エントリー {first}〜{last} のハッシュが書かれた時と違います({})",
            path.display()
        ),
        VerifyError::Truncated {
            index,
            signed,
            place,
        } => format!("エントリー {index} がありません({place} は {signed} 件に署名しています)"),
        VerifyError::Rewritten { signed, place } => {
            format!(
                "{place} が署名した最初の {signed} 件が、この台帳の最初の {signed} 件と違います"
            )
        }
        VerifyError::RolledBack { size, signed } => format!(
            "台帳は {size} 件で終わっていますが、別に保管されたチェックポイントは {signed} 件に署名しています"
        ),
    }
}

impl Show {
    fn run(self) -> anyhow::Result<ExitCode> {
        let mut newest: std::collections::VecDeque<ledger::Entry> =
            std::collections::VecDeque::new();
        let dir = self.data.dir.join("ledger");
        let read = ledger::read(&dir, |entry| {
            let wanted = self.kind.as_ref().is_none_or(|kind| *kind == entry.kind)
                && self
                    .about
                    .as_ref()
                    .is_none_or(|about| *about == entry.about);
            if wanted {
                if newest.len() == self.limit {
                    newest.pop_front();
                }
                newest.push_back(entry);
            }
        });
        for entry in newest.iter().rev() {
            if self.json {
                outln!("{}", serde_json::to_string(entry)?);
            } else {
                let what = entry.body["verdict"]["state"].as_str().unwrap_or_default();
                outln!(
                    "{:>8}  {}  {:22} {} {what}",
                    entry.index,
                    entry.at,
                    entry.kind,
                    entry.about
                );
            }
        }
        read.map_err(|error| exit::Stop::invalid(error.to_string()))?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Key {
    fn run(self) -> anyhow::Result<ExitCode> {
        let path = self.data.dir.join("ledger/key.pub");
        let key = std::fs::read_to_string(&path)
            .map_err(|error| exit::Stop::missing(format!("{}: {error}", path.display())))?;
        outln!("{}", key.trim());
        Ok(ExitCode::SUCCESS)
    }
}
