//! Records page by page, in the port's order, whatever order an engine gives within one instant.

use std::sync::Arc;

use promise::{LogQuery, Timestamp};
use serde_json::{Value, json};

use super::{
    api::{self, Api, Product},
    document::{self, ID, ORDER, TIME},
    query,
};
use crate::{Error, logs::Record};

/// What an engine gives at once, unless it is told more (`max_result_window`).
const PAGE_MAX: usize = 10_000;
const PAGE_MIN: usize = 100;

/// Which records, in which order.
pub(super) struct Over<'q> {
    pub query: &'q LogQuery,
    /// A condition for the engine alone.
    pub narrowed: Option<Value>,
    /// Exclusive.
    pub from: Timestamp,
    pub to: Timestamp,
    pub newest_first: bool,
    pub after: Option<(Timestamp, u128)>,
}

impl<'q> Over<'q> {
    /// All that the query means in `(from, to]`, the oldest first.
    pub fn new(query: &'q LogQuery, from: Timestamp, to: Timestamp) -> Self {
        Self {
            query,
            narrowed: None,
            from,
            to,
            newest_first: false,
            after: None,
        }
    }

    /// What the engine is asked.
    pub fn as_query(&self) -> Value {
        let mut filter = Vec::new();
        let mut bounds = serde_json::Map::new();
        let ends = [("gt", self.from), ("lte", self.to)];
        for (end, at) in ends {
            bounds.extend(api::time(at).map(|at| (end.to_owned(), at.into())));
        }
        if !bounds.is_empty() {
            filter.push(json!({ "range": { TIME: bounds } }));
        }
        filter.extend(self.narrowed.clone());
        filter.extend(query::narrowed(self.query.expr()));
        match filter.len() {
            0 => json!({ "match_all": {} }),
            _ => json!({ "bool": { "filter": filter } }),
        }
    }

    fn means(&self, record: &Record) -> bool {
        let place = (record.at, record.id);
        let is_after = self.after.is_none_or(|after| match self.newest_first {
            true => place < after,
            false => place > after,
        });
        is_after && self.from < record.at && record.at <= self.to && record.matches(self.query)
    }
}

pub(super) struct Pages<'q> {
    api: Arc<Api>,
    over: Over<'q>,
    size: usize,
    /// So many are not too long to be read at once, as far as is known.
    most: usize,
    /// By what the engine puts records of one instant in order.
    tie: &'static str,
    /// The place after which the next page begins.
    after: Option<Value>,
    is_over: bool,
}

impl<'q> Pages<'q> {
    /// `wanted` is how many records are asked for; a page is hardly larger.
    pub async fn new(api: Arc<Api>, over: Over<'q>, wanted: usize) -> Result<Self, Error> {
        let tie = match api.product().await? {
            Product::Elasticsearch => ID,
            Product::Quickwit => ORDER,
        };
        let mut pages = Self {
            size: wanted.saturating_add(1).clamp(PAGE_MIN, PAGE_MAX),
            most: PAGE_MAX,
            is_over: over.from >= over.to,
            after: None,
            api,
            over,
            tie,
        };
        if let Some((at, id)) = pages.over.after {
            // All that share the place are read again, where several may: those that were given are told by their ids.
            let step = if pages.over.newest_first { 1 } else { -1 };
            let order = json!([at.as_millis(), document::order(id) + step]);
            pages.after = Some(if tie == ORDER {
                order
            } else {
                pages.place(at, id)
            });
        }
        Ok(pages)
    }

    /// Where a record stands in the engine's order.
    fn place(&self, at: Timestamp, id: u128) -> Value {
        match self.tie {
            ORDER => json!([at.as_millis(), document::order(id)]),
            _ => json!([at.as_millis(), document::id(id)]),
        }
    }

    /// The next records that are meant; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Vec<Record>>, Error> {
        while !self.is_over {
            let page = self.read().await?;
            if !page.is_empty() {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }

    async fn read(&mut self) -> Result<Vec<Record>, Error> {
        let order = if self.over.newest_first {
            "desc"
        } else {
            "asc"
        };
        let mut body = json!({
            "query": self.over.as_query(),
            "size": self.size,
            "sort": [{ TIME: { "order": order } }, { self.tie: { "order": order } }],
            "track_total_hits": false,
        });
        if let Some(after) = &self.after {
            body["search_after"] = after.clone();
        }
        let found = match self.api.search(&body).await {
            Ok(found) => found,
            // Long records: fewer at once.
            Err(Error::OverLimit { .. }) if self.size > 1 => {
                self.most = self.size - 1;
                self.size = (self.size / 8).max(1);
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        };
        let is_full = found.len() >= self.size;
        let read = |source| document::read(source).ok_or_else(foreign);
        let mut records = found.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        if !is_full {
            self.is_over = true;
        } else if let Some(last) = records.last().map(|r| self.place(r.at, r.id)) {
            // Those of the last place may go on in the next page, in any order: they are read again with it.
            records.retain(|r| self.place(r.at, r.id) != last);
            match records.last() {
                Some(last) => self.after = Some(self.place(last.at, last.id)),
                None if self.size < self.most => self.size = (self.size * 8).min(self.most),
                None => return Err(Error::over("records of one instant", self.most)),
            }
        }
        let read = records.len();
        records.retain(|record| self.over.means(record));
        // Where little is meant of what is found, more is asked for at once.
        if records.len() < read / 4 {
            self.size = (self.size * 4).min(self.most);
        }
        records.sort_by_key(|record| (record.at, record.id));
        records.dedup_by_key(|record| (record.at, record.id));
        if self.over.newest_first {
            records.reverse();
        }
        Ok(records)
    }
}

fn foreign() -> Error {
    Error::Remote(
        "an index of ours holds a document that is not: give ours a prefix of their own".to_owned(),
    )
}
