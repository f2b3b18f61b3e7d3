//! `access`: who may open the console and its API, and what for.

use std::{collections::BTreeMap, fmt};

use promise::{Say, record, record::Scalar, scalar_as_text, unit::Span};

use super::receiver::Secret;

record! {
    /// Who may ask. Without anybody here the console answers on loopback alone, to whoever sits at this machine.
    /// ja: 画面と API を使える人。ここに誰もいなければ、この機械のループバックでのみ、誰にでも応答します。
    pub struct Access: Default {
        /// People and programs, by the name under which the ledger knows them.
        /// ja: 人とプログラム(台帳に残る名前ごと)。
        people: BTreeMap<String, Person> = BTreeMap::new(),
        /// A log-in ends after this time, whatever happens.
        /// ja: ログインの有効期間。
        session: Span = Span::secs(12 * 3_600),
        /// A log-in ends when nothing was opened for this time (PCI DSS 8.2.8).
        /// ja: 操作がないときにログインが切れるまでの時間(PCI DSS 8.2.8)。
        idle: Span = Span::secs(15 * 60),
    }
}

record! {
    /// Somebody who may ask.
    /// ja: 利用者。
    pub struct Person {
        /// What they may do: `viewer`, `operator`, `approver`, `auditor`, or `sender` for programs that hand in evidence.
        /// ja: 役割。`viewer`、`operator`、`approver`、`auditor`、または証拠を送るだけのプログラム用の `sender`。
        role: Role,
        /// Their token, or its hash in a file that `tegata access token` made.
        /// ja: トークン。または `tegata access token` が作ったハッシュのファイル。
        token: Secret,
    }
}

impl Access {
    /// Whether anybody has to say who they are.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        !self.people.is_empty()
    }
}

/// What somebody may do. What each may is one table, in the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Viewer,
    Operator,
    Approver,
    Auditor,
    Sender,
}

impl Role {
    pub const ALL: [Self; 5] = [
        Self::Viewer,
        Self::Operator,
        Self::Approver,
        Self::Auditor,
        Self::Sender,
    ];

    /// The name in the spec and in the ledger.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Approver => "approver",
            Self::Auditor => "auditor",
            Self::Sender => "sender",
        }
    }

    /// What people call it.
    #[must_use]
    pub fn say(self) -> Say {
        match self {
            Self::Viewer => Say::new("viewer", "閲覧者"),
            Self::Operator => Say::new("operator", "運用担当"),
            Self::Approver => Say::new("approver", "承認者"),
            Self::Auditor => Say::new("auditor", "監査人"),
            Self::Sender => Say::new("sender", "送信元"),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Scalar for Role {
    const NAME: &'static str = "role";
    const NAME_JA: &'static str = "役割";
    const EXAMPLE: &'static str = "operator";
    const ONE_OF: &'static [&'static str] =
        &["viewer", "operator", "approver", "auditor", "sender"];
    fn parse(text: &str) -> Result<Self, Say> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| promise::say!("`{text}` is no role", "`{text}` という役割はありません"))
    }
}
scalar_as_text!(Role);
