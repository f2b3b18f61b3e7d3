//! Adding up columns: what a store gives that keeps its records field by field.
//!
//! A histogram over time is a walk over instants, and the groups of a field with few values are counted by code, so
//! that no record is made. All else sees each row through the columns. The answer is the one that the records give.

use std::sync::OnceLock;

use promise::{
    Timestamp,
    signal::{
        FieldValue, Fields,
        log_query::{Expr, Target, Test},
    },
};
use serde_json::{Map, Value};

use super::{Aggregations, Collector, Field, Kind, Node, State, Walk, bucket, collect, key::Key};
use crate::{error::Error, row::Row};

/// Some records of one index, field by field.
pub trait Columns {
    fn index(&self) -> &str;

    /// When each record was; as many as there are records.
    fn at(&self) -> &[Timestamp];

    /// Each value of a field in one record.
    fn each(&self, field: &str, row: usize, give: &mut dyn FnMut(FieldValue<'_>));

    /// Of a field with few values: these, and which each record has, or a code beyond them.
    fn codes(&self, field: &str) -> Option<(&[Value], &[u32])>;
}

impl Aggregations {
    /// The fields by whose values all is told, once each; `None` where whole records are needed.
    #[must_use]
    pub fn fields(&self) -> Option<Vec<String>> {
        let mut fields = Vec::new();
        of_nodes(&self.0, &mut fields)?;
        fields.sort();
        fields.dedup();
        // Its sender's own id stands in the record.
        let is_plain = |name: &String| name != "_id";
        fields.iter().all(is_plain).then_some(fields)
    }
}

fn of_nodes(nodes: &[Node], fields: &mut Vec<String>) -> Option<()> {
    for node in nodes {
        let mut add = |field: &Field| fields.push(field.name.clone());
        match &node.kind {
            Kind::Terms(terms) => add(&terms.field),
            Kind::Histogram { field, .. } | Kind::Range { field, .. } => add(field),
            Kind::Composite(composite) => composite
                .sources
                .iter()
                .for_each(|(_, field, ..)| add(field)),
            Kind::Metric(ask) => add(&ask.field),
            Kind::Filters { filters, .. } => {
                for (_, expr) in filters {
                    of_expr(expr, fields)?;
                }
            }
            Kind::Filter(expr) => of_expr(expr, fields)?,
            Kind::Global => {}
            // An object is a value to `missing`, and none to a column.
            Kind::Missing(_) | Kind::TopHits { .. } => return None,
        }
        of_nodes(&node.subs, fields)?;
    }
    Some(())
}

fn of_expr(expr: &Expr, fields: &mut Vec<String>) -> Option<()> {
    match expr {
        Expr::All | Expr::Nothing => {}
        Expr::Test(Target::AnyText, _) | Expr::Test(_, Test::Exists) => return None,
        Expr::Test(Target::Field(name), _) => fields.push(name.clone()),
        Expr::Bool(bool) => {
            for part in bool.must.iter().chain(&bool.should).chain(&bool.must_not) {
                of_expr(part, fields)?;
            }
        }
    }
    Some(())
}

impl Collector<'_> {
    /// Adds records of which [`Aggregations::fields`] are there.
    pub fn add_columns(&mut self, columns: &dyn Columns) -> Result<(), Error> {
        for (node, state) in self.nodes.iter().zip(&mut self.states) {
            if let State::Buckets(buckets) = state
                && node.subs.is_empty()
                && buckets.add_at_once(&node.kind, columns, &mut self.buckets)?
            {
                continue;
            }
            for (row, at) in columns.at().iter().enumerate() {
                let mut walk = Walk {
                    row: &ColumnRow { columns, row },
                    at: *at,
                    buckets: &mut self.buckets,
                };
                let (node, state) = (std::slice::from_ref(node), std::slice::from_mut(state));
                collect(node, state, &mut walk)?;
            }
        }
        Ok(())
    }
}

impl bucket::Buckets {
    /// `false` where it has to be done row by row.
    fn add_at_once(
        &mut self,
        kind: &Kind,
        columns: &dyn Columns,
        made: &mut usize,
    ) -> Result<bool, Error> {
        match kind {
            Kind::Histogram {
                field,
                interval,
                fill,
            } if field.name == "@timestamp" && fill.hard == (None, None) => {
                // Records lie about in the order of time, so the bucket before is mostly the right one.
                let mut open: Option<(f64, f64, u64)> = None;
                for at in columns.at() {
                    let at = millis(*at);
                    match &mut open {
                        Some((begin, end, count)) if at >= *begin && at < *end => *count += 1,
                        _ => {
                            if let Some((begin, _, count)) = open.take() {
                                self.count(Key::of(begin), count, made)?;
                            }
                            let Some(begin) = interval.floor(at) else {
                                continue;
                            };
                            // Where the end is not known, only the same instant is surely within.
                            let end = interval.next(begin).filter(|end| *end > at);
                            open = Some((begin, end.unwrap_or(begin), 1));
                        }
                    }
                }
                if let Some((begin, _, count)) = open {
                    self.count(Key::of(begin), count, made)?;
                }
                Ok(true)
            }
            Kind::Terms(terms) if terms.field.missing.is_none() => {
                let Some((values, codes)) = columns.codes(&terms.field.name) else {
                    return Ok(false);
                };
                let mut counts = vec![0_u64; values.len()];
                for code in codes {
                    if let Some(count) = counts.get_mut(*code as usize) {
                        *count += 1;
                    }
                }
                for (value, count) in values.iter().zip(counts).filter(|(_, count)| *count > 0) {
                    let mut keys = Vec::new();
                    each(value, &mut |value| terms.field.keys(&value, &mut keys));
                    for key in super::key::unique(keys) {
                        if terms.wants(&key) {
                            self.count(key, count, made)?;
                        }
                    }
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

#[allow(clippy::cast_precision_loss)]
fn millis(at: Timestamp) -> f64 {
    at.as_millis() as f64
}

/// What a value of JSON is to a query: each item of a list.
pub fn each(value: &Value, give: &mut dyn FnMut(FieldValue<'_>)) {
    match value {
        Value::String(text) => give(FieldValue::Text(text)),
        Value::Number(number) => {
            if let Some(number) = number.as_f64() {
                give(FieldValue::Number(number));
            }
        }
        Value::Bool(truth) => give(FieldValue::Bool(*truth)),
        Value::Array(items) => items.iter().for_each(|item| each(item, give)),
        Value::Null | Value::Object(_) => {}
    }
}

/// One record, seen through its columns.
struct ColumnRow<'c> {
    columns: &'c dyn Columns,
    row: usize,
}

impl Fields for ColumnRow<'_> {
    fn any_value(&self, field: &str, test: &mut dyn FnMut(FieldValue<'_>) -> bool) -> bool {
        let mut any = false;
        match field {
            "stream" | "_index" => any = test(FieldValue::Text(self.columns.index())),
            "@timestamp" => {
                any = self
                    .columns
                    .at()
                    .get(self.row)
                    .is_some_and(|at| test(FieldValue::Time(*at)));
            }
            _ => self
                .columns
                .each(field, self.row, &mut |value| any = any || test(value)),
        }
        any
    }

    /// Nothing that asks for it is answered from columns.
    fn any_text(&self, _: &mut dyn FnMut(&str) -> bool) -> bool {
        false
    }

    fn has(&self, field: &str) -> bool {
        self.any_value(field, &mut |_| true)
    }
}

impl Row for ColumnRow<'_> {
    fn index(&self) -> &str {
        self.columns.index()
    }

    fn id(&self) -> String {
        String::new()
    }

    fn source(&self) -> &Map<String, Value> {
        static NONE: OnceLock<Map<String, Value>> = OnceLock::new();
        NONE.get_or_init(Map::new)
    }
}
