//! The same messages as protocol buffers.

use base64::{Engine, engine::general_purpose::STANDARD};
use store::protobuf::{Error, Field, Reader};

use super::model::{
    AnyValue, Common, Data, Exemplar, Explicit, Exponential, KeyValue, Metric, Number, Points,
    Quantile, Request, Resource, ResourceMetrics, Scope, ScopeMetrics, Side, Summary, Values,
};

/// Values within values: deeper ones are left out. No attribute of a person has as many.
const DEPTH_MAX: usize = 8;

/// A message that is filled field by field; those that nobody reads are passed over.
pub(super) trait Message: Default {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error>;

    fn read(message: Reader<'_>) -> Result<Self, Error> {
        let mut read = Self::default();
        for field in message {
            read.take(&field?)?;
        }
        Ok(read)
    }
}

pub(super) fn push<M: Message>(list: &mut Vec<M>, field: &Field<'_>) -> Result<(), Error> {
    list.push(M::read(field.message()?)?);
    Ok(())
}

impl Message for Request {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            1 => push(&mut self.resource_metrics, field),
            _ => Ok(()),
        }
    }
}

impl Message for ResourceMetrics {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            1 => self.resource = Resource::read(field.message()?)?,
            2 => push(&mut self.scope_metrics, field)?,
            _ => {}
        }
        Ok(())
    }
}

impl Message for Resource {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            1 => push(&mut self.attributes, field),
            _ => Ok(()),
        }
    }
}

impl Message for Scope {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        if field.number == 1 {
            self.name = field.text()?.to_owned();
        }
        Ok(())
    }
}

impl Message for ScopeMetrics {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            2 => push(&mut self.metrics, field),
            _ => Ok(()),
        }
    }
}

impl Message for Metric {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            1 => self.name = field.text()?.to_owned(),
            2 => self.description = field.text()?.to_owned(),
            3 => self.unit = field.text()?.to_owned(),
            5 => self.data = Some(Data::Gauge(Points::read(field.message()?)?)),
            7 => self.data = Some(Data::Sum(Points::read(field.message()?)?)),
            9 => self.data = Some(Data::Histogram(Points::read(field.message()?)?)),
            10 => self.data = Some(Data::ExponentialHistogram(Points::read(field.message()?)?)),
            11 => self.data = Some(Data::Summary(Points::read(field.message()?)?)),
            _ => {}
        }
        Ok(())
    }
}

impl<P: Message> Message for Points<P> {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            1 => push(&mut self.data_points, field)?,
            2 => self.aggregation_temporality = field.uint()?,
            3 => self.is_monotonic = field.uint()? != 0,
            _ => {}
        }
        Ok(())
    }
}

/// Where the fields that all points have stand in each of them.
struct Numbers {
    attributes: u32,
    exemplars: u32,
    flags: u32,
}

impl Common {
    fn take(&mut self, field: &Field<'_>, numbers: &Numbers) -> Result<(), Error> {
        let number = field.number;
        if number == 3 {
            self.time_unix_nano = field.fixed64()?;
        } else if number == numbers.attributes {
            push(&mut self.attributes, field)?;
        } else if number == numbers.exemplars {
            push(&mut self.exemplars, field)?;
        } else if number == numbers.flags {
            self.flags = field.uint()?;
        }
        Ok(())
    }
}

impl Message for Number {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            4 => self.as_double = Some(field.double()?),
            6 => self.as_int = Some(field.fixed64()?.cast_signed()),
            _ => {
                let numbers = Numbers {
                    attributes: 7,
                    exemplars: 5,
                    flags: 8,
                };
                self.common.take(field, &numbers)?;
            }
        }
        Ok(())
    }
}

