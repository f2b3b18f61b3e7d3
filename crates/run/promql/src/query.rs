//! The door: parse a text, say what it needs, answer at an instant or over a range.

use std::{collections::HashSet, time::Duration};

use promise::{Timestamp, signal::Matcher};

use crate::{
    Answer, Element, EvalError, Labels, Number, Options, ParseError, Series, SeriesSource, Value,
    function::info_matchers,
    run::{Held, Row, Run, Steps},
    syntax::{self, Expr, Kind, Selector, Type},
};

/// How far back a sample still speaks for its series; Prometheus's default.
pub const LOOK_BACK: Duration = Duration::from_secs(300);

/// Steps of one range query. Prometheus refuses more than this, so that a chart cannot flatten a server.
const STEPS_MAX: usize = 11_000;

/// A parsed query. Cheap to keep, and the same for every run.
#[derive(Debug, Clone)]
pub struct Query {
    text: String,
    root: Expr,
    /// How many selectors stand in it.
    selectors: usize,
    options: Options,
}

/// Series that a query needs, and from when to when (both ends included).
#[derive(Debug, Clone)]
pub struct Selection {
    pub matchers: Vec<Matcher>,
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Query {
    /// Reads and type-checks a text of bounded length and depth.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let (root, selectors) = syntax::expression(text)?;
        Ok(Self {
            text: text.to_owned(),
            root,
            selectors,
            options: Options::default(),
        })
    }

    /// The same query under other options.
    #[must_use]
    pub fn with(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.trim()
    }

    /// The query as Prometheus would write it, over several lines where it is long.
    #[must_use]
    pub fn format(&self) -> String {
        syntax::pretty(&self.root)
    }

    /// Its tree, as Prometheus's `/api/v1/parse_query` tells it.
    #[must_use]
    pub fn tree(&self) -> serde_json::Value {
        syntax::ast(&self.root)
    }

    /// The selectors of the part and of the whole, where it divides a sum of rates by another.
    #[must_use]
    pub fn as_ratio(&self) -> Option<(String, String)> {
        syntax::ratio(&self.root)
    }

