//! From tree to text.

use std::collections::BTreeMap;

use super::{
    Scope, Stop, function,
    syntax::{Command, Head, Node, Operand, Pipeline},
    value::Value,
};

/// Nodes and commands that one rendering may run: thousands of elements in a range still fit.
const STEPS_MAX: usize = 100_000;
/// A label or an annotation; a person reads less.
const OUTPUT_BYTES_MAX: usize = 256 << 10;
/// Definitions that call one another.
const CALLS_MAX: usize = 64;

pub(super) fn render(body: &[Node], scope: &Scope<'_>) -> Result<String, Stop> {
    let external = Value::Labels(scope.external_labels.clone());
    let root = Value::Map(BTreeMap::from([
        ("Labels".to_owned(), Value::Labels(scope.labels.clone())),
        ("Value".to_owned(), Value::from(scope.value)),
        ("ExternalLabels".to_owned(), external.clone()),
        (
            "ExternalURL".to_owned(),
            Value::Text(scope.external_url.to_owned()),
        ),
    ]));
    let variables = vec![
        (String::new(), root.clone()),
        ("labels".to_owned(), Value::Labels(scope.labels.clone())),
        ("externalLabels".to_owned(), external),
        (
            "externalURL".to_owned(),
            Value::Text(scope.external_url.to_owned()),
        ),
        ("value".to_owned(), Value::from(scope.value)),
    ];
    let mut definitions = BTreeMap::new();
    collect(body, &mut definitions);
    let mut run = Run {
        scope,
        definitions,
        variables,
        out: String::new(),
        steps: 0,
        calls: 0,
    };
    run.body(body, &root)?;
    Ok(run.out)
}

fn collect<'t>(body: &'t [Node], found: &mut BTreeMap<&'t str, &'t [Node]>) {
    for node in body {
        if let Node::Define(name, body) = node {
            found.insert(name, body);
            collect(body, found);
        }
    }
}

struct Run<'t> {
    scope: &'t Scope<'t>,
    definitions: BTreeMap<&'t str, &'t [Node]>,
    /// The innermost last.
    variables: Vec<(String, Value)>,
    out: String,
    steps: usize,
    calls: usize,
}

/// How a body ended.
#[derive(PartialEq)]
enum Flow {
    On,
    Break,
    Continue,
}

impl<'t> Run<'t> {
    fn step(&mut self) -> Result<(), Stop> {
        self.steps += 1;
        if self.steps > STEPS_MAX || self.out.len() > OUTPUT_BYTES_MAX {
            return Err(Stop::Wrong(
                "the template is too long to be rendered".to_owned(),
            ));
        }
        Ok(())
    }

    fn body(&mut self, body: &'t [Node], dot: &Value) -> Result<Flow, Stop> {
        let known = self.variables.len();
        for node in body {
            let flow = self.node(node, dot)?;
            if flow != Flow::On {
                self.variables.truncate(known);
                return Ok(flow);
            }
        }
        self.variables.truncate(known);
        Ok(Flow::On)
    }

