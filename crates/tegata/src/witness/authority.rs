//! A time-stamping authority (RFC 3161): it says that a checkpoint was there by now. Only a hash leaves this machine.

use std::{path::Path, sync::Arc};

use ledger::{Ledger, STAMP_BYTES, Stamp, stamp_request, stamped};
use promise::{Say, say};
use rand::Rng as _;

use super::{Problem, Seen, bounded};
use crate::cli::instance;

/// Stamped checkpoints lie here beside the ledger, by the size that they cover.
pub(crate) const STAMPS: &str = "stamps";

pub(super) async fn ask(url: &str, ca: &Path, ledger: &Arc<Ledger>) -> Result<Seen, Problem> {
    let roots = std::fs::read(ca);
    let roots =
        roots.map_err(|error| Problem::passing(Say::same(format!("{}: {error}", ca.display()))))?;
    let now = ledger.checkpoint();
    let (note, _) = stamp(url, &now.note, &roots)
        .await
        .map_err(Problem::passing)?;
    Ok(Seen {
        note,
        size: now.size,
        root: now.root.to_string(),
    })
}

/// Has a checkpoint stamped; answers with it and its stamp, which holds by one of `roots`.
pub(crate) async fn stamp(url: &str, note: &str, roots: &[u8]) -> Result<(String, Stamp), Say> {
    let url = reqwest::Url::parse(url);
    let url = url.map_err(|_| say!("this is no URL", "URL ではありません"))?;
    let name = url.host_str().unwrap_or("authority").to_owned();
    let mut nonce = [0; 8];
    rand::rng().fill_bytes(&mut nonce);
    let refused = |error: ledger::StampError| Say::same(error.to_string());
    let request = stamp_request(note, nonce).map_err(refused)?;
    let client = instance::client().map_err(|error| Say::same(error.to_string()))?;
    let asked = client
        .post(url)
        .header("content-type", "application/timestamp-query")
        .header("accept", "application/timestamp-reply")
        .body(request);
    let silent = say!(
        "the authority did not answer",
        "タイムスタンプ局が応答しません"
    );
    let answer = asked.send().await.map_err(|_| silent)?;
    let status = answer.status();
    if !status.is_success() {
        return Err(say!(
            "the authority answered {status}",
            "タイムスタンプ局が {status} と応答しました"
        ));
    }
    let answer = bounded(answer, STAMP_BYTES).await.map_err(|why| {
        say!(
            "the authority's answer: {why}",
            "タイムスタンプ局の応答: {why}"
        )
    })?;
    stamped(note, &answer, nonce, &name, roots).map_err(refused)
}
