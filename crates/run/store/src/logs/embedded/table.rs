//! A table: rows of one stream and day, column by column, as a search sees them.
//!
//! Fresh rows are put into a table as they are; a block that is read becomes one again, with columns only as
//! far as they are needed. So one way of searching serves both.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use promise::Timestamp;
use serde_json::{Map, Number, Value};

use super::{
    header::Header,
    shape::{FIELDS_MAX, Kind, Shapes, Sign, Step},
    text::Texts,
};
use crate::{Error, Record};

/// The values of one column, without gaps, in the order of the rows that have it.
#[derive(Debug, Clone)]
pub(super) enum Column {
    Texts(Texts),
    Integers(Vec<i64>),
    Unsigned(Vec<u64>),
    Floats(Vec<f64>),
    Truths(Vec<bool>),
    /// Lists as JSON.
    Lists(Texts),
}

impl Column {
    pub fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Texts(Texts::default()),
            Kind::Integer => Self::Integers(Vec::new()),
            Kind::Unsigned => Self::Unsigned(Vec::new()),
            Kind::Float => Self::Floats(Vec::new()),
            Kind::Truth => Self::Truths(Vec::new()),
            Kind::List => Self::Lists(Texts::default()),
        }
    }

    /// Adds a value; one of another kind is left out, and its shape does not lead here.
    fn push(&mut self, value: &Value) -> usize {
        match (self, value) {
            (Self::Texts(texts), Value::String(text)) => texts.push(text),
            (Self::Integers(all), Value::Number(n)) => all.push(n.as_i64().unwrap_or_default()),
            (Self::Unsigned(all), Value::Number(n)) => all.push(n.as_u64().unwrap_or_default()),
            (Self::Floats(all), Value::Number(n)) => all.push(n.as_f64().unwrap_or_default()),
            (Self::Truths(all), Value::Bool(truth)) => all.push(*truth),
            (Self::Lists(texts), list) => texts.push(&list.to_string()),
            _ => {}
        }
        match value {
            Value::String(text) => text.len() + size_of::<u32>(),
            Value::Array(items) => 16 * items.len(),
            _ => 8,
        }
    }

    /// The values at these places.
    fn gather(&self, places: &[usize]) -> Self {
        fn pick<T: Copy>(all: &[T], places: &[usize]) -> Vec<T> {
            places.iter().filter_map(|i| all.get(*i).copied()).collect()
        }
        let texts = |texts: &Texts| {
            let mut out = Texts::default();
            places
                .iter()
                .for_each(|i| out.push(texts.borrowed(*i).unwrap_or_default()));
            out
        };
        match self {
            Self::Texts(all) => Self::Texts(texts(all)),
            Self::Lists(all) => Self::Lists(texts(all)),
            Self::Integers(all) => Self::Integers(pick(all, places)),
            Self::Unsigned(all) => Self::Unsigned(pick(all, places)),
            Self::Floats(all) => Self::Floats(pick(all, places)),
            Self::Truths(all) => Self::Truths(pick(all, places)),
        }
    }

    pub fn value(&self, i: usize) -> Option<Value> {
        Some(match self {
            Self::Texts(texts) => Value::String(texts.owned(i)?),
            Self::Integers(all) => Value::from(*all.get(i)?),
            Self::Unsigned(all) => Value::from(*all.get(i)?),
            Self::Floats(all) => Value::Number(Number::from_f64(*all.get(i)?)?),
            Self::Truths(all) => Value::Bool(*all.get(i)?),
            Self::Lists(texts) => serde_json::from_str(&texts.owned(i)?).ok()?,
        })
    }
}

/// Which rows have a column.
#[derive(Debug, Clone)]
pub(super) enum Presence {
    All,
    /// The rows, ascending.
    Some(Vec<u32>),
}

impl Presence {
    /// The place of a row's value among the values.
    pub fn place(&self, row: usize) -> Option<usize> {
        match self {
            Self::All => Some(row),
            Self::Some(rows) => rows.binary_search(&u32::try_from(row).ok()?).ok(),
        }
    }
}

/// Where a block's columns come from, when they are not there yet.
pub(super) trait Load: Send + Sync {
    /// A column, and unless it is asked for `apart`, those that it refers to.
    fn load(&self, column: usize, table: &Table, apart: bool) -> Result<Column, Error>;
    fn times(&self) -> Result<Vec<i64>, Error>;
    fn ids(&self) -> Result<Vec<u128>, Error>;
    /// Whether a column holds messages, to which none may refer.
    fn is_message(&self, column: usize) -> bool;
    fn header(&self) -> &Header;
    /// What to tell where a value is not what was written.
    fn damaged(&self) -> Error;
}

#[derive(Default)]
pub(super) struct Table {
    pub shapes: Arc<Shapes>,
    at: OnceLock<Vec<i64>>,
    /// The first and the last time, where they are known before the times are read.
    span: Option<(i64, i64)>,
    rows: usize,
    ids: OnceLock<Vec<u128>>,
    /// The shape of each row; empty where all have the first.
    pub shape_of: Vec<u32>,
    columns: Vec<OnceLock<Arc<Column>>>,
    presence: Vec<OnceLock<Arc<Presence>>>,
    /// Whether any presence was asked for since the last row.
    asked: AtomicBool,
    load: Option<Box<dyn Load>>,
    /// About how many bytes its values have.
    pub weight: usize,
}

