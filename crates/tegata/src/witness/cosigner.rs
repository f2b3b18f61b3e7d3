//! A witness that cosigns, asked by C2SP tlog-witness.

use std::sync::Arc;

use ledger::{Ledger, cosign_request, take_cosignature};
use promise::{Say, say};
use reqwest::{Response, StatusCode, header::CONTENT_TYPE};
use spec::section::ledger::Cosigner;

use super::{Problem, Seen, bounded};
use crate::cli::instance;

/// One with what we think that it saw, and one with what it says that it saw.
const ATTEMPTS: usize = 2;
/// Cosignatures of a few keys: each is a line of some 150 bytes.
const ANSWER_BYTES: usize = 16 << 10;
/// Of a refusal a person reads so much.
const SAID_CHARS: usize = 200;
/// How a witness says which size it saw last.
const SIZE: &str = "text/x.tlog.size";

pub(super) async fn ask(it: &Cosigner, ledger: &Arc<Ledger>, last: u64) -> Result<Seen, Problem> {
    let url = format!("{}/add-checkpoint", it.url.trim_end_matches('/'));
    let mut old = last;
    for _ in 0..ATTEMPTS {
        let now = ledger.checkpoint();
        // Whatever this machine remembers wrongly the witness corrects.
        old = old.min(now.size);
        let (ours, size) = (ledger.clone(), now.size);
        let proof = tokio::task::spawn_blocking(move || ours.consistency(old, size)).await;
        let proof = proof
            .map_err(|error| passing(&error))?
            .map_err(|error| passing(&error))?;
        let client = instance::client().map_err(|error| passing(&error))?;
        let request = cosign_request(old, &proof, &now.note);
        let answer = client.post(&url).body(request).send().await;
        let answer = answer
            .map_err(|_| Problem::passing(say!("it did not answer", "応答がありませんでした")))?;
        match answer.status() {
            StatusCode::OK => {
                let lines = text(answer).await?;
                let (note, _) = take_cosignature(&now.note, &lines, &it.key).map_err(|why| {
                    Problem::passing(say!(
                        "what it answered is no cosignature: {why}",
                        "応答は連署ではありませんでした({why})"
                    ))
                })?;
                return Ok(Seen {
                    note,
                    size,
                    root: now.root.to_string(),
                });
            }
            StatusCode::CONFLICT if is_size(&answer) => {
                let said = text(answer).await?;
                let seen: u64 = said.trim_end().parse().map_err(|_| unclear())?;
                if seen > size {
                    return Err(Problem::refusal(say!(
                        "it has seen {seen} entries, and the ledger holds {size}: the ledger was rolled back",
                        "証人は {seen} 件を見ていますが、台帳は {size} 件です。台帳が巻き戻されています"
                    )));
                }
                old = seen;
            }
            StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => {
                return Err(Problem::refusal(say!(
                    "it says that this is not a continuation of the ledger that it saw",
                    "以前に見た台帳の続きではない、と証人が答えました"
                )));
            }
            status => {
                let said: String = text(answer)
                    .await?
                    .trim()
                    .chars()
                    .take(SAID_CHARS)
                    .collect();
                return Err(Problem::passing(say!(
                    "it answered {status}: {said}",
                    "{status} と応答しました: {said}"
                )));
            }
        }
    }
    Err(unclear())
}

fn is_size(answer: &Response) -> bool {
    answer
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|it| it == SIZE)
}

async fn text(answer: Response) -> Result<String, Problem> {
    let bytes = bounded(answer, ANSWER_BYTES).await;
    let bytes = bytes.map_err(|why| Problem::passing(Say::same(why)))?;
    String::from_utf8(bytes).map_err(|_| unclear())
}

fn unclear() -> Problem {
    Problem::passing(say!(
        "its answers do not fit together",
        "応答のつじつまが合いません"
    ))
}

fn passing(error: &dyn std::fmt::Display) -> Problem {
    Problem::passing(Say::same(error.to_string()))
}
