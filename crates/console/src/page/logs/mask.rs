//! Which fields are personal and shown masked. What redaction has hidden before it was stored stays hidden for everybody;
//! this is about what a log must keep, such as addresses, and few need to see.

use serde_json::Value;

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
/// What stands in the place of a value.
pub(super) const MASKED: &str = "••••";

/// How values are shown.
pub(super) struct Mask {
    /// Fields that the spec names.
    also: Vec<String>,
    /// Somebody was let to see them.
    lifted: bool,
}

impl Mask {
    pub fn new(also: Vec<String>, lifted: bool) -> Self {
        Self { also, lifted }
    }

    pub fn hides(&self, name: &str) -> bool {
        let last = name.rsplit('.').next().unwrap_or(name);
        let is = |known: &str| last.eq_ignore_ascii_case(known);
        !self.lifted
            && (PERSONAL.iter().any(|known| is(known)) || self.also.iter().any(|known| is(known)))
    }

    /// A value as it is shown.
    pub fn show(&self, name: &str, value: &Value) -> String {
        if self.hides(name) && !value.is_null() {
            return MASKED.to_owned();
        }
        match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_personal_or_named_by_the_spec_is_masked_until_it_is_lifted() {
        let mask = Mask::new(vec!["session_id".into()], false);
        for name in ["ip_address", "http.client_IP", "user.email", "Session_Id"] {
            assert_eq!(mask.show(name, &json!("10.0.0.1")), MASKED, "{name}");
        }
        assert_eq!(mask.show("status", &json!("failed")), "failed");
        assert_eq!(mask.show("zip", &json!(1)), "1");
        let lifted = Mask::new(vec!["session_id".into()], true);
        assert_eq!(lifted.show("ip_address", &json!("10.0.0.1")), "10.0.0.1");
    }
}