impl Table {
    /// A block's rows, whose columns `load` gives.
    pub fn loaded(
        shapes: Arc<Shapes>,
        shape_of: Vec<u32>,
        span: (i64, i64),
        load: Box<dyn Load>,
    ) -> Self {
        let columns = shapes.places().len();
        Self {
            shapes,
            at: OnceLock::new(),
            span: Some(span),
            rows: load.header().rows,
            ids: OnceLock::new(),
            shape_of,
            columns: (0..columns).map(|_| OnceLock::new()).collect(),
            presence: (0..columns).map(|_| OnceLock::new()).collect(),
            asked: AtomicBool::new(false),
            load: Some(load),
            weight: 0,
        }
    }

    pub fn len(&self) -> usize {
        self.rows
    }

    /// Between which times its rows lie, both included, where that is known without reading them.
    pub fn span(&self) -> Option<(i64, i64)> {
        self.span
    }

    /// When each row was.
    pub fn times(&self) -> Result<&[i64], Error> {
        if let (None, Some(load)) = (self.at.get(), &self.load) {
            let at = load.times()?;
            return Ok(self.at.get_or_init(|| at));
        }
        Ok(self.at.get().map_or(&[], Vec::as_slice))
    }

    pub fn append(&mut self, id: u128, at: i64, fields: &Map<String, Value>) -> Result<(), Error> {
        admit(fields)?;
        let mut walk = Arc::make_mut(&mut self.shapes).walk();
        let weight = put_fields(&mut walk, &mut self.columns, fields)?;
        let shape = walk.end();
        self.shape_of.push(shape);
        self.rows += 1;
        match self.at.get_mut() {
            Some(all) => all.push(at),
            None => self.at = OnceLock::from(vec![at]),
        }
        match self.ids.get_mut() {
            Some(ids) => ids.push(id),
            None => self.ids = OnceLock::from(vec![id]),
        }
        self.weight += weight + 32;
        if *self.asked.get_mut() {
            // What was known of the columns' rows is no longer so.
            self.presence.clear();
            *self.asked.get_mut() = false;
        }
        self.presence.resize_with(self.columns.len(), OnceLock::new);
        Ok(())
    }

    pub fn ids(&self) -> Result<&[u128], Error> {
        if let (None, Some(load)) = (self.ids.get(), &self.load) {
            let ids = load.ids()?;
            return Ok(self.ids.get_or_init(|| ids));
        }
        Ok(self.ids.get().map_or(&[], Vec::as_slice))
    }

    /// What is known without reading columns; nothing of fresh rows.
    pub fn header(&self) -> Option<&Header> {
        self.load.as_ref().map(|load| load.header())
    }

    /// What to tell where a value is not what was written.
    pub fn damaged(&self) -> Error {
        self.load
            .as_ref()
            .map_or(Error::Closed, |load| load.damaged())
    }

    pub fn is_message(&self, column: usize) -> bool {
        self.load
            .as_ref()
            .is_none_or(|load| load.is_message(column))
    }

    pub fn shape(&self, row: usize) -> u32 {
        self.shape_of.get(row).copied().unwrap_or(0)
    }

    pub fn column(&self, column: usize) -> Result<&Arc<Column>, Error> {
        let damaged = || self.damaged();
        let cell = self.columns.get(column).ok_or_else(damaged)?;
        if let (None, Some(load)) = (cell.get(), &self.load) {
            let loaded = load.load(column, self, false)?;
            return Ok(cell.get_or_init(|| Arc::new(loaded)));
        }
        cell.get().ok_or_else(damaged)
    }

    /// A column without what other columns say in its texts ([`super::text::template::Slot::Elsewhere`]): nobody else sees
    /// it so.
    pub fn column_apart(&self, column: usize) -> Result<Arc<Column>, Error> {
        match (&self.load, self.columns.get(column).map(OnceLock::get)) {
            (Some(load), Some(None)) => load.load(column, self, true).map(Arc::new),
            _ => self.column(column).cloned(),
        }
    }

    pub fn presence(&self, column: usize) -> Arc<Presence> {
        let find = || Arc::new(self.find_presence(column));
        self.asked.store(true, Ordering::Relaxed);
        match self.presence.get(column) {
            Some(cell) => cell.get_or_init(find).clone(),
            None => find(),
        }
    }

    fn find_presence(&self, column: usize) -> Presence {
        let has: Vec<bool> = self
            .shapes
            .columns()
            .iter()
            .map(|columns| columns.iter().any(|c| *c as usize == column))
            .collect();
        if has.iter().all(|has| *has) {
            return Presence::All;
        }
        let rows =
            (0..self.len()).filter(|row| has.get(self.shape(*row) as usize).is_some_and(|h| *h));
        Presence::Some(rows.filter_map(|row| u32::try_from(row).ok()).collect())
    }

