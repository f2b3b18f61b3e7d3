//! Aggregations over columns: a store tells the fields that are asked about, and no record is made.

use promise::{Timestamp, signal::FieldValue};
use search::{Collector, Columns, each};
use serde_json::Value;
use store::logs::{Batch, Cells, Scan};

use super::{Ask, problem::Problem, read::Over};

/// Adds up the fields of all records that are meant.
pub(super) async fn add(
    ask: &Ask,
    over: &Over,
    fields: &[String],
    collector: &mut Collector<'_>,
) -> Result<(), Problem> {
    let scan = Scan {
        query: over.query.clone(),
        from: over.from,
        to: over.to,
        columns: fields.to_vec(),
    };
    let mut batches = ask.room.desk.logs.scan(&scan).await?;
    while let Some(batch) = batches.next().await {
        collector.add_columns(&Rows {
            batch: &batch?,
            fields,
        })?;
    }
    Ok(())
}

struct Rows<'b> {
    batch: &'b Batch,
    fields: &'b [String],
}

impl Rows<'_> {
    fn cells(&self, field: &str) -> Option<&Cells> {
        let column = self.fields.iter().position(|name| name == field)?;
        self.batch.columns.get(column)
    }
}

impl Columns for Rows<'_> {
    fn index(&self) -> &str {
        &self.batch.stream
    }

    fn at(&self) -> &[Timestamp] {
        &self.batch.at
    }

    #[allow(clippy::cast_precision_loss)]
    fn each(&self, field: &str, row: usize, give: &mut dyn FnMut(FieldValue<'_>)) {
        match self.cells(field) {
            None | Some(Cells::Absent) => {}
            Some(Cells::Integers(all)) => {
                if let Some(Some(n)) = all.get(row) {
                    give(FieldValue::Number(*n as f64));
                }
            }
            Some(Cells::Floats(all)) => {
                if let Some(Some(n)) = all.get(row) {
                    give(FieldValue::Number(*n));
                }
            }
            Some(Cells::Dictionary { values, codes }) => {
                let code = codes.get(row).map(|code| *code as usize);
                if let Some(value) = code.and_then(|code| values.get(code)) {
                    each(value, give);
                }
            }
            Some(Cells::Values(all)) => {
                if let Some(Some(value)) = all.get(row) {
                    each(value, give);
                }
            }
        }
    }

    fn codes(&self, field: &str) -> Option<(&[Value], &[u32])> {
        match self.cells(field)? {
            Cells::Dictionary { values, codes } => Some((values, codes)),
            _ => None,
        }
    }
}
