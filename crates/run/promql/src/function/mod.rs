//! The functions, one file a family. To add one: a line in [`Function::named`]'s table and its arm.

mod histogram;
mod label;
mod math;
mod over_time;
mod rate;
mod time;

use crate::{
    EvalError, Labels,
    plan::Node,
    run::{Held, Item, Run, Windows, vector},
};

/// A function as a query names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Function {
    name: &'static str,
    family: Family,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Math,
    Rate,
    OverTime,
    Time,
    Label,
    Histogram,
    Shape,
}

const FUNCTIONS: &[(Family, &[&str])] = &[
    (Family::Math, math::NAMES),
    (Family::Rate, rate::NAMES),
    (Family::OverTime, over_time::NAMES),
    (Family::Time, time::NAMES),
    (Family::Label, label::NAMES),
    (Family::Histogram, histogram::NAMES),
    (
        Family::Shape,
        &[
            "absent",
            "absent_over_time",
            "scalar",
            "sort",
            "sort_desc",
            "vector",
        ],
    ),
];

impl Function {
    pub fn named(name: &str) -> Option<Self> {
        FUNCTIONS.iter().find_map(|(family, names)| {
            names.iter().find(|n| **n == name).map(|name| Self {
                name,
                family: *family,
            })
        })
    }

    pub fn name(self) -> &'static str {
        self.name
    }
}

/// The arguments of one call at one instant, evaluated when asked for.
pub(crate) struct Args<'a, 'r> {
    pub run: &'a Run<'r>,
    pub nodes: &'a [Node],
    pub at: i64,
}

impl<'a> Args<'a, '_> {
    fn node(&self, index: usize) -> Result<&'a Node, EvalError> {
        self.nodes
            .get(index)
            .ok_or_else(|| EvalError::BadArgument(format!("argument {} is missing", index + 1)))
    }

    fn vector(&self, index: usize) -> Result<Vec<Item>, EvalError> {
        vector(
            self.run.evaluate(self.node(index)?, self.at)?,
            "this function",
        )
    }

    fn windows(&self, index: usize) -> Result<Windows<'a>, EvalError> {
        self.run.windows(self.node(index)?, self.at)
    }

    fn scalar(&self, index: usize) -> Result<f64, EvalError> {
        match self.run.evaluate(self.node(index)?, self.at)? {
            Held::Scalar(value) => Ok(value),
            _ => Err(EvalError::WrongType {
                function: "this function",
                wanted: "scalar",
            }),
        }
    }

    fn text(&self, index: usize) -> Result<String, EvalError> {
        match self.run.evaluate(self.node(index)?, self.at)? {
            Held::String(text) => Ok(text),
            _ => Err(EvalError::WrongType {
                function: "this function",
                wanted: "string",
            }),
        }
    }

    /// One number for each series of a range vector; series for which there is none are left out.
    fn each_window(
        &self,
        index: usize,
        f: impl Fn(&[(i64, f64)], &Windows<'_>) -> Option<f64>,
    ) -> Result<Held, EvalError> {
        let windows = self.windows(index)?;
        let rows = windows.rows.iter().filter_map(|row| {
            let value = f(&row.points, &windows)?;
            Some(Item {
                labels: row.labels.without_name(),
                at: self.at,
                value,
            })
        });
        Ok(Held::Vector(rows.collect()))
    }
}

pub(crate) fn call(function: Function, args: &Args<'_, '_>) -> Result<Held, EvalError> {
    let name = function.name;
    match function.family {
        Family::Math => math::call(name, args),
        Family::Rate => rate::call(name, args),
        Family::OverTime => over_time::call(name, args),
        Family::Time => time::call(name, args),
        Family::Label => label::call(name, args),
        Family::Histogram => histogram::call(args),
        Family::Shape => shape(name, args),
    }
}

fn shape(name: &str, args: &Args<'_, '_>) -> Result<Held, EvalError> {
    match name {
        "vector" => {
            let value = args.scalar(0)?;
            Ok(Held::Vector(vec![Item {
                labels: Labels::default(),
                at: args.at,
                value,
            }]))
        }
        "scalar" => {
            let samples = args.vector(0)?;
            Ok(Held::Scalar(if let [only] = samples.as_slice() {
                only.value
            } else {
                f64::NAN
            }))
        }
        "absent" => Ok(Held::Vector(absent(args, args.vector(0)?.is_empty())?)),
        "absent_over_time" => Ok(Held::Vector(absent(
            args,
            args.windows(0)?.rows.is_empty(),
        )?)),
        _ => {
            let mut samples = args.vector(0)?;
            let descending = name == "sort_desc";
            samples.sort_by(|a, b| match (a.value.is_nan(), b.value.is_nan()) {
                (false, false) if descending => b.value.total_cmp(&a.value),
                (false, false) => a.value.total_cmp(&b.value),
                (a_nan, b_nan) => a_nan.cmp(&b_nan),
            });
            Ok(Held::Vector(samples))
        }
    }
}

/// 1 with the labels that the selector fixes, where it found nothing.
fn absent(args: &Args<'_, '_>, is_absent: bool) -> Result<Vec<Item>, EvalError> {
    if !is_absent {
        return Ok(Vec::new());
    }
    let matchers = args.run.matchers(args.node(0)?);
    let fixed = matchers.iter().filter_map(|matcher| match &matcher.test {
        promise::signal::Match::Equal(value)
            if matcher.name != crate::series::NAME
                && matchers
                    .iter()
                    .filter(|other| other.name == matcher.name)
                    .count()
                    == 1 =>
        {
            Some((matcher.name.as_str(), value.as_str()))
        }
        _ => None,
    });
    Ok(vec![Item {
        labels: Labels::new(fixed),
        at: args.at,
        value: 1.0,
    }])
}