    /// How many values a column has.
    pub fn values(&self, column: usize) -> usize {
        match &*self.presence(column) {
            Presence::All => self.len(),
            Presence::Some(rows) => rows.len(),
        }
    }

    pub fn record(&self, stream: &str, row: usize) -> Result<Record, Error> {
        let damaged = || self.damaged();
        let steps = self.shapes.steps(self.shape(row));
        let mut open: Vec<(&str, Map<String, Value>)> = vec![("", Map::new())];
        for step in steps {
            let (name, value) = match step {
                Step::Enter(name) => {
                    open.push((name, Map::new()));
                    continue;
                }
                Step::Leave => {
                    let (name, fields) = open.pop().ok_or_else(damaged)?;
                    (name, Value::Object(fields))
                }
                Step::Null(name) => (&**name, Value::Null),
                Step::Value { name, column } => {
                    let column = *column as usize;
                    let place = self.presence(column).place(row).ok_or_else(damaged)?;
                    (
                        &**name,
                        self.column(column)?.value(place).ok_or_else(damaged)?,
                    )
                }
            };
            let (_, fields) = open.last_mut().ok_or_else(damaged)?;
            fields.insert(name.to_owned(), value);
        }
        let (_, fields) = open.pop().ok_or_else(damaged)?;
        Ok(Record {
            id: *self.ids()?.get(row).ok_or_else(damaged)?,
            at: Timestamp::from_millis(*self.times()?.get(row).ok_or_else(damaged)?),
            stream: stream.to_owned(),
            fields,
        })
    }
}

impl Table {
    /// The rows in the order of their times and ids; `None` where they are so already.
    pub fn sorted(&self) -> Result<Option<Self>, Error> {
        let ids = self.ids()?;
        let at = self.times()?;
        let key = |row: usize| (at[row], ids[row]);
        if (1..self.len()).all(|row| key(row - 1) <= key(row)) {
            return Ok(None);
        }
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by_key(|row| key(*row));
        let mut place_of = vec![0; order.len()];
        for (place, row) in order.iter().enumerate() {
            place_of[*row] = place;
        }
        let mut columns = Vec::with_capacity(self.columns.len());
        for column in 0..self.columns.len() {
            let mut values: Vec<(usize, usize)> = match &*self.presence(column) {
                Presence::All => (0..self.len()).map(|row| (place_of[row], row)).collect(),
                Presence::Some(rows) => {
                    let places = rows.iter().map(|row| place_of[*row as usize]);
                    places.enumerate().map(|(i, place)| (place, i)).collect()
                }
            };
            values.sort_unstable();
            let values: Vec<usize> = values.into_iter().map(|(_, i)| i).collect();
            columns.push(OnceLock::from(Arc::new(
                self.column(column)?.gather(&values),
            )));
        }
        Ok(Some(Self {
            at: OnceLock::from(order.iter().map(|row| at[*row]).collect::<Vec<_>>()),
            span: self.span,
            rows: self.rows,
            ids: OnceLock::from(order.iter().map(|row| ids[*row]).collect::<Vec<_>>()),
            shape_of: order.iter().map(|row| self.shape(*row)).collect(),
            presence: (0..columns.len()).map(|_| OnceLock::new()).collect(),
            columns,
            asked: AtomicBool::new(false),
            load: None,
            weight: self.weight,
            shapes: self.shapes.clone(),
        }))
    }
}

/// Refuses a record of too many fields.
pub(super) fn admit(fields: &Map<String, Value>) -> Result<(), Error> {
    if count(fields) > FIELDS_MAX {
        return Err(Error::over(
            "the number of fields in one log record",
            FIELDS_MAX,
        ));
    }
    Ok(())
}

fn count(fields: &Map<String, Value>) -> usize {
    fields
        .values()
        .map(|value| 1 + value.as_object().map_or(0, count))
        .sum()
}

/// Walks through the fields and puts each value into its column. Returns about how many bytes they have.
fn put_fields(
    walk: &mut super::shape::Walk<'_>,
    columns: &mut Vec<OnceLock<Arc<Column>>>,
    fields: &Map<String, Value>,
) -> Result<usize, Error> {
    let mut weight = 0;
    for (name, value) in fields {
        match value {
            Value::Null => drop(walk.step(Sign::Null, name)?),
            Value::Object(inner) => {
                walk.step(Sign::Enter, name)?;
                weight += put_fields(walk, columns, inner)?;
                walk.step(Sign::Leave, "")?;
            }
            value => {
                let Some(kind) = Kind::of(value) else {
                    continue;
                };
                let Some(column) = walk.step(Sign::Value(kind), name)? else {
                    continue;
                };
                while columns.len() <= column as usize {
                    let place = columns.len();
                    let kind = walk.kind(place).unwrap_or(kind);
                    columns.push(OnceLock::from(Arc::new(Column::new(kind))));
                }
                if let Some(column) = columns[column as usize].get_mut() {
                    weight += Arc::make_mut(column).push(value);
                }
            }
        }
    }
    Ok(weight)
}
