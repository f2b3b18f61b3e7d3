//! Silences: a person holds pages back for a while, says why, and answers for it.
//!
//! Pages are held back; alerts, incidents and verdicts are not: what is broken is shown as broken. As in Alertmanager, a
//! silence is never deleted by hand but expired, and stays to be looked at for a while. Each that is set, changed or
//! over is an event, and so an entry of the ledger.

use std::time::Duration;

use promise::{Say, Timestamp, say};
use serde::{Deserialize, Serialize};
use serde_json::json;
use spec::section::alerting::matcher::Matcher;

use crate::{
    Error, EventKind,
    book::{Book, Change},
    label::{self, Labels},
    notify::cut,
};

/// Expired ones stay at hand this long, as in Alertmanager; after that they are found in the ledger.
pub const KEPT_FOR: Duration = Duration::from_secs(120 * 3_600);
/// Silences at hand. Each alert is held against every active one.
pub const SILENCES_MAX: usize = 10_000;
/// Conditions of one silence.
pub const MATCHERS_MAX: usize = 64;
/// Longest reason; more belongs into the ticket.
pub const COMMENT_MAX: usize = 2_000;
/// Longest name of an author and of a ticket.
pub const NAME_MAX: usize = 200;
/// How much of a reason a line of a timeline shows.
const WHY_MAX: usize = 120;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// A UUID.
    pub id: String,
    /// All must accept.
    pub matchers: Vec<Matcher>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub updated_at: Timestamp,
    pub created_by: String,
    /// Why.
    pub comment: String,
    /// The ticket that it belongs to.
    #[serde(default)]
    pub ticket: Option<String>,
    /// Whether its end has been told to the ledger.
    #[serde(default)]
    pub is_over: bool,
}

/// Where a silence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Pending,
    Active,
    Expired,
}

impl Phase {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Expired => "expired",
        }
    }
}

/// A silence as a person asks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The silence that it changes.
    pub id: Option<String>,
    pub matchers: Vec<Matcher>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub created_by: String,
    pub comment: String,
    pub ticket: Option<String>,
}

impl Silence {
    #[must_use]
    pub fn phase(&self, now: Timestamp) -> Phase {
        if now < self.starts_at {
            Phase::Pending
        } else if now < self.ends_at {
            Phase::Active
        } else {
            Phase::Expired
        }
    }

    #[must_use]
    pub fn holds(&self, labels: &Labels, now: Timestamp) -> bool {
        self.phase(now) == Phase::Active && label::fit(&self.matchers, labels)
    }

    /// `佐藤 (deploy of 2.4, OPS-12) 4dbcf3ef-…`: a line of a timeline has no room for more.
    #[must_use]
    pub fn by_and_why(&self) -> String {
        let why = cut::chars(&self.comment, WHY_MAX);
        let ticket = self.ticket.iter().map(|ticket| format!(", {ticket}"));
        let ticket = ticket.collect::<String>();
        format!("{} ({why}{ticket}) {}", self.created_by, self.id)
    }

    /// Whether `draft` only changes when it ends or what is said of it; otherwise it is another silence.
    fn may_become(&self, draft: &Draft, now: Timestamp) -> bool {
        self.matchers == draft.matchers
            && match self.phase(now) {
                Phase::Active => self.starts_at == draft.starts_at,
                Phase::Pending => draft.starts_at >= now,
                Phase::Expired => false,
            }
    }

    fn body(&self) -> serde_json::Value {
        json!({
            "silence": self.id, "matchers": self.matchers, "starts_at": self.starts_at, "ends_at": self.ends_at,
            "created_by": self.created_by, "comment": self.comment, "ticket": self.ticket,
        })
    }
}

