//! Reading: which blocks may hold an answer, which rows do, and what of them is wanted.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
};

use promise::LogQuery;

use super::{
    Shared,
    bits::Bits,
    cells,
    filter::Ground,
    part::{Part, row_number},
    plan::Plan,
    table::Table,
};
use crate::{
    Error, Record,
    logs::{Batch, Scan, Search},
};

/// What a scan goes over: records in `(from, to]` that the query means.
pub(super) struct Over<'q> {
    pub query: &'q LogQuery,
    pub from: i64,
    pub to: i64,
    pub newest_first: bool,
}

/// Where a record stands in the order of answers. Ids are unique but within their window only, so what
/// came later breaks ties.
type Place = (i64, u128, usize);

/// Rows of a stream that are meant.
pub(super) struct Found<'t> {
    pub stream: &'t str,
    pub table: &'t Table,
    pub rows: Bits,
    /// The writer waits until the rows have been looked at.
    pub is_locked: bool,
}

impl Shared {
    pub fn search(&self, search: &Search) -> Result<Vec<Record>, Error> {
        let limit = search.limit.min(Search::LIMIT_MAX);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let newest_first = search.newest_first;
        let after = search.after.map(|(at, id)| (at.as_millis(), id));
        let is_later = |place: (i64, u128)| {
            after.is_none_or(|after| {
                if newest_first {
                    place < after
                } else {
                    place > after
                }
            })
        };
        let kept = std::cell::RefCell::new(BTreeMap::<Place, Record>::new());
        // Whether what stands there could still be among the answers.
        let wanted = |at: i64, id: Option<u128>| {
            let kept = kept.borrow();
            let worst = if newest_first {
                kept.first_key_value()
            } else {
                kept.last_key_value()
            };
            let Some(((worst_at, worst_id, _), _)) = worst.filter(|_| kept.len() >= limit) else {
                return true;
            };
            let (place, worst) = ((at, id.unwrap_or(*worst_id)), (*worst_at, *worst_id));
            if newest_first {
                place >= worst
            } else {
                place <= worst
            }
        };
        let over = Over {
            query: &search.query,
            from: search.from.as_millis(),
            to: search.to.as_millis(),
            newest_first,
        };
        let mut seen = 0;
        let mut take = |found: &Found<'_>| {
            let (ids, times) = (found.table.ids()?, found.table.times()?);
            let place = |row: usize| (times[row], ids.get(row).copied().unwrap_or_default());
            let mut rows: Vec<usize> = found
                .rows
                .rows()
                .filter(|row| is_later(place(*row)))
                .collect();
            rows.sort_by_key(|row| place(*row));
            if newest_first {
                rows.reverse();
            }
            let mut records = Vec::new();
            for row in rows.into_iter().take(limit) {
                let (at, id) = place(row);
                if !wanted(at, Some(id)) {
                    break;
                }
                records.push(((at, id), found.table.record(found.stream, row)?));
            }
            let mut kept = kept.borrow_mut();
            for ((at, id), record) in records {
                seen += 1;
                kept.insert((at, id, seen), record);
                if kept.len() > limit {
                    if newest_first {
                        kept.pop_first()
                    } else {
                        kept.pop_last()
                    };
                }
            }
            Ok(true)
        };
        let may_hold =
            |first: i64, last: i64| wanted(if newest_first { last } else { first }, None);
        self.scan(&over, &may_hold, &mut take)?;
        let found = kept.into_inner().into_values();
        Ok(if newest_first {
            found.rev().collect()
        } else {
            found.collect()
        })
    }

    pub fn count(&self, over: &Over<'_>) -> Result<u64, Error> {
        let mut count = 0;
        self.scan(over, &|_, _| true, &mut |found| {
            count += found.rows.count() as u64;
            Ok(true)
        })?;
        Ok(count)
    }

    pub fn columns(&self, scan: &Scan, tell: &mut dyn FnMut(Batch) -> bool) -> Result<(), Error> {
        let over = Over {
            query: &scan.query,
            from: scan.from.as_millis(),
            to: scan.to.as_millis(),
            newest_first: false,
        };
        let mut told = Vec::new();
        self.scan(&over, &|_, _| true, &mut |found| {
            told.push(cells::batch(found, &scan.columns)?);
            // The writer must not wait for whoever reads.
            Ok(found.is_locked || told.drain(..).all(&mut *tell))
        })?;
        told.drain(..).all(tell);
        Ok(())
    }

    /// Gives the rows that are meant, table by table, roughly in the order asked for, to `each`, until it answers
    /// `false`. Blocks that `may_hold` nothing of interest when their turn comes are not read.
    pub fn scan(
        &self,
        over: &Over<'_>,
        may_hold: &dyn Fn(i64, i64) -> bool,
        each: &mut dyn FnMut(&Found<'_>) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let plan = Plan::of(over.query.expr());
        let mut parts = self.shelf.all();
        let mut full: Vec<(Arc<str>, Arc<Table>)> = Vec::new();
        {
            // The parts are looked at under the memory's lock too: a seal moves rows from here to there.
            let memory = self.memory.read().unwrap_or_else(PoisonError::into_inner);
            parts.clone_from(&self.shelf.all());
            for ((stream, _), fresh) in memory
                .fresh
                .iter()
                .filter(|((stream, _), _)| over.query.streams_maybe(stream))
            {
                parts.extend(fresh.blocks.iter().cloned());
                full.extend(
                    fresh
                        .full
                        .iter()
                        .map(|table| (stream.clone(), table.clone())),
                );
                if !pass(&plan, over, stream, &fresh.table, None, each)? {
                    return Ok(());
                }
            }
        }
        for (stream, table) in full {
            if !pass(&plan, over, &stream, &table, None, each)? {
                return Ok(());
            }
        }
        for (part, block) in blocks(over, &parts) {
            let at = &part.blocks()[block];
            if !may_hold(at.first, at.last) {
                continue;
            }
            let read = || self.block(&plan, over, part, block, each);
            if self.shelf.with(part, read)? == Some(false) {
                return Ok(());
            }
        }
        Ok(())
    }

    fn block(
        &self,
        plan: &Plan<'_>,
        over: &Over<'_>,
        part: &Part,
        block: usize,
        each: &mut dyn FnMut(&Found<'_>) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        let header = part.header(block, &self.headers)?;
        if !plan.may_pass(&header) {
            return Ok(true);
        }
        let source = part.source()?;
        let table = part.table(block, source, header)?;
        let gone = part.gone();
        let is_gone = |row: usize| row_number(block, row).is_some_and(|row| gone.contains(row));
        let is_gone: Option<&dyn Fn(usize) -> bool> = if gone.is_empty() {
            None
        } else {
            Some(&is_gone)
        };
        pass(plan, over, &part.stream, &table, is_gone, each)
    }
}

/// The blocks whose stream and time can match, in the order asked for.
pub(super) fn blocks<'p>(over: &Over<'_>, parts: &'p [Arc<Part>]) -> Vec<(&'p Arc<Part>, usize)> {
    let mut blocks: Vec<(&Arc<Part>, usize)> = parts
        .iter()
        .filter(|part| over.query.streams_maybe(&part.stream))
        .flat_map(|part| (0..part.blocks().len()).map(move |block| (part, block)))
        .filter(|(part, block)| {
            part.blocks()[*block].last > over.from && part.blocks()[*block].first <= over.to
        })
        .collect();
    if over.newest_first {
        blocks.sort_by_key(|(part, block)| std::cmp::Reverse(part.blocks()[*block].last));
    } else {
        blocks.sort_by_key(|(part, block)| part.blocks()[*block].first);
    }
    blocks
}

