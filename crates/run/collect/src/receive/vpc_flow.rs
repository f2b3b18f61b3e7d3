//! VPC flow logs in files: a head that names the fields, then a line for each flow.
//!
//! Source: Amazon VPC user guide, "Flow log records" (the fields of versions 2 to 8) and "Flow log files".

use serde_json::{Map, Value};

/// Where a record says when its first packet came, in Unix seconds.
pub(crate) const TIME: &str = "start";

/// The fields of version 2 in their order, which is what a line has where no head was seen.
const DEFAULT: [&str; 14] = [
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
];

const NUMBERS: [&str; 9] = [
    "version",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "tcp-flags",
];

/// All versions together have some 40.
const FIELDS_MAX: usize = 64;

/// The names that a file's head gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head(Vec<String>);

impl Default for Head {
    fn default() -> Self {
        Self(DEFAULT.map(str::to_owned).into())
    }
}

impl Head {
    /// Whether a line is a head. It names the addresses or the interface; a record holds them.
    pub fn of(line: &str) -> Option<Self> {
        let names: Vec<&str> = line.split_ascii_whitespace().take(FIELDS_MAX).collect();
        let is_name = |name: &&str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        };
        let is_head = names.iter().all(is_name)
            && (names.contains(&"srcaddr") || names.contains(&"interface-id"));
        is_head.then(|| Self(names.into_iter().map(str::to_owned).collect()))
    }

    /// `None`: the line does not have the fields that the head names.
    pub fn record(&self, line: &str) -> Option<Map<String, Value>> {
        let values: Vec<&str> = line.split_ascii_whitespace().take(FIELDS_MAX + 1).collect();
        if values.len() != self.0.len() {
            return None;
        }
        let pairs = self.0.iter().zip(values);
        // A dash stands for what does not apply, or for a flow without data.
        let told = pairs.filter(|(_, text)| *text != "-");
        let record = told.map(|(name, text)| {
            let number = NUMBERS.contains(&&**name).then(|| text.parse::<i64>().ok());
            let value = number.flatten().map_or_else(|| text.into(), Value::from);
            (name.clone(), value)
        });
        Some(record.collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The guide's examples: accepted SSH traffic, a flow without data, and a head of one's own.
    #[test]
    fn the_guides_examples_are_read() {
        let head = Head::default();
        let line = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK";
        let record = head.record(line).unwrap();
        assert_eq!(record["dstport"], 22);
        assert_eq!(record["bytes"], 4249);
        assert_eq!(record["start"], 1_418_530_010);
        assert_eq!(
            (&record["srcaddr"], &record["action"]),
            (&"172.31.16.139".into(), &"ACCEPT".into())
        );
        let empty =
            "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA";
        let record = head.record(empty).unwrap();
        assert_eq!(record["log-status"], "NODATA");
        assert!(!record.contains_key("srcaddr"));
        let own = Head::of("version vpc-id srcaddr tcp-flags").unwrap();
        let record = own.record("3 vpc-abcdefab012345678 10.0.0.1 19").unwrap();
        assert_eq!(
            (&record["vpc-id"], &record["tcp-flags"]),
            (&"vpc-abcdefab012345678".into(), &19.into())
        );
        assert_eq!(head.record("3 vpc-abcdefab012345678 10.0.0.1 19"), None);
        assert_eq!(Head::of(line), None);
        assert_eq!(Head::of("hello world"), None);
    }
}
