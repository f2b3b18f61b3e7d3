//! `routes`: which pages go to which receivers. Read from the top; every route that fits is used.

use promise::{record, unit::Span};

record! {
    /// Which pages go where.
    /// ja: どの通知をどこへ送るか。
    pub struct Route {
        /// Severities that it takes; empty takes all.
        /// ja: 対象の重大度。空ならすべて。
        severities: Vec<String> = Vec::new(),
        /// Promises that it takes; empty takes all.
        /// ja: 対象の約束。空ならすべて。
        promises: Vec<String> = Vec::new(),
        /// Receivers that are all told.
        /// ja: 送り先。
        receivers: Vec<String>,
        /// Tell again while it is not acknowledged.
        /// ja: 応答があるまで再通知する間隔。
        repeat: Option<Span>,
    }
}
