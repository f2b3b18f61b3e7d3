//! `tegata ledger proof|check|witness`: one entry proven in one text file, and a second pair of eyes.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use ledger::Proof;
use promise::{Clock as _, Lang};

use super::stamp;
use crate::{cli::Data, clock::SystemClock, exit::Stop, witness::git};

/// Print one entry with the proof that it is in the ledger: one text file, to be checked offline and years later.
///
/// The format is C2SP's tlog-proof. Give it to an auditor together with the verifier key (`tegata ledger key`).
#[derive(Debug, Args)]
pub(crate) struct ProofOf {
    #[arg(value_name = "INDEX")]
    index: u64,
    #[command(flatten)]
    data: Data,
    /// The ledger's own directory, when it lies elsewhere.
    #[arg(long, value_name = "DIR", conflicts_with = "dir")]
    ledger: Option<PathBuf>,
    /// A checkpoint that witnesses have cosigned or an authority has stamped, to stand in the proof. It may be an older
    /// one, as long as it covers the entry.
    #[arg(long, value_name = "FILE")]
    cosigned: Option<PathBuf>,
}

/// Check a proof: needs the file and the keys, and nothing else. Prints the entry.
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The ledger's verifier key, as you were given it (`name+id+key`).
    #[arg(long, value_name = "VKEY")]
    key: String,
    /// The key of a witness that must have cosigned; may be given several times.
    #[arg(long, value_name = "VKEY")]
    witness: Vec<String>,
    /// A PEM file of time-stamping authorities that you trust: the proof must bear a stamp of one of them.
    #[arg(long, value_name = "FILE")]
    stamped: Option<PathBuf>,
}

/// Witness a ledger: verify that it continues what was seen last, and cosign its checkpoint.
///
/// Run it on a host that the ledger's operator does not control, over a copy of the ledger's directory, as often as you
/// like. What it saw, its key and the cosigned checkpoint stay in its own folder. With --git that folder is a Git
/// repository, and each cosigned checkpoint a commit that is pushed: whoever has a clone has it, too.
#[derive(Debug, Args)]
pub(crate) struct Witness {
    /// The ledger's directory, or a copy of it.
    #[arg(value_name = "DIR")]
    ledger: PathBuf,
    /// The ledger's verifier key, as you were given it when you began.
    #[arg(long, value_name = "VKEY")]
    key: String,
    /// The witness's own folder.
    #[arg(long, value_name = "DIR")]
    keep: PathBuf,
    /// The witness's name, by custom a domain and a path.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Commit the cosigned checkpoint in the folder, which is a Git repository, and push it where it has a remote.
    #[arg(long)]
    git: bool,
}

impl ProofOf {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let dir = self.ledger.unwrap_or_else(|| self.data.dir.join("ledger"));
        let proof = match self.cosigned {
            Some(path) => ledger::prove_at(&dir, self.index, &std::fs::read_to_string(path)?),
            None => ledger::prove(&dir, self.index),
        };
        let Some(proof) = proof.map_err(|e| Stop::invalid(e.to_string()))? else {
            let index = self.index;
            return Err(
                Stop::invalid(format!("{index}: the signed checkpoint does not cover it")).into(),
            );
        };
        outln!("{}", proof.to_string().trim_end());
        Ok(ExitCode::SUCCESS)
    }
}

impl Check {
    pub(super) fn run(self, lang: Lang) -> anyhow::Result<ExitCode> {
        let text = std::fs::read_to_string(&self.file)?;
        let witnesses: Vec<&str> = self.witness.iter().map(String::as_str).collect();
        let checked = Proof::parse(&text).and_then(|proof| proof.verify(&self.key, &witnesses));
        let (entry, checkpoint) = checked.map_err(|why| Stop::invalid(why.to_string()))?;
        let stamps = match &self.stamped {
            Some(roots) => stamp::trusted(&checkpoint.note, roots, lang)?,
            None => Vec::new(),
        };
        outln!("{}", serde_json::to_string(&entry)?);
        let size = checkpoint.size;
        match lang {
            Lang::En => eprintln!(
                "proven: entry {} of {size}, with {} witnesses",
                entry.index,
                witnesses.len()
            ),
            Lang::Ja => eprintln!(
                "証明されました: 全 {size} 件中のエントリー {}(証人 {} 名)",
                entry.index,
                witnesses.len()
            ),
        }
        for stamp in &stamps {
            stamp::tell(stamp, lang);
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Witness {
    pub(super) fn run(self, lang: Lang) -> anyhow::Result<ExitCode> {
        let now = u64::try_from(SystemClock.now().as_millis() / 1_000).unwrap_or(0);
        let seen = ledger::witness(&self.ledger, &self.key, &self.keep, &self.name, now)
            .map_err(|error| Stop::invalid(error.to_string()))?;
        outln!("{}", seen.note.trim_end());
        if self.git {
            let kept = git::commit(&self.keep, seen.verified.size);
            kept.map_err(|why| Stop::missing(why.get(lang)))?;
        }
        let (size, vkey) = (seen.verified.size, &seen.vkey);
        match lang {
            Lang::En => eprintln!("cosigned: {size} entries; the witness's key is {vkey}"),
            Lang::Ja => eprintln!("連署しました: {size} 件。証人の鍵は {vkey}"),
        }
        Ok(ExitCode::SUCCESS)
    }
}
