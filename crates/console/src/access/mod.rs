//! Who is at the door, what they may do there, and that it is written down.
//!
//! Every request passes [`pass`] once: it is found out who asks, whether they may ([`table`]), and what of it the ledger
//! keeps. Where the spec names nobody, whoever reaches loopback is the local operator and may do everything.
//! Invariants: what the table does not name is refused unless it only reads; a deed that cannot be written down is not
//! answered as done; no token and no cookie is ever logged.

mod asked;
mod attempt;
mod pass;
mod people;
mod session;
mod table;
mod throttle;

use axum::{http::Method, response::Response};
use promise::Say;
use spec::section::access::Role;

pub(crate) use asked::From;
pub(crate) use attempt::log_in;
pub(crate) use pass::pass;
pub use people::{People, PeopleError, TOKEN_CHARS_MIN, hash_of};
pub use session::Access;
pub use table::{Act, names};

/// Somebody who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// As the spec names them; empty for nobody.
    pub name: String,
    /// `None` for the local operator, who may do everything, and for nobody.
    pub role: Option<Role>,
    pub via: Via,
}

/// How somebody is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// They sit at this machine.
    Local,
    /// They have logged in.
    Session,
    /// Their program shows a token.
    Token,
    /// They are not: only what is open to everybody is answered.
    Nobody,
}

impl Via {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Session => "session",
            Self::Token => "token",
            Self::Nobody => "nobody",
        }
    }
}

impl Who {
    /// Whoever sits at this machine.
    #[must_use]
    pub fn local() -> Self {
        Self {
            name: "local".to_owned(),
            role: None,
            via: Via::Local,
        }
    }

    pub(crate) fn nobody() -> Self {
        Self {
            name: String::new(),
            role: None,
            via: Via::Nobody,
        }
    }

    /// Whether they may do such a thing.
    #[must_use]
    pub fn may(&self, act: Act) -> bool {
        match (self.via, self.role) {
            (Via::Local, _) => true,
            (Via::Nobody, _) | (_, None) => act == Act::Open,
            (_, Some(role)) => act.is_for(role),
        }
    }

    /// Why they may not send a form to such a route; nothing where they may.
    pub(crate) fn barred(&self, pattern: &str) -> Option<Say> {
        let act = table::rule(&Method::POST, Some(pattern), pattern).act;
        (!self.may(act)).then(|| self.lacks(act))
    }

    /// Whose such a thing is, for somebody whose it is not.
    pub(crate) fn lacks(&self, act: Act) -> Say {
        let may: Vec<Say> = Role::ALL
            .into_iter()
            .filter(|role| act.is_for(*role))
            .map(Role::say)
            .collect();
        let listed = |name: fn(&Say) -> &str, or: &str| {
            let names: Vec<&str> = may.iter().map(name).collect();
            names.join(or)
        };
        let (en, ja) = (listed(|it| &it.en, " or "), listed(|it| &it.ja, "か"));
        let own = self.role.map_or(Say::same("none"), Role::say);
        Say::new(
            format!("this takes the role of {en}; yours is {}", own.en),
            format!("この操作には{ja}の役割が必要です(あなたの役割: {})", own.ja),
        )
    }

    /// The name to sign with: their own where it was proven, else the one that they give.
    #[must_use]
    pub fn signs(&self, given: &str) -> String {
        match self.via {
            Via::Session | Via::Token => self.name.clone(),
            Via::Local | Via::Nobody => given.to_owned(),
        }
    }

    /// Their name, where nobody has to type it.
    #[must_use]
    pub fn proven(&self) -> Option<&str> {
        matches!(self.via, Via::Session | Via::Token).then_some(self.name.as_str())
    }
}

/// What a deed was about, where its address does not say it: put into an answer by whoever made it.
#[derive(Debug, Clone)]
pub(crate) struct Affected(pub String);

/// Adds to an answer what it was about.
pub(crate) fn affects(mut response: Response, what: impl Into<String>) -> Response {
    response.extensions_mut().insert(Affected(what.into()));
    response
}
