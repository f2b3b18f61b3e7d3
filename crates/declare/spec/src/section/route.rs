//! `routes`: which pages go to which receivers. Read from the top; every route that fits is used, up to one that is
//! `last`.

use promise::{record, unit::Span};

use super::alerting::matcher::Matcher;

record! {
    /// Which pages go where.
    /// ja: どの通知をどこへ送るか。
    pub struct Route: Default {
        /// Severities that it takes; empty takes all.
        /// ja: 対象の重大度。空ならすべて。
        severities: Vec<String> = Vec::new(),
        /// Promises that it takes; empty takes all.
        /// ja: 対象の約束。空ならすべて。
        promises: Vec<String> = Vec::new(),
        /// Labels that it takes: all of these hold. A promise has `alertname` (its id), `severity`, `service`, `owner` and `tier`.
        /// ja: 対象のラベル(すべて満たすもの)。約束は `alertname`(id)、`severity`、`service`、`owner`、`tier` を持ちます。
        matchers: Vec<Matcher> = Vec::new(),
        /// Receivers that are all told.
        /// ja: 送り先。
        receivers: Vec<String>,
        /// Tell again while it is not acknowledged.
        /// ja: 応答があるまで再通知する間隔。
        repeat: Option<Span>,
        /// Alerts with the same values of these labels are one message; `...` means all labels. Left out, each alert is its own message, except those of other programs, which are grouped by `alertname`.
        /// ja: これらのラベルの値が同じ警報を一つの通知にまとめます。`...` はすべてのラベル。省くと警報ごとに通知します(外部の警報だけは `alertname` でまとめます)。
        group_by: Option<Vec<String>>,
        /// How long a new group waits for followers. The worst severity never waits.
        /// ja: 新しいまとまりが後続を待つ時間。最も重い重大度は待ちません。
        group_wait: Span = Span::secs(30),
        /// How long after a message the next about the same group may leave.
        /// ja: 同じまとまりの次の通知までの間隔。
        group_interval: Span = Span::secs(300),
        /// Intervals in which it tells nobody.
        /// ja: 通知しない時間帯(名前)。
        mute: Vec<String> = Vec::new(),
        /// Intervals outside of which it tells nobody.
        /// ja: 通知する時間帯(名前)。空なら常に通知します。
        active: Vec<String> = Vec::new(),
        /// Whether the end of an alert is told too.
        /// ja: 解消も知らせるか。
        resolved: bool = true,
        /// What it takes is not offered to the routes below it.
        /// ja: 当てはまった警報を、以降の経路に渡しません。
        last: bool = false,
    }
}
