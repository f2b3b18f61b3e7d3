//! `on_call`: who answers now. The least that a route needs; rotations deepen later.

use std::collections::BTreeMap;

use promise::{Name, record, unit::Span};

record! {
    /// Who answers, in turn.
    /// ja: 当番。
    pub struct OnCall {
        /// The people, by a short name.
        /// ja: 人。
        people: BTreeMap<String, Person>,
        /// In which order they take turns.
        /// ja: 交代の順番。
        rotation: Vec<String>,
        /// How long a turn lasts.
        /// ja: 一回の当番の長さ。
        turn: Span = Span::days(7),
        /// When the first turn begins, RFC 3339.
        /// ja: 最初の当番の開始時刻。
        from: String,
    }
}

record! {
    /// A person who can be on call.
    /// ja: 当番になる人。
    pub struct Person {
        /// What people call them.
        /// ja: 名前。
        name: Name,
        /// Receivers that reach them.
        /// ja: 連絡先。
        receivers: Vec<String> = Vec::new(),
    }
}