impl Message for Explicit {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            4 => self.count = field.fixed64()?,
            5 => self.sum = Some(field.double()?),
            6 => field.fixed64s(&mut self.bucket_counts, |count| count)?,
            7 => field.fixed64s(&mut self.explicit_bounds, f64::from_bits)?,
            _ => {
                let numbers = Numbers {
                    attributes: 9,
                    exemplars: 8,
                    flags: 10,
                };
                self.common.take(field, &numbers)?;
            }
        }
        Ok(())
    }
}

impl Message for Exponential {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            4 => self.count = field.fixed64()?,
            5 => self.sum = Some(field.double()?),
            6 => self.scale = small(field)?,
            7 => self.zero_count = field.fixed64()?,
            8 => self.positive = Side::read(field.message()?)?,
            9 => self.negative = Side::read(field.message()?)?,
            14 => self.zero_threshold = field.double()?,
            _ => {
                let numbers = Numbers {
                    attributes: 1,
                    exemplars: 11,
                    flags: 10,
                };
                self.common.take(field, &numbers)?;
            }
        }
        Ok(())
    }
}

impl Message for Side {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            1 => self.offset = small(field)?,
            2 => field.varints(&mut self.bucket_counts, |count| count)?,
            _ => {}
        }
        Ok(())
    }
}

impl Message for Summary {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            4 => self.count = field.fixed64()?,
            5 => self.sum = field.double()?,
            6 => push(&mut self.quantile_values, field)?,
            _ => {
                let numbers = Numbers {
                    attributes: 7,
                    // A summary has none.
                    exemplars: 0,
                    flags: 8,
                };
                self.common.take(field, &numbers)?;
            }
        }
        Ok(())
    }
}

impl Message for Quantile {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            1 => self.quantile = field.double()?,
            2 => self.value = field.double()?,
            _ => {}
        }
        Ok(())
    }
}

impl Message for Exemplar {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            2 => self.time_unix_nano = field.fixed64()?,
            3 => self.as_double = Some(field.double()?),
            4 => self.span_id = hex(field.bytes()?),
            5 => self.trace_id = hex(field.bytes()?),
            6 => self.as_int = Some(field.fixed64()?.cast_signed()),
            7 => push(&mut self.filtered_attributes, field)?,
            _ => {}
        }
        Ok(())
    }
}

impl Message for KeyValue {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        key_value(self, field, 0)
    }
}

fn key_value(pair: &mut KeyValue, field: &Field<'_>, depth: usize) -> Result<(), Error> {
    match field.number {
        1 => pair.key = field.text()?.to_owned(),
        2 => pair.value = any(field.message()?, depth)?,
        _ => {}
    }
    Ok(())
}

/// An `AnyValue`.
pub(super) fn value(field: &Field<'_>) -> Result<Option<AnyValue>, Error> {
    any(field.message()?, 0)
}

fn any(message: Reader<'_>, depth: usize) -> Result<Option<AnyValue>, Error> {
    let mut found = None;
    for field in message {
        let field = field?;
        found = Some(match field.number {
            1 => AnyValue::StringValue(field.text()?.to_owned()),
            2 => AnyValue::BoolValue(field.uint()? != 0),
            3 => AnyValue::IntValue(field.int()?),
            4 => AnyValue::DoubleValue(field.double()?),
            5 | 6 if depth >= DEPTH_MAX => continue,
            5 => {
                let mut values = Vec::new();
                for item in field.message()? {
                    values.extend(any(item?.message()?, depth + 1)?);
                }
                AnyValue::ArrayValue(Values { values })
            }
            6 => {
                let mut values = Vec::new();
                for item in field.message()? {
                    let mut pair = KeyValue::default();
                    for part in item?.message()? {
                        key_value(&mut pair, &part?, depth + 1)?;
                    }
                    values.push(pair);
                }
                AnyValue::KvlistValue(Values { values })
            }
            7 => AnyValue::BytesValue(STANDARD.encode(field.bytes()?)),
            _ => continue,
        });
    }
    Ok(found)
}

fn small(field: &Field<'_>) -> Result<i32, Error> {
    i32::try_from(field.zigzag()?).map_err(|_| Error::TooLong)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