    /// What kind of value it gives: `scalar`, `string`, `instant vector` or `range vector`.
    #[must_use]
    pub fn gives(&self) -> &'static str {
        self.root.gives().name()
    }

    /// The matchers, when the whole text is one series selector at no other time.
    #[must_use]
    pub fn as_selector(&self) -> Option<&[Matcher]> {
        match &self.root.kind {
            Kind::Vector(only) if only.when.at.is_none() && only.when.offset.is_none() => {
                Some(&only.matchers)
            }
            _ => None,
        }
    }

    /// What to fetch before evaluating anywhere between `from` and `to`.
    #[must_use]
    pub fn selections(&self, from: Timestamp, to: Timestamp) -> Vec<Selection> {
        let span = (from.as_millis(), to.as_millis());
        let mut found = Vec::new();
        self.stretches(&self.root, span, span, &mut found);
        found
    }

    fn stretches(
        &self,
        expr: &Expr,
        seen: (i64, i64),
        span: (i64, i64),
        found: &mut Vec<Selection>,
    ) {
        let look_back = i64::try_from(self.options.look_back.as_millis()).unwrap_or(i64::MAX);
        let stretch = |when: &syntax::When, back: i64| {
            let from = when.instant(seen.0, span).saturating_sub(back);
            (from, when.instant(seen.1, span))
        };
        let selection = |matchers: Vec<Matcher>, (from, to): (i64, i64)| Selection {
            matchers,
            from: Timestamp::from_millis(from),
            to: Timestamp::from_millis(to),
        };
        match &expr.kind {
            Kind::Vector(selector) => {
                let stretch = stretch(&selector.when, look_back);
                found.push(selection(selector.matchers.clone(), stretch));
            }
            Kind::Matrix { selector, range } => {
                let stretch = stretch(&selector.when, range.millis);
                found.push(selection(selector.matchers.clone(), stretch));
            }
            Kind::Subquery {
                of, range, when, ..
            } => {
                self.stretches(of, stretch(when, range.millis), span, found);
            }
            Kind::Call { function, args } if function.name == "info" => {
                if let Some(of) = args.first() {
                    self.stretches(of, seen, span, found);
                }
                let stretch = (seen.0.saturating_sub(look_back), seen.1);
                found.push(selection(info_matchers(args.get(1)), stretch));
            }
            _ => {
                for child in expr.children() {
                    self.stretches(child, seen, span, found);
                }
            }
        }
    }

    /// The matchers of each selector in the text, in its order.
    pub fn selectors(&self) -> impl Iterator<Item = &[Matcher]> {
        let mut all: Vec<&Selector> = Vec::new();
        visit(&self.root, &mut |expr| {
            if let Kind::Vector(selector) | Kind::Matrix { selector, .. } = &expr.kind {
                all.push(selector);
            }
        });
        all.sort_by_key(|selector| selector.id);
        all.into_iter().map(|selector| selector.matchers.as_slice())
    }

    /// The answer at one instant.
    pub fn instant(
        &self,
        at: Timestamp,
        data: &(impl SeriesSource + ?Sized),
    ) -> Result<Answer, EvalError> {
        let steps = Steps::one(at.as_millis());
        let run = self.run(data, steps);
        let value = if self.root.gives() == Type::Matrix {
            Value::Matrix(self.matrix(&run, steps)?)
        } else {
            match run.value(&self.root, steps)? {
                Held::Scalar(values) => Value::Scalar(values[0]),
                Held::Text(text) => Value::String(text),
                Held::Rows(mut rows) => {
                    drop_names(&mut rows)?;
                    Value::Vector(rows.into_iter().filter_map(element).collect())
                }
            }
        };
        Ok(Answer {
            value,
            notes: run.notes.read(&self.text),
        })
    }

    /// The answer at `from`, `from + step`, … up to `to`: always a matrix, in the order of labels.
    pub fn range(
        &self,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
        data: &(impl SeriesSource + ?Sized),
    ) -> Result<Answer, EvalError> {
        let found = self.root.gives();
        if !matches!(found, Type::Scalar | Type::Vector) {
            return Err(EvalError::NotForRange {
                found: found.name(),
            });
        }
        let steps = steps(from.as_millis(), to.as_millis(), step)?;
        let run = self.run(data, steps);
        let mut all = Vec::new();
        if steps.count > 0 {
            match found {
                Type::Scalar => all.push(
                    Row {
                        floats: run.scalar(&self.root, steps)?,
                        ..Row::default()
                    }
                    .into_series(steps),
                ),
                _ => self.each_series(&run, steps, &mut all)?,
            }
        }
        all.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(Answer {
            value: Value::Matrix(all),
            notes: run.notes.read(&self.text),
        })
    }

    fn run<'r>(&self, data: &'r (impl SeriesSource + ?Sized), steps: Steps) -> Run<'r> {
        let span = (steps.start, steps.end());
        Run::new(&self.root, self.selectors, self.options, data, span)
    }

    /// Each row becomes a series as it passes by.
    fn each_series(
        &self,
        run: &Run<'_>,
        steps: Steps,
        all: &mut Vec<Series>,
    ) -> Result<(), EvalError> {
        let mut late = self.options.late_name_removal.then(HashSet::new);
        run.each(&self.root, steps, &mut |row| {
            run.hold(steps.count)?;
            row.settle(false);
            if late
                .as_mut()
                .is_some_and(|seen| !seen.insert(row.labels.clone()))
            {
                return Err(EvalError::SameLabels);
            }
            all.push(Series {
                samples: row.samples(steps),
                histograms: row.histogram_samples(steps),
                labels: row.labels.clone(),
                exemplars: Vec::new(),
            });
            Ok(())
        })
    }

    /// The samples of a range vector as they are.
    fn matrix(&self, run: &Run<'_>, steps: Steps) -> Result<Vec<Series>, EvalError> {
        let mut windows = run.windows(&self.root, steps)?;
        let (from, to) = windows.bounds(steps.start);
        let all = std::mem::replace(&mut windows.all, Box::new(std::iter::empty()));
        let mut found = Vec::new();
        for ranged in all {
            let inside = |at: Timestamp| at.as_millis() > from && at.as_millis() <= to;
            let floats = ranged.floats.iter().filter(|sample| inside(sample.at));
            let histograms = ranged.histograms.iter().filter(|sample| inside(sample.at));
            let series = Series {
                samples: floats.copied().collect(),
                histograms: histograms.cloned().collect(),
                labels: ranged.labels,
                exemplars: Vec::new(),
            };
            run.hold(series.len())?;
            if !series.is_empty() {
                found.push(series);
            }
        }
        found.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(found)
    }
}

fn steps(from: i64, to: i64, step: Duration) -> Result<Steps, EvalError> {
    let step = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
    if step <= 0 {
        return Err(EvalError::NoStep);
    }
    let count = if to < from {
        0
    } else {
        to.saturating_sub(from) / step + 1
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    // Between so many steps lies one instant more.
    if count > STEPS_MAX + 1 {
        return Err(EvalError::TooManySteps { limit: STEPS_MAX });
    }
    Ok(Steps {
        start: from,
        step,
        count,
    })
}

/// Removes the names that were to be removed at the end, and refuses what can then not be told apart.
fn drop_names(rows: &mut [Row]) -> Result<(), EvalError> {
    if !rows.iter().any(|row| row.drop_name) {
        return Ok(());
    }
    let mut seen: HashSet<Labels> = HashSet::with_capacity(rows.len());
    for row in rows {
        row.settle(false);
        if !seen.insert(row.labels.clone()) {
            return Err(EvalError::SameLabels);
        }
    }
    Ok(())
}

fn element(row: Row) -> Option<Element> {
    let value: Number = row.get(0)?;
    Some(Element {
        labels: row.labels,
        value,
    })
}

/// Every node, parents first.
pub(crate) fn visit<'e>(expr: &'e Expr, see: &mut impl FnMut(&'e Expr)) {
    see(expr);
    for child in expr.children() {
        visit(child, see);
    }
}
