//! The cold copy: what a query means, as a Parquet file that others read.
//!
//! Each field is a column named by its path; where a field has values of several kinds, each further kind has
//! a column of its own, with the kind after the name. Lists are JSON.

use std::{collections::BTreeMap, io, sync::Arc};

use super::{
    Shared,
    part::{Part, row_number},
    plan::Plan,
    read::{Over, rows_of},
    shape,
    table::{Column, Table},
};
use crate::{
    Error,
    disk::Disk,
    logs::{
        Export, Exported,
        parquet::{Kind, Values, Writer},
    },
};

/// Rows that are held in memory to be written together. Readers skip by group, and a group's columns squeeze better
/// together.
const GROUP_ROWS: usize = 65_536;
const ID: &str = "_id";
const TIME: &str = "@timestamp";
const STREAM: &str = "stream";

/// Copies what lies in parts.
pub(super) fn export(shared: &Shared, export: &Export, disk: &dyn Disk) -> Result<Exported, Error> {
    let over = Over {
        query: &export.query,
        from: export.from.as_millis(),
        to: export.to.as_millis(),
        newest_first: false,
    };
    let plan = Plan::of(export.query.expr());
    let parts = shared.shelf.all();
    let columns = columns(shared, &plan, &over, &parts)?;
    let named = columns
        .iter()
        .map(|column| (column.name.clone(), column.kind))
        .collect::<Vec<_>>();
    let mut failed = None;
    let mut exported = Exported::default();
    let io = |e| Error::io(&export.file, e);
    disk.write_streamed(&export.file, &mut |out| {
        let mut group = Group::new(&columns);
        let mut writer = Writer::new(out, named.clone())?;
        let mut records = 0;
        let each = &mut |stream: &str, table: &Table, rows: &[usize]| {
            for rows in rows.chunks(GROUP_ROWS) {
                group.add(stream, table, rows)?;
                records += rows.len() as u64;
                if group.rows >= GROUP_ROWS {
                    group.write(&mut writer).map_err(io)?;
                }
            }
            Ok(())
        };
        if let Err(error) = walk(shared, &plan, &over, &parts, each) {
            let why = io::Error::other(error.to_string());
            failed = Some(error);
            return Err(why);
        }
        group.write(&mut writer)?;
        exported = Exported {
            records,
            bytes: writer.finish()?,
        };
        Ok(())
    })
    .map_err(|e| failed.take().unwrap_or_else(|| io(e)))?;
    Ok(exported)
}

/// A column of the file, and what it is made from.
struct Named {
    name: String,
    kind: Kind,
    from: From,
}

#[derive(PartialEq, Eq)]
enum From {
    Id,
    Time,
    Stream,
    Place { path: Arc<str>, kind: shape::Kind },
}

fn kind_of(kind: shape::Kind) -> (Kind, &'static str) {
    match kind {
        shape::Kind::Text => (Kind::Text, "text"),
        shape::Kind::Integer => (Kind::Integer, "integer"),
        shape::Kind::Unsigned => (Kind::Unsigned, "unsigned"),
        shape::Kind::Float => (Kind::Float, "float"),
        shape::Kind::Truth => (Kind::Truth, "truth"),
        shape::Kind::List => (Kind::Json, "list"),
    }
}

/// All columns that the records have.
fn columns(
    shared: &Shared,
    plan: &Plan<'_>,
    over: &Over<'_>,
    parts: &[Arc<Part>],
) -> Result<Vec<Named>, Error> {
    let mut found: BTreeMap<(Arc<str>, Kind), shape::Kind> = BTreeMap::new();
    walk(shared, plan, over, parts, &mut |_, table, _| {
        for place in table.shapes.places() {
            found.insert((place.path.clone(), kind_of(place.kind).0), place.kind);
        }
        Ok(())
    })?;
    let own = |name: &str, kind, from| Named {
        name: name.to_owned(),
        kind,
        from,
    };
    let mut columns = vec![
        own(ID, Kind::Text, From::Id),
        own(TIME, Kind::Time, From::Time),
        own(STREAM, Kind::Text, From::Stream),
    ];
    for ((path, kind), of) in found {
        let taken = |name: &str| columns.iter().any(|column| column.name == name);
        let mut name = path.to_string();
        if taken(&name) {
            name = format!("{path}.{}", kind_of(of).1);
        }
        while taken(&name) {
            name.push('_');
        }
        columns.push(Named {
            name,
            kind,
            from: From::Place { path, kind: of },
        });
    }
    Ok(columns)
}

