//! Columns of a table as a scan gives them.

use promise::Timestamp;
use serde_json::Value;

use super::{
    plan::{ID, STREAM, TIME, is_within},
    read::Found,
    shape::Kind,
    table::{Column, Presence, Table},
    text::Texts,
};
use crate::{
    Error,
    logs::{Batch, Cells, value},
};

pub(super) fn batch(found: &Found<'_>, columns: &[String]) -> Result<Batch, Error> {
    let rows: Vec<usize> = found.rows.rows().collect();
    let times = found.table.times()?;
    let cells = columns.iter().map(|name| column(found, &rows, name));
    Ok(Batch {
        stream: found.stream.into(),
        at: rows
            .iter()
            .map(|row| Timestamp::from_millis(times[*row]))
            .collect(),
        columns: cells.collect::<Result<_, _>>()?,
    })
}

fn column(found: &Found<'_>, rows: &[usize], name: &str) -> Result<Cells, Error> {
    let table = found.table;
    if STREAM.contains(&name) {
        return Ok(Cells::Dictionary {
            values: vec![Value::from(found.stream)],
            codes: vec![0; rows.len()],
        });
    }
    if name == TIME {
        let times = table.times()?;
        return Ok(Cells::Integers(
            rows.iter().map(|row| Some(times[*row])).collect(),
        ));
    }
    if name == ID {
        let ids = table.ids()?;
        return Ok(Cells::Values(
            rows.iter()
                .map(|row| Some(Value::from(format!("{:032x}", ids[*row]))))
                .collect(),
        ));
    }
    let places = table.shapes.places().iter().enumerate();
    let such: Vec<(usize, Kind)> = places
        .filter(|(_, place)| {
            *place.path == *name || place.kind == Kind::List && is_within(name, &place.path)
        })
        .map(|(column, place)| (column, place.kind))
        .collect();
    match such.as_slice() {
        [] => Ok(Cells::Absent),
        [(column, kind)] if *kind != Kind::List => one(table, *column, rows),
        _ => {
            let stream = found.stream;
            let values = rows
                .iter()
                .map(|row| Ok(value(&table.record(stream, *row)?, name)));
            Ok(Cells::Values(values.collect::<Result<_, Error>>()?))
        }
    }
}

/// The values of the one column that has the name.
fn one(table: &Table, column: usize, rows: &[usize]) -> Result<Cells, Error> {
    let values = table.column(column)?;
    let presence = table.presence(column);
    let place = |row: &usize| match &*presence {
        Presence::All => Some(*row),
        some @ Presence::Some(_) => some.place(*row),
    };
    Ok(match &**values {
        Column::Integers(all) => Cells::Integers(
            rows.iter()
                .map(|row| all.get(place(row)?).copied())
                .collect(),
        ),
        Column::Floats(all) => Cells::Floats(
            rows.iter()
                .map(|row| all.get(place(row)?).copied())
                .collect(),
        ),
        Column::Texts(Texts::Dictionary { entries, codes }) => Cells::Dictionary {
            values: entries.iter().map(Value::from).collect(),
            codes: rows
                .iter()
                .map(|row| {
                    place(row)
                        .and_then(|i| codes.get(i).copied())
                        .unwrap_or(Cells::NONE)
                })
                .collect(),
        },
        Column::Texts(Texts::Same { text, .. }) => Cells::Dictionary {
            values: vec![Value::from(&**text)],
            codes: rows
                .iter()
                .map(|row| place(row).map_or(Cells::NONE, |_| 0))
                .collect(),
        },
        Column::Truths(all) => Cells::Dictionary {
            values: vec![Value::Bool(false), Value::Bool(true)],
            codes: rows
                .iter()
                .map(|row| {
                    place(row)
                        .and_then(|i| all.get(i))
                        .map_or(Cells::NONE, |truth| u32::from(*truth))
                })
                .collect(),
        },
        other => Cells::Values(rows.iter().map(|row| other.value(place(row)?)).collect()),
    })
}
