//! From one element of an answer to an alert: labels and annotations written out, with the queries they ask.

use std::collections::BTreeMap;

use promise::Timestamp;
use promql::{Element, Labels, Query, Value};

use super::{
    alert::Found,
    source::Source,
    template::{Scope, Stop, Template},
};

/// Queries of one template. A page that needs more is a dashboard.
const QUERIES_MAX: usize = 16;

/// What every template of an installation sees.
#[derive(Debug, Clone, Default)]
pub struct World {
    pub external_labels: Labels,
    pub external_url: String,
}

/// Writes out the templates of one evaluation; a query that several ask is answered once.
pub(super) struct Expansion<'e, S> {
    source: &'e S,
    at: Timestamp,
    world: &'e World,
    answers: BTreeMap<String, Vec<Element>>,
}

impl<'e, S: Source> Expansion<'e, S> {
    pub fn new(source: &'e S, at: Timestamp, world: &'e World) -> Self {
        Self {
            source,
            at,
            world,
            answers: BTreeMap::new(),
        }
    }

    pub async fn alert(
        &mut self,
        name: &str,
        labels: &[(String, Template)],
        annotations: &[(String, Template)],
        element: &Element,
    ) -> Found {
        let own = element
            .labels
            .iter()
            .filter(|(name, _)| *name != "__name__");
        let mut all: Vec<(String, String)> = own
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        for (label, template) in labels {
            all.push((label.clone(), self.text(name, template, element).await));
        }
        all.push(("alertname".to_owned(), name.to_owned()));
        let mut told = Vec::with_capacity(annotations.len());
        for (annotation, template) in annotations {
            told.push((annotation.clone(), self.text(name, template, element).await));
        }
        Found {
            labels: Labels::new(all),
            annotations: Labels::new(told),
            value: element.value.clone(),
        }
    }

    /// A template that cannot be written out says so in its place: the alert is worth more than its words.
    async fn text(&mut self, alert: &str, template: &Template, element: &Element) -> String {
        for _ in 0..=QUERIES_MAX {
            let scope = Scope {
                labels: &element.labels,
                value: &element.value,
                external_labels: &self.world.external_labels,
                external_url: &self.world.external_url,
                at: self.at,
                answers: &self.answers,
            };
            let why = match template.render(&scope) {
                Ok(text) => return text,
                Err(Stop::Wrong(why)) => why,
                Err(Stop::Wants(query)) => match self.ask(&query).await {
                    Ok(elements) => {
                        self.answers.insert(query, elements);
                        continue;
                    }
                    Err(why) => why,
                },
            };
            tracing::warn!(alert, why, "a template could not be written out");
            return format!("<error expanding template: {why}>");
        }
        format!("<error expanding template: it asks more than {QUERIES_MAX} queries>")
    }

    async fn ask(&self, text: &str) -> Result<Vec<Element>, String> {
        let query = Query::parse(text).map_err(|why| why.to_string())?;
        let answer = self.source.query(&query, self.at).await;
        match answer.map_err(|why| why.to_string())?.value {
            Value::Vector(elements) => Ok(elements),
            Value::Scalar(value) => Ok(vec![Element {
                labels: Labels::default(),
                value: promql::Number::Float(value),
            }]),
            Value::String(_) | Value::Matrix(_) => {
                Err("query result is not a vector or scalar".to_owned())
            }
        }
    }
}
