//! CloudTrail's log files: one JSON object with all events of some minutes, `{"Records": […]}`, packed by gzip.
//!
//! An event is a record as it stands. Services that forward single events (EventBridge, a line each) are read too.
//!
//! Source: AWS CloudTrail user guide, "CloudTrail log file examples" and "CloudTrail record contents".

use serde_json::{Map, Value};

/// Where an event says when it happened.
pub(crate) const TIME: &str = "eventTime";

/// The events of a file, or of a line of one. `None`: it is neither.
pub(crate) fn events(text: &str) -> Option<Vec<Map<String, Value>>> {
    let Ok(Value::Object(mut file)) = serde_json::from_str(text) else {
        return None;
    };
    match file.remove("Records") {
        None => Some(vec![file]),
        Some(Value::Array(records)) => records
            .into_iter()
            .map(|record| match record {
                Value::Object(event) => Some(event),
                _ => None,
            })
            .collect(),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shape of the guide's examples.
    #[test]
    fn a_file_is_its_events() {
        let file = r#"{"Records":[{"eventVersion":"1.08","eventTime":"2023-07-19T21:17:28Z",
            "eventSource":"ec2.amazonaws.com","eventName":"StartInstances"},{"eventName":"StopInstances"}]}"#;
        let events = events(file).unwrap_or_default();
        let names: Vec<&Value> = events.iter().map(|event| &event["eventName"]).collect();
        assert_eq!(names, ["StartInstances", "StopInstances"]);
        assert_eq!(
            super::events(r#"{"eventName":"x"}"#).map(|all| all.len()),
            Some(1)
        );
        for wrong in ["", "[1]", r#"{"Records":[1]}"#, r#"{"Records":1}"#, "{"] {
            assert_eq!(super::events(wrong), None, "{wrong}");
        }
    }
}