/// Sets a silence; one that is changed beyond its end is expired, and a new one takes its place.
pub fn set(book: &Book, change: &mut Change, draft: Draft) -> Result<Silence, Error> {
    let now = change.at;
    check(&draft, now)?;
    let known = match &draft.id {
        Some(id) => Some(
            book.silences
                .get(id)
                .ok_or_else(|| Error::NoSuchSilence(id.clone()))?,
        ),
        None => None,
    };
    let is_same = known.is_some_and(|known| known.may_become(&draft, now));
    if known.is_none() && book.silences.len() >= SILENCES_MAX {
        return Err(Error::TooMany {
            what: "silences",
            most: SILENCES_MAX,
        });
    }
    if let Some(known) = known.filter(|known| !is_same && known.phase(now) != Phase::Expired) {
        end(change, known.clone(), "replaced", None);
    }
    let id = match draft.id {
        Some(id) if is_same => id,
        _ => uuid(),
    };
    let silence = Silence {
        id,
        matchers: draft.matchers,
        starts_at: if is_same {
            draft.starts_at
        } else {
            draft.starts_at.max(now)
        },
        ends_at: draft.ends_at,
        updated_at: now,
        created_by: draft.created_by.trim().to_owned(),
        comment: draft.comment.trim().to_owned(),
        ticket: draft.ticket.filter(|ticket| !ticket.trim().is_empty()),
        is_over: false,
    };
    let kind = if is_same {
        EventKind::SilenceChanged
    } else {
        EventKind::SilenceSet
    };
    change.event(kind, "", &silence.id, silence.body());
    change.put_silence(silence.clone());
    Ok(silence)
}

/// Ends a silence by hand. One that is over already is left as it is.
pub fn expire(book: &Book, change: &mut Change, id: &str, who: Option<&str>) -> Result<(), Error> {
    let known = book
        .silences
        .get(id)
        .ok_or_else(|| Error::NoSuchSilence(id.to_owned()))?;
    if known.phase(change.at) != Phase::Expired {
        end(change, known.clone(), "expired", who);
    }
    Ok(())
}

/// Says of those whose time is over that they are, and forgets those that were over long ago.
pub fn tend(book: &Book, change: &mut Change) {
    let now = change.at;
    for silence in book.silences.values() {
        if !silence.is_over && silence.phase(now) == Phase::Expired {
            let mut silence = silence.clone();
            silence.is_over = true;
            let mut body = silence.body();
            body["why"] = json!("time");
            change.event(EventKind::SilenceEnded, "", &silence.id, body);
            change.put_silence(silence);
        } else if silence.is_over && silence.ends_at + KEPT_FOR <= now {
            change.drop_silence(&silence.id);
        }
    }
}

fn end(change: &mut Change, mut silence: Silence, why: &str, who: Option<&str>) {
    let now = change.at;
    // One that has not begun never holds.
    silence.starts_at = silence.starts_at.min(now);
    silence.ends_at = now;
    silence.updated_at = now;
    silence.is_over = true;
    let mut body = silence.body();
    body["why"] = json!(why);
    body["who"] = json!(who);
    change.event(EventKind::SilenceEnded, "", &silence.id, body);
    change.put_silence(silence);
}

fn check(draft: &Draft, now: Timestamp) -> Result<(), Error> {
    let wrong = |why: Say| Err(Error::BadSilence(why));
    if draft.matchers.is_empty() || draft.matchers.iter().all(|matcher| matcher.accepts("")) {
        return wrong(say!(
            "at least one matcher must not match the empty string",
            "空文字に一致しない条件が少なくとも一つ必要です"
        ));
    }
    if draft.matchers.len() > MATCHERS_MAX {
        return wrong(say!(
            "at most {MATCHERS_MAX} matchers",
            "条件は {MATCHERS_MAX} 個までです"
        ));
    }
    if draft.ends_at <= draft.starts_at {
        return wrong(say!(
            "end time must be after start time",
            "終わりは始まりより後にしてください"
        ));
    }
    if draft.ends_at <= now {
        return wrong(say!(
            "end time can't be in the past",
            "終わりが過去の時刻です"
        ));
    }
    let texts = [
        ("the reason", draft.comment.as_str(), COMMENT_MAX, 1),
        ("the author", draft.created_by.as_str(), NAME_MAX, 1),
        (
            "the ticket",
            draft.ticket.as_deref().unwrap_or_default(),
            NAME_MAX,
            0,
        ),
    ];
    for (what, text, most, least) in texts {
        let length = text.trim().chars().count();
        if !(least..=most).contains(&length) {
            return Err(Error::Length { what, most });
        }
    }
    Ok(())
}

/// A random UUID (RFC 9562, version 4).
fn uuid() -> String {
    let mut bytes: [u8; 16] = rand::random();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_of_version_4() {
        let id = uuid();
        let bytes = id.as_bytes();
        assert_eq!((id.len(), bytes[8], bytes[14]), (36, b'-', b'4'));
        assert!(b"89ab".contains(&bytes[19]), "{id}");
    }
}
