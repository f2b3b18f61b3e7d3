//! `tegata ledger stamp`: an authority says that the ledger was there by now.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Args;
use ledger::{Stamp, stamps};
use promise::{Lang, Timestamp, say};

use crate::{
    cli::{Common, Data, runtime},
    exit::Stop,
    witness::authority,
};

/// Have the newest checkpoint stamped by a time-stamping authority (RFC 3161).
///
/// Only a hash leaves this machine. The stamped checkpoint lies in `ledger/stamps/` and is printed: keep it elsewhere, too,
/// and hand it over in a proof (`tegata ledger proof N --cosigned FILE`). Run it daily: what was stamped cannot have been
/// written later, whoever holds the ledger's key.
#[derive(Debug, Args)]
pub(crate) struct TakeStamp {
    /// Where the authority answers.
    #[arg(value_name = "URL")]
    url: String,
    /// A PEM file with the certificate of its root.
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,
    #[command(flatten)]
    data: Data,
    /// The ledger's own directory, when it lies elsewhere.
    #[arg(long, value_name = "DIR", conflicts_with = "dir")]
    ledger: Option<PathBuf>,
}

impl TakeStamp {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let dir = self
            .ledger
            .clone()
            .unwrap_or_else(|| self.data.dir.join("ledger"));
        let path = dir.join("checkpoint");
        let note = std::fs::read_to_string(&path)
            .map_err(|error| Stop::missing(format!("{}: {error}", path.display())))?;
        let roots = read(&self.ca)?;
        let asked = runtime()?.block_on(authority::stamp(&self.url, &note, &roots));
        let (note, stamp) = asked.map_err(|why| Stop::invalid(why.get(lang)))?;
        let size = note.lines().nth(1).unwrap_or_default();
        let folder = dir.join(authority::STAMPS);
        std::fs::create_dir_all(&folder)?;
        let kept = folder.join(size);
        std::fs::write(&kept, &note).with_context(|| kept.display().to_string())?;
        outln!("{}", note.trim_end());
        tell(&stamp, lang);
        Ok(ExitCode::SUCCESS)
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let read = std::fs::read(path);
    read.map_err(|error| Stop::missing(format!("{}: {error}", path.display())).into())
}

/// The stamps of a checkpoint, all of which hold, and at least one.
pub(super) fn trusted(note: &str, roots: &Path, lang: Lang) -> anyhow::Result<Vec<Stamp>> {
    let found = stamps(note, &read(roots)?).map_err(|error| Stop::invalid(error.to_string()))?;
    if found.is_empty() {
        let why = say!(
            "its checkpoint bears no time stamp",
            "チェックポイントにタイムスタンプがありません"
        );
        return Err(Stop::invalid(why.get(lang)).into());
    }
    Ok(found)
}

/// Says by when it was there.
pub(super) fn tell(stamp: &Stamp, lang: Lang) {
    let secs = i64::try_from(stamp.unix_secs).unwrap_or(i64::MAX / 1_000);
    let at = Timestamp::from_millis(secs.saturating_mul(1_000));
    let who = &stamp.authority;
    match lang {
        Lang::En => eprintln!("stamped: it was there by {at}, says {who}"),
        Lang::Ja => eprintln!("タイムスタンプ: {at} までに存在していました({who})"),
    }
}
