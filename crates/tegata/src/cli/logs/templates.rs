//! `tegata logs --templates`: which kinds of lines were found, the most frequent first.

use evaluate::anomaly::{Template, Templates};
use promise::Timestamp;
use serde_json::{Value, json};

/// Prints a line for each template of the field of all hits, as text or as JSON.
pub(super) fn print(hits: &[Value], field: &str, as_json: bool) -> anyhow::Result<()> {
    for template in &found(hits, field) {
        let text = template.text();
        if as_json {
            let line = json!({
                "template": text, "count": template.count, "first": template.first, "last": template.last,
            });
            outln!("{line}");
        } else {
            // A line stays a line, whatever its sender put into it.
            let text: String = text
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect();
            outln!("{:>8}  {}  {text}", template.count, template.last);
        }
    }
    Ok(())
}

fn found(hits: &[Value], field: &str) -> Vec<Template> {
    let mut templates = Templates::default();
    for hit in hits {
        let at = Timestamp::from_millis(hit["sort"][0].as_i64().unwrap_or_default());
        if let Some(line) = text(&hit["_source"], field) {
            templates.observe(line, at);
        }
    }
    let mut all: Vec<Template> = templates
        .iter()
        .map(|(_, template)| template.clone())
        .collect();
    all.sort_by_key(|template| std::cmp::Reverse(template.count));
    all
}

/// A field's text; `a.b` reaches into objects.
fn text<'v>(source: &'v Value, field: &str) -> Option<&'v str> {
    match source.get(field) {
        Some(value) => value.as_str(),
        None => {
            let (first, rest) = field.split_once('.')?;
            text(source.get(first)?, rest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_kind_comes_first_and_nested_fields_are_found() {
        let hit =
            |n: i64, text: &str| json!({ "sort": [n], "_source": { "log": { "text": text } } });
        let hits = [
            hit(1, "disk 1 is full"),
            hit(2, "user 3 came"),
            hit(3, "user 9 came"),
            json!({ "sort": [4], "_source": { "other": 1 } }),
        ];
        let rows: Vec<(u64, String, i64)> = found(&hits, "log.text")
            .iter()
            .map(|template| (template.count, template.text(), template.last.as_millis()))
            .collect();
        assert_eq!(
            rows,
            [
                (2, "user <*> came".to_owned(), 3),
                (1, "disk <*> is full".to_owned(), 1)
            ]
        );
    }
}
