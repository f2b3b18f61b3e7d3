//! Access logs of Application Load Balancers: a line for each request, fields parted by blanks, some in quotes.
//!
//! A later release adds fields at the end of the line; those are kept under `more`.
//!
//! Source: Elastic Load Balancing user guide, "Access log entries" for Application Load Balancers.

use serde_json::{Map, Value};

/// Where an entry says when it ended.
pub(crate) const TIME: &str = "time";

const NAMES: [&str; 30] = [
    "type",
    "time",
    "elb",
    "client",
    "target",
    "request_processing_time",
    "target_processing_time",
    "response_processing_time",
    "elb_status_code",
    "target_status_code",
    "received_bytes",
    "sent_bytes",
    "request",
    "user_agent",
    "ssl_cipher",
    "ssl_protocol",
    "target_group_arn",
    "trace_id",
    "domain_name",
    "chosen_cert_arn",
    "matched_rule_priority",
    "request_creation_time",
    "actions_executed",
    "redirect_url",
    "error_reason",
    "target_list",
    "target_status_code_list",
    "classification",
    "classification_reason",
    "conn_trace_id",
];

/// Up to where a line must reach to be an entry: the request.
const NEEDED: usize = 13;
/// A line with more fields is none.
const FIELDS_MAX: usize = 64;

/// `None`: the line is no entry.
pub(crate) fn entry(line: &str) -> Option<Map<String, Value>> {
    let values = fields(line)?;
    if values.len() < NEEDED {
        return None;
    }
    let mut entry = Map::new();
    let mut more = Vec::new();
    for (place, text) in values.into_iter().enumerate() {
        match NAMES.get(place) {
            // A dash, or -1 for a time that was not reached, stands for nothing.
            Some(_) if text == "-" || text == "-1" => {}
            Some(name) => drop(entry.insert((*name).to_owned(), typed(name, text))),
            None => more.push(Value::String(text)),
        }
    }
    if !more.is_empty() {
        entry.insert("more".to_owned(), Value::Array(more));
    }
    Some(entry)
}

fn typed(name: &str, text: String) -> Value {
    let is_number = name.ends_with("_processing_time")
        || name.ends_with("_status_code")
        || name.ends_with("_bytes");
    let number = is_number
        .then(|| text.parse::<serde_json::Number>().ok())
        .flatten();
    number.map_or(Value::String(text), Value::Number)
}

/// Parted by blanks; within quotes a backslash escapes the sign behind it.
fn fields(line: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut chars = line.trim_end().chars();
    while let Some(first) = chars.next() {
        if fields.len() >= FIELDS_MAX {
            return None;
        }
        let mut field = String::new();
        if first == '"' {
            loop {
                match chars.next()? {
                    '"' => break,
                    '\\' => field.push(chars.next()?),
                    c => field.push(c),
                }
            }
            if chars.next().is_some_and(|c| c != ' ') {
                return None;
            }
        } else if first != ' ' {
            field.push(first);
            for c in chars.by_ref() {
                if c == ' ' {
                    break;
                }
                field.push(c);
            }
        }
        fields.push(field);
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    /// The guide's example of an HTTPS request.
    const LINE: &str = r#"https 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://www.example.com:443/ HTTP/1.1" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.com" "arn:aws:acm:us-east-2:123456789012:certificate/12345678-1234-1234-1234-123456789012" 1 2018-07-02T22:22:48.364000Z "authenticate,forward" "-" "-" "10.0.0.1:80" "200" "-" "-" TID_1234abcd5678ef90"#;

    #[test]
    fn the_guides_example_is_read() {
        let entry = entry(LINE).unwrap();
        for (name, value) in [
            ("type", Value::from("https")),
            ("time", "2018-07-02T22:23:00.186641Z".into()),
            ("client", "192.168.131.39:2817".into()),
            ("target_processing_time", 0.048.into()),
            ("elb_status_code", 200.into()),
            ("sent_bytes", 57.into()),
            (
                "request",
                "GET https://www.example.com:443/ HTTP/1.1".into(),
            ),
            ("domain_name", "www.example.com".into()),
            ("actions_executed", "authenticate,forward".into()),
            ("conn_trace_id", "TID_1234abcd5678ef90".into()),
        ] {
            assert_eq!(entry[name], value, "{name}");
        }
        assert!(!entry.contains_key("redirect_url"));
    }

    #[test]
    fn what_is_added_later_is_kept_and_other_lines_are_none() {
        let longer = format!("{LINE} \"a \\\"b\\\"\" c");
        let entry = super::entry(&longer).unwrap();
        assert_eq!(entry["more"], serde_json::json!(["a \"b\"", "c"]));
        assert_eq!(super::entry("hello world"), None);
        assert_eq!(super::entry("\"open"), None);
    }

    proptest! {
        #[test]
        fn any_line_is_read_without_a_panic(line in r#"[a-z0-9" \\-]{0,80}"#) {
            let _ = entry(&line);
        }
    }
}
