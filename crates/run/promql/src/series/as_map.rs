//! Labels in JSON and the like: a map of names to values, as everybody writes them.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};

use super::Labels;

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Pairs)
    }
}

struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Labels;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of label names to values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Labels::new(pairs))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn labels_read_back_as_they_were_written() {
        let labels = Labels::new([("job", "a\"b"), ("alertname", "遅い")]);
        let text = serde_json::to_string(&labels).unwrap();
        assert_eq!(text, r#"{"alertname":"遅い","job":"a\"b"}"#);
        assert_eq!(serde_json::from_str::<Labels>(&text).unwrap(), labels);
        // The last of two counts, and an empty value is no label.
        let twice: Labels = serde_json::from_str(r#"{"a":"1","b":"","a":"2"}"#).unwrap();
        assert_eq!(twice, Labels::new([("a", "2")]));
        assert!(serde_json::from_str::<Labels>("[1]").is_err());
    }
}
