//! Deleting by query: what is meant is hidden at once and durably, and left out by the next merge.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;

use super::{
    Shared, gone,
    part::{Part, row_number},
    plan::Plan,
    read::{Over, rows_of},
};
use crate::{
    Error,
    disk::Disk,
    logs::{Deleted, Deletion},
};

pub(super) fn delete(
    shared: &Shared,
    deletion: &Deletion,
    disk: &dyn Disk,
) -> Result<Deleted, Error> {
    let over = Over {
        query: &deletion.query,
        from: deletion.from.as_millis(),
        to: deletion.to.as_millis(),
        newest_first: false,
    };
    let plan = Plan::of(deletion.query.expr());
    let mut deleted = Deleted::default();
    let mut by_stream: BTreeMap<String, u64> = BTreeMap::new();
    for part in shared
        .shelf
        .all()
        .iter()
        .filter(|part| over.query.streams_maybe(&part.stream))
    {
        let Some(meant) = shared
            .shelf
            .with(part, || meant(shared, &plan, &over, part))?
        else {
            continue;
        };
        if meant.free.is_empty() {
            deleted.held += meant.held;
            continue;
        }
        let rows = meant.free.len();
        gone::note(part, &*part.gone() | meant.free, disk)?;
        deleted.records += rows;
        deleted.held += meant.held;
        *by_stream.entry(part.stream.to_string()).or_default() += rows;
        deleted.parts.push(part.sum_hex());
    }
    deleted.by_stream = by_stream;
    shared.merger.wake();
    Ok(deleted)
}

/// Rows that a query means and that are not gone.
struct Meant {
    free: RoaringBitmap,
    /// How many more there are that a hold keeps.
    held: u64,
}

fn meant(shared: &Shared, plan: &Plan<'_>, over: &Over<'_>, part: &Part) -> Result<Meant, Error> {
    let mut meant = Meant {
        free: RoaringBitmap::new(),
        held: 0,
    };
    let (source, gone) = (part.source()?, part.gone());
    for (block, at) in part.blocks().iter().enumerate() {
        if at.last <= over.from || at.first > over.to {
            continue;
        }
        let header = part.header(block, &shared.headers)?;
        if !plan.may_pass(&header) {
            continue;
        }
        let table = part.table(block, source.clone(), header)?;
        for row in rows_of(plan, over, &part.stream, &table)?.rows() {
            let Some(number) = row_number(block, row).filter(|number| !gone.contains(*number))
            else {
                continue;
            };
            let at = table.times()?[row];
            if shared.holds.touch(&part.stream, at, at) {
                meant.held += 1;
            } else {
                meant.free.insert(number);
            }
        }
    }
    Ok(meant)
}
