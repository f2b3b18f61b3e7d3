//! How a program sees personal fields in clear: it says why with each request, and each is an entry of the ledger.

use axum::http::HeaderMap;
use promise::{LogQuery, Timestamp, signal::log_query::Expr};
use store::logs::Deletion;

use crate::{
    Desk,
    access::{Act, Who},
    door::{Asked, Refused},
    mask::Mask,
};

/// Why it looks, in UTF-8.
const REASON: &str = "x-tegata-reason";
/// Who it is, where nothing proves it.
const BY: &str = "x-tegata-by";
/// So much of what was asked is written down.
const ASKED_CHARS_MAX: usize = 1_000;

/// Who wants to see personal fields in clear, and why; `None` where nobody asked to.
pub(crate) fn asked(headers: &HeaderMap, who: &Who) -> Option<Asked> {
    let text = |name: &str| {
        let value = headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Some(Asked {
        reason: text(REASON)?,
        by: who.signs(&text(BY).unwrap_or_default()),
    })
}

/// How personal fields are shown in the answer to a request; `what` is the request in its own words.
pub(crate) async fn mask(
    desk: &Desk,
    who: &Who,
    asked: Option<&Asked>,
    what: impl FnOnce() -> String,
) -> Result<Mask, Refused> {
    let Some(asked) = asked else {
        return Ok(Mask::new(desk.keeping.masked()));
    };
    if !who.may(Act::Reveal) {
        return Err(Refused::Denied(who.lacks(Act::Reveal)));
    }
    asked.check()?;
    let what: String = what().chars().take(ASKED_CHARS_MAX).collect();
    let what = Deletion {
        query: LogQuery::of(what, Expr::All),
        from: Timestamp::from_millis(i64::MIN),
        to: desk.clock.now(),
    };
    desk.keeping.unmask(&what, asked).await.map(Mask::lifted)
}