/// Gives the rows of a table that are meant to `each`.
fn pass(
    plan: &Plan<'_>,
    over: &Over<'_>,
    stream: &str,
    table: &Table,
    is_gone: Option<&dyn Fn(usize) -> bool>,
    each: &mut dyn FnMut(&Found<'_>) -> Result<bool, Error>,
) -> Result<bool, Error> {
    let mut rows = rows_of(plan, over, stream, table)?;
    if let Some(is_gone) = is_gone {
        let mut gone = Bits::none(table.len());
        rows.rows()
            .filter(|row| is_gone(*row))
            .for_each(|row| gone.set(row));
        rows.and_not(&gone);
    }
    if rows.is_empty() {
        return Ok(true);
    }
    let is_locked = table.header().is_none();
    each(&Found {
        stream,
        table,
        rows,
        is_locked,
    })
}

/// The rows of a table that are meant.
pub(super) fn rows_of(
    plan: &Plan<'_>,
    over: &Over<'_>,
    stream: &str,
    table: &Table,
) -> Result<Bits, Error> {
    let inside = |at: i64| at > over.from && at <= over.to;
    let mut wanted = Bits::all(table.len());
    if !table
        .span()
        .is_some_and(|(first, last)| inside(first) && inside(last))
    {
        let times = table.times()?;
        wanted = Bits::none(table.len());
        let rows = (0..table.len()).filter(|row| inside(times[*row]));
        rows.for_each(|row| wanted.set(row));
    }
    if wanted.is_empty() {
        return Ok(wanted);
    }
    let damaged = || table.damaged();
    let ground = Ground {
        table,
        stream,
        damaged: &damaged,
    };
    ground.rows(plan, &wanted)
}