    fn node(&mut self, node: &'t Node, dot: &Value) -> Result<Flow, Stop> {
        self.step()?;
        match node {
            Node::Text(text) => self.out.push_str(text),
            Node::Action(pipeline) => {
                let value = self.pipeline(pipeline, dot)?;
                if pipeline.variables.is_empty() {
                    self.out.push_str(&value.show());
                }
            }
            Node::If(cases, otherwise) => {
                let known = self.variables.len();
                let mut chosen = otherwise;
                for (pipeline, body) in cases {
                    if self.pipeline(pipeline, dot)?.is_true() {
                        chosen = body;
                        break;
                    }
                }
                let flow = self.body(chosen, dot);
                self.variables.truncate(known);
                return flow;
            }
            Node::With(cases, otherwise) => {
                let known = self.variables.len();
                let mut chosen = (otherwise, dot.clone());
                for (pipeline, body) in cases {
                    let value = self.pipeline(pipeline, dot)?;
                    if value.is_true() {
                        chosen = (body, value);
                        break;
                    }
                }
                let flow = self.body(chosen.0, &chosen.1);
                self.variables.truncate(known);
                return flow;
            }
            Node::Range(pipeline, body, otherwise) => {
                return self.range(pipeline, body, otherwise, dot);
            }
            Node::Define(..) => {}
            Node::Template(name, pipeline) => {
                let dot = match pipeline {
                    Some(pipeline) => self.pipeline(pipeline, dot)?,
                    None => Value::Nil,
                };
                let Some(body) = self.definitions.get(name.as_str()).copied() else {
                    return Err(Stop::Wrong(format!("template {name:?} not defined")));
                };
                self.calls += 1;
                if self.calls > CALLS_MAX {
                    return Err(Stop::Wrong("exceeded maximum template depth".to_owned()));
                }
                // A definition sees no variables but `$`.
                let outer =
                    std::mem::replace(&mut self.variables, vec![(String::new(), dot.clone())]);
                self.body(body, &dot)?;
                self.variables = outer;
                self.calls -= 1;
            }
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    fn range(
        &mut self,
        pipeline: &'t Pipeline,
        body: &'t [Node],
        otherwise: &'t [Node],
        dot: &Value,
    ) -> Result<Flow, Stop> {
        let known = self.variables.len();
        let over = self.value(pipeline, dot)?;
        let keyed = |place: usize| Value::Int(i64::try_from(place).unwrap_or(i64::MAX));
        let items: Vec<(Value, Value)> = match over {
            Value::List(items) => items
                .into_iter()
                .enumerate()
                .map(|(place, item)| (keyed(place), item))
                .collect(),
            Value::Map(entries) => entries
                .into_iter()
                .map(|(name, value)| (Value::Text(name), value))
                .collect(),
            Value::Labels(labels) => labels
                .iter()
                .map(|(name, value)| (Value::Text(name.to_owned()), Value::Text(value.to_owned())))
                .collect(),
            Value::Nil => Vec::new(),
            other => {
                return Err(Stop::Wrong(format!(
                    "range can't iterate over {}",
                    other.kind()
                )));
            }
        };
        if items.is_empty() {
            return self.body(otherwise, dot);
        }
        for (key, item) in items {
            self.step()?;
            match pipeline.variables.as_slice() {
                [one] => self.set(one, item.clone(), pipeline.assigns)?,
                [one, two] => {
                    self.set(one, key, pipeline.assigns)?;
                    self.set(two, item.clone(), pipeline.assigns)?;
                }
                _ => {}
            }
            let flow = self.body(body, &item)?;
            self.variables.truncate(known);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::On)
    }

    fn set(&mut self, name: &str, value: Value, assigns: bool) -> Result<(), Stop> {
        if !assigns {
            self.variables.push((name.to_owned(), value));
            return Ok(());
        }
        let known = self
            .variables
            .iter_mut()
            .rev()
            .find(|(known, _)| known == name);
        match known {
            Some((_, place)) => {
                *place = value;
                Ok(())
            }
            None => Err(Stop::Wrong(format!("undefined variable: ${name}"))),
        }
    }

    /// The value of a pipeline, put into its variable where it has one.
    fn pipeline(&mut self, pipeline: &'t Pipeline, dot: &Value) -> Result<Value, Stop> {
        let value = self.value(pipeline, dot)?;
        if let [name] = pipeline.variables.as_slice() {
            self.set(name, value.clone(), pipeline.assigns)?;
        }
        Ok(value)
    }

    fn value(&mut self, pipeline: &'t Pipeline, dot: &Value) -> Result<Value, Stop> {
        let mut last = None;
        for command in &pipeline.commands {
            self.step()?;
            last = Some(self.command(command, last, dot)?);
        }
        Ok(last.unwrap_or(Value::Nil))
    }

    fn command(
        &mut self,
        command: &'t Command,
        piped: Option<Value>,
        dot: &Value,
    ) -> Result<Value, Stop> {
        let Some((first, rest)) = command.split_first() else {
            return Ok(Value::Nil);
        };
        if let Head::Function(name) = &first.head {
            return self.call(name, &first.fields, rest, piped, dot);
        }
        if !rest.is_empty() || piped.is_some() {
            return Err(Stop::Wrong(
                "can't give argument to non-function".to_owned(),
            ));
        }
        self.operand(first, dot)
    }

    fn call(
        &mut self,
        name: &str,
        fields: &[String],
        rest: &'t [Operand],
        piped: Option<Value>,
        dot: &Value,
    ) -> Result<Value, Stop> {
        // `and` and `or` look no further than they must.
        if matches!(name, "and" | "or") {
            let mut last = Value::Nil;
            for operand in rest {
                last = self.operand(operand, dot)?;
                if last.is_true() == (name == "or") {
                    return Ok(last);
                }
            }
            return Ok(piped.unwrap_or(last));
        }
        let mut args = Vec::with_capacity(rest.len() + 1);
        for operand in rest {
            args.push(self.operand(operand, dot)?);
        }
        args.extend(piped);
        through(function::call(name, &args, self.scope)?, fields)
    }

    fn operand(&mut self, operand: &'t Operand, dot: &Value) -> Result<Value, Stop> {
        let head = match &operand.head {
            Head::Dot => dot.clone(),
            Head::Variable(name) => {
                let known = self.variables.iter().rev().find(|(known, _)| known == name);
                match known {
                    Some((_, value)) => value.clone(),
                    None => return Err(Stop::Wrong(format!("undefined variable: ${name}"))),
                }
            }
            Head::Function(name) => return self.call(name, &operand.fields, &[], None, dot),
            Head::Text(text) => Value::Text(text.clone()),
            Head::Int(value) => Value::Int(*value),
            Head::Float(value) => Value::Float(*value),
            Head::Bool(value) => Value::Bool(*value),
            Head::Nil => Value::Nil,
            Head::Parens(pipeline) => self.pipeline(pipeline, dot)?,
        };
        through(head, &operand.fields)
    }
}

fn through(value: Value, fields: &[String]) -> Result<Value, Stop> {
    fields
        .iter()
        .try_fold(value, |value, name| value.field(name))
        .map_err(Stop::Wrong)
}
