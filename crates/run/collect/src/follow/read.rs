//! A line of a file by the file's format: one record, none, or as many as a file of CloudTrail holds.

use std::{borrow::Cow, collections::HashMap};

use serde_json::{Map, Value};
use spec::section::source::{LogFormat, Logs};
use store::Record;

use super::line::{self, Notes, Origin, Refused};
use crate::receive::{Refusal, alb, cloudtrail, vpc_flow};

/// A file of CloudTrail is one line with the events of five minutes.
const CLOUDTRAIL_FILE_MAX: u64 = 64 << 20;
/// Files whose heads are remembered; of more a head is read again, or the default one holds.
const HEADS_MAX: usize = 4_096;

/// What reading a line gave.
type Read = Result<(Record, Notes), Refused>;

/// What must be known of a file beside the line.
#[derive(Debug, Default)]
pub(super) struct Reading {
    heads: HashMap<(u64, u64), vpc_flow::Head>,
}

impl Reading {
    /// How long a line of a file may be; that of a record is its own.
    pub fn file_line_max(&self, logs: &Logs) -> u64 {
        match logs.format {
            LogFormat::Cloudtrail => CLOUDTRAIL_FILE_MAX.max(logs.line_max.0),
            _ => logs.line_max.0,
        }
    }

    pub fn line(
        &mut self,
        file: (u64, u64),
        bytes: &[u8],
        from: &Origin<'_>,
        each: &mut dyn FnMut(Read),
    ) {
        if from.logs.format == LogFormat::Json {
            return each(line::any(bytes, from));
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return each(Err(Refused(Refusal::NotUtf8)));
        };
        let one = |entry: Option<Map<String, Value>>, time| match entry {
            Some(fields) => Ok(line::record(bytes, fields, time, from)),
            None => Err(Refused(Refusal::Malformed)),
        };
        match from.logs.format {
            LogFormat::Json => {}
            LogFormat::Alb => each(one(alb::entry(text), alb::TIME)),
            LogFormat::VpcFlow => match vpc_flow::Head::of(text) {
                Some(head) => {
                    if self.heads.len() >= HEADS_MAX {
                        self.heads.clear();
                    }
                    self.heads.insert(file, head);
                }
                None => {
                    let known = self.heads.get(&file).map(Cow::Borrowed);
                    let head = known.unwrap_or_default();
                    each(one(head.record(text), vpc_flow::TIME));
                }
            },
            LogFormat::Cloudtrail => match cloudtrail::events(text) {
                None => each(Err(Refused(Refusal::Malformed))),
                Some(events) => events.into_iter().enumerate().for_each(|(n, event)| {
                    let text = Value::Object(event.clone()).to_string();
                    let its = Origin {
                        place: format!("{}\u{0}{n}", from.place),
                        ..*from
                    };
                    each(match text.len() as u64 > from.logs.line_max.0 {
                        true => Err(Refused(Refusal::TooLong)),
                        false => Ok(line::record(text.as_bytes(), event, cloudtrail::TIME, &its)),
                    });
                }),
            },
        }
    }
}
