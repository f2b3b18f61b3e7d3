//! Which fields are personal and shown masked. What redaction has hidden before it was stored stays hidden for everybody;
//! this is about what a log must keep, such as addresses, and few need to see.

use serde_json::Value;

use crate::door::InClear;

/// Last parts of names that are personal wherever they stand.
const PERSONAL: [&str; 23] = [
    "address",
    "birthday",
    "client_ip",
    "date_of_birth",
    "email",
    "first_name",
    "full_name",
    "ip",
    "ip_address",
    "last_name",
    "mail",
    "mobile",
    "name_kana",
    "phone",
    "phone_number",
    "postal_code",
    "remote_addr",
    "remote_ip",
    "source_ip",
    "src_ip",
    "tel",
    "user_agent",
    "user_name",
];
/// What redaction writes in the place of a value begins so.
const ENCRYPTED: &str = "[redacted:";
/// What stands in the place of a value.
pub(crate) const MASKED: &str = "••••";

/// How values are shown.
pub(crate) struct Mask {
    /// Fields that the spec names.
    also: Vec<String>,
    /// Somebody was let to see them.
    lifted: Option<InClear>,
}

impl Mask {
    pub fn new(also: Vec<String>) -> Self {
        Self { also, lifted: None }
    }

    /// Covers nothing, and shows what was encrypted as it was.
    pub fn lifted(clear: InClear) -> Self {
        Self {
            also: Vec::new(),
            lifted: Some(clear),
        }
    }

    /// Whether a text is other than it would be shown to whoever may see it in clear, whatever its field is.
    pub fn is_sealed(&self, text: &str) -> bool {
        // `[redacted:mail:k1:TOKEN:SEALED]`: what was masked or tokenised for good has fewer parts.
        let marks = text.split(ENCRYPTED).skip(1);
        let mut marks = marks.filter_map(|rest| rest.split_once(']'));
        self.lifted.is_none() && marks.any(|(mark, _)| mark.matches(':').count() == 3)
    }

    pub fn hides(&self, name: &str) -> bool {
        let last = name.rsplit('.').next().unwrap_or(name);
        let is = |known: &str| last.eq_ignore_ascii_case(known);
        self.lifted.is_none()
            && (PERSONAL.iter().any(|known| is(known)) || self.also.iter().any(|known| is(known)))
    }

    /// Covers what is personal in an answer of a program, wherever it stands; where the mask is lifted, shows what was
    /// encrypted.
    pub fn veil(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(clear) = &self.lifted {
                    *text = clear.text(text);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.veil(item)),
            Value::Object(map) => {
                // A tag of a span: its name is a value, too.
                let tag = map.get("key").and_then(Value::as_str).map(str::to_owned);
                for (name, item) in map {
                    let is_tag = name == "value" && tag.as_ref().is_some_and(|tag| self.hides(tag));
                    if is_tag || self.hides(name) {
                        cover(item);
                    } else {
                        self.veil(item);
                    }
                }
            }
            _ => {}
        }
    }

    /// A personal field by which a search would group or sort: its values would stand in the answer as keys.
    pub fn asked_for<'v>(&self, body: &'v Value) -> Option<&'v str> {
        match body {
            Value::Array(items) => items.iter().find_map(|item| self.asked_for(item)),
            Value::Object(map) => map
                .iter()
                .find_map(|(name, item)| match (name.as_str(), item) {
                    ("field", Value::String(field)) if self.hides(field) => Some(field.as_str()),
                    ("sort", sort) => self.sorts(sort),
                    (_, item) => self.asked_for(item),
                }),
            _ => None,
        }
    }

    fn sorts<'v>(&self, sort: &'v Value) -> Option<&'v str> {
        match sort {
            Value::String(field) if self.hides(field) => Some(field),
            Value::Array(items) => items.iter().find_map(|item| self.sorts(item)),
            Value::Object(map) => map
                .keys()
                .map(String::as_str)
                .find(|field| self.hides(field)),
            _ => None,
        }
    }

    /// A value as it is shown.
    pub fn show(&self, name: &str, value: &Value) -> String {
        if self.hides(name) && !value.is_null() {
            return MASKED.to_owned();
        }
        match value {
            Value::String(text) => match &self.lifted {
                Some(clear) => clear.text(text),
                None => text.clone(),
            },
            other => other.to_string(),
        }
    }
}

/// Shapes stay: a mapping that tells of a field's type says nothing personal, and a list stays a list.
fn cover(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(cover),
        Value::Object(map) => map.values_mut().for_each(cover),
        Value::Null => {}
        _ => *value = MASKED.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_personal_or_named_by_the_spec_is_masked_until_it_is_lifted() {
        let mask = Mask::new(vec!["session_id".into()]);
        for name in ["ip_address", "http.client_IP", "user.email", "Session_Id"] {
            assert_eq!(mask.show(name, &json!("10.0.0.1")), MASKED, "{name}");
        }
        assert_eq!(mask.show("status", &json!("failed")), "failed");
        assert_eq!(mask.show("zip", &json!(1)), "1");
        let mut answer = json!({ "hits": [{ "_source": { "http": { "client_ip": "10.0.0.1" }, "n": 1 }, "fields": { "email": ["a@b"] } }],
            "tags": [{ "key": "user.email", "type": "string", "value": "a@b" }, { "key": "n", "value": "1" }] });
        mask.veil(&mut answer);
        assert_eq!(
            answer,
            json!({ "hits": [{ "_source": { "http": { "client_ip": MASKED }, "n": 1 }, "fields": { "email": [MASKED] } }],
            "tags": [{ "key": "user.email", "type": "string", "value": MASKED }, { "key": "n", "value": "1" }] })
        );
        for (asked, field) in [
            (
                json!({ "aggs": { "a": { "terms": { "field": "http.client_ip" } } } }),
                Some("http.client_ip"),
            ),
            (
                json!({ "sort": [{ "@timestamp": "desc" }, { "email": {} }] }),
                Some("email"),
            ),
            (json!({ "sort": "tel" }), Some("tel")),
            (
                json!({ "query": { "term": { "email": "a@b" } }, "sort": ["n"] }),
                None,
            ),
        ] {
            assert_eq!(mask.asked_for(&asked), field);
        }
        let sealed = "for [redacted:mail:k1:TOKEN:SEALED]";
        assert!(
            mask.is_sealed(sealed) && !mask.is_sealed("[redacted:mail:k1:TOKEN] [redacted:mail]")
        );
        let lifted = Mask::lifted(InClear::new(7, |text| {
            text.replace("[redacted:mail:k1:TOKEN:SEALED]", "a@b.co")
        }));
        assert_eq!(lifted.show("ip_address", &json!("10.0.0.1")), "10.0.0.1");
        assert_eq!(lifted.show("message", &json!(sealed)), "for a@b.co");
        let mut answer = json!({ "message": [sealed], "email": "x@y.co" });
        lifted.veil(&mut answer);
        assert_eq!(
            answer,
            json!({ "message": ["for a@b.co"], "email": "x@y.co" })
        );
        assert!(!lifted.is_sealed(sealed));
    }
}
