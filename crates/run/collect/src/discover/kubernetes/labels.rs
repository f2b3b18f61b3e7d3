//! Label pairs of an object, under the names that Prometheus gives them.

use serde_json::Value;
use store::Labels;

use crate::scrape::ADDRESS;

const META: &str = "__meta_kubernetes_";

/// Pairs that are being gathered; what comes later counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// `name` without Prometheus's prefix. An empty value is no label.
    pub fn meta(&mut self, name: &str, value: impl AsRef<str>) {
        self.0
            .push((format!("{META}{name}"), value.as_ref().to_owned()));
    }

    /// A value of the object, where it has one.
    pub fn text(&mut self, name: &str, value: &Value) {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(is) => is.to_string(),
            _ => return,
        };
        self.meta(name, text);
    }

    pub fn plain(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    /// The object's own labels and annotations, and its name, as those of `what`.
    pub fn object(&mut self, what: &str, object: &Value) {
        let metadata = &object["metadata"];
        self.text(&format!("{what}_name"), &metadata["name"]);
        for (kind, of) in [("label", "labels"), ("annotation", "annotations")] {
            for (name, value) in metadata[of].as_object().into_iter().flatten() {
                let name = sanitized(name);
                self.text(&format!("{what}_{kind}_{name}"), value);
                self.meta(&format!("{what}_{kind}present_{name}"), "true");
            }
        }
    }

    pub fn target(&self, address: &str) -> Labels {
        let own = self
            .0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        Labels::new(own.chain([(ADDRESS, address)]))
    }

    pub fn with(&self, other: &Self) -> Self {
        Self(self.0.iter().chain(&other.0).cloned().collect())
    }
}

/// Every sign that a label's name could not hold before UTF-8 becomes an underscore.
pub(super) fn sanitized(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    name.chars().map(plain).collect()
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(super) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// `host:port`; an IPv6 address stands in brackets.
pub(super) fn join(host: &str, port: &Value) -> String {
    let port = port.as_u64().unwrap_or_default();
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}