/// Takes the rows of a stream's table that are meant.
type Each<'e> = dyn FnMut(&str, &Table, &[usize]) -> Result<(), Error> + 'e;

/// Gives the rows that are meant, block by block, in the order of time as far as parts are.
fn walk(
    shared: &Shared,
    plan: &Plan<'_>,
    over: &Over<'_>,
    parts: &[Arc<Part>],
    each: &mut Each<'_>,
) -> Result<(), Error> {
    for (part, block) in super::read::blocks(over, parts) {
        let source = part.source()?;
        let header = part.header(block, &shared.headers)?;
        if !plan.may_pass(&header) {
            continue;
        }
        let (table, gone) = (part.table(block, source, header)?, part.gone());
        let rows = rows_of(plan, over, &part.stream, &table)?;
        let stays =
            |row: &usize| row_number(block, *row).is_none_or(|number| !gone.contains(number));
        let rows: Vec<usize> = rows.rows().filter(stays).collect();
        if !rows.is_empty() {
            each(&part.stream, &table, &rows)?;
        }
    }
    Ok(())
}

/// Rows on their way to the file.
struct Group<'c> {
    columns: &'c [Named],
    values: Vec<Values>,
    rows: usize,
}

impl<'c> Group<'c> {
    fn new(columns: &'c [Named]) -> Self {
        Self {
            columns,
            values: columns
                .iter()
                .map(|column| Values::new(column.kind))
                .collect(),
            rows: 0,
        }
    }

    fn add(&mut self, stream: &str, table: &Table, rows: &[usize]) -> Result<(), Error> {
        for (column, values) in self.columns.iter().zip(&mut self.values) {
            match (&column.from, values) {
                (From::Id, Values::Texts(all)) => {
                    let ids = table.ids()?;
                    all.extend(
                        rows.iter()
                            .map(|row| ids.get(*row).map(|id| format!("{id:032x}"))),
                    );
                }
                (From::Time, Values::Words(all)) => {
                    let times = table.times()?;
                    all.extend(
                        rows.iter()
                            .map(|row| times.get(*row).map(|at| at.cast_unsigned())),
                    );
                }
                (From::Stream, Values::Texts(all)) => {
                    all.extend(rows.iter().map(|_| Some(stream.to_owned())))
                }
                (From::Place { path, kind }, values) => place(table, path, *kind, rows, values)?,
                _ => {}
            }
        }
        self.rows += rows.len();
        Ok(())
    }

    fn write(&mut self, writer: &mut Writer<'_>) -> io::Result<()> {
        writer.group(self.rows, &self.values)?;
        *self = Self::new(self.columns);
        Ok(())
    }
}

/// Adds what the rows have in a column; the first, where a record has two of one path.
fn place(
    table: &Table,
    path: &Arc<str>,
    kind: shape::Kind,
    rows: &[usize],
    out: &mut Values,
) -> Result<(), Error> {
    let places = table.shapes.places().iter();
    let column = places
        .enumerate()
        .find(|(_, place)| place.path == *path && place.kind == kind);
    let Some((column, _)) = column else {
        match out {
            Values::Texts(all) => all.extend(rows.iter().map(|_| None)),
            Values::Words(all) => all.extend(rows.iter().map(|_| None)),
            Values::Truths(all) => all.extend(rows.iter().map(|_| None)),
        }
        return Ok(());
    };
    let (values, presence) = (table.column(column)?, table.presence(column));
    for row in rows {
        let i = presence.place(*row);
        match (out as &mut Values, &**values) {
            (Values::Texts(all), Column::Texts(texts) | Column::Lists(texts)) => {
                all.push(i.and_then(|i| texts.owned(i)))
            }
            (Values::Words(all), Column::Integers(numbers)) => {
                all.push(i.and_then(|i| numbers.get(i)).map(|n| n.cast_unsigned()))
            }
            (Values::Words(all), Column::Unsigned(numbers)) => {
                all.push(i.and_then(|i| numbers.get(i)).copied())
            }
            (Values::Words(all), Column::Floats(numbers)) => {
                all.push(i.and_then(|i| numbers.get(i)).map(|n| n.to_bits()))
            }
            (Values::Truths(all), Column::Truths(truths)) => {
                all.push(i.and_then(|i| truths.get(i)).copied())
            }
            _ => return Err(table.damaged()),
        }
    }
    Ok(())
}
