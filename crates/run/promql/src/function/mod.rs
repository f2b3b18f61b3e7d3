//! Every function of the language: what it takes, what it gives, and what does its work.

mod clock;
mod histogram;
mod info;
mod label;
mod math;
mod order;
mod over_time;
mod quantile;
pub(crate) mod rate;
mod shape;
mod trend;

use crate::{
    EvalError, Histogram, Number,
    run::{Row, Run, Said, Steps, Window},
    syntax::{Expr, Type},
};

pub(crate) use clock::at_steps;
pub(crate) use info::matchers as info_matchers;
pub(crate) use label::is_label_name;
pub(crate) use math::{larger, smaller};
pub(crate) use shape::absent_labels;

/// One function.
#[derive(Debug)]
pub(crate) struct Function {
    pub name: &'static str,
    pub takes: &'static [Type],
    /// How many arguments of the last type may follow the others: that one may be left out, too. None: any.
    pub more: Option<usize>,
    pub gives: Type,
    /// Whether the step itself goes into the value.
    pub reads_clock: bool,
    pub work: Work,
}

/// One window of one series, the scalar arguments at that step.
type OverWindow = fn(&Window<'_>, &[f64], &mut Said<'_, '_>) -> Result<Option<Number>, EvalError>;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Over {
    Any(OverWindow),
    Rate(rate::Kind),
    /// 1 where no series has a sample.
    Absent,
}

/// Changes the values of a row.
pub(crate) type Change<'c> = Box<dyn FnMut(&mut Row) -> Result<(), EvalError> + 'c>;
type Changes =
    for<'c> fn(&'c Run<'_>, &'c [Expr], Steps) -> Result<(&'c Expr, Change<'c>), EvalError>;
type Vectors = fn(&Run<'_>, &Expr, &[Expr], Steps) -> Result<Vec<Row>, EvalError>;
type Scalars = fn(&Run<'_>, &[Expr], Steps) -> Result<Vec<f64>, EvalError>;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Work {
    /// Of the windows of a range vector, which is the argument `matrix`.
    OverRange {
        over: Over,
        matrix: usize,
    },
    /// Of each float by itself.
    Float(fn(f64) -> f64),
    /// Of each histogram by itself.
    OfHistogram(fn(&Histogram) -> f64),
    /// Of the calendar at each float, or at the step.
    Calendar(fn(clock::Civil) -> i64),
    /// Of each value, with arguments.
    Element(Changes),
    /// Of whole vectors.
    Vector(Vectors),
    Scalar(Scalars),
}

const S: Type = Type::Scalar;
const V: Type = Type::Vector;
const M: Type = Type::Matrix;
const T: Type = Type::Text;

const fn function(name: &'static str, takes: &'static [Type], work: Work) -> Function {
    Function {
        name,
        takes,
        more: Some(0),
        gives: Type::Vector,
        reads_clock: false,
        work,
    }
}

const fn range(name: &'static str, work: OverWindow) -> Function {
    let over = Over::Any(work);
    function(name, &[M], Work::OverRange { over, matrix: 0 })
}

const fn rate_of(name: &'static str, kind: rate::Kind) -> Function {
    let over = Over::Rate(kind);
    function(name, &[M], Work::OverRange { over, matrix: 0 })
}

const fn float(name: &'static str, work: fn(f64) -> f64) -> Function {
    function(name, &[V], Work::Float(work))
}

const fn of_histogram(name: &'static str, work: fn(&Histogram) -> f64) -> Function {
    function(name, &[V], Work::OfHistogram(work))
}

const fn calendar(name: &'static str, work: fn(clock::Civil) -> i64) -> Function {
    Function {
        more: Some(1),
        reads_clock: true,
        ..function(name, &[V], Work::Calendar(work))
    }
}

const fn vectors(name: &'static str, takes: &'static [Type], work: Vectors) -> Function {
    function(name, takes, Work::Vector(work))
}

const fn scalar(name: &'static str, takes: &'static [Type], work: Scalars) -> Function {
    Function {
        gives: Type::Scalar,
        ..function(name, takes, Work::Scalar(work))
    }
}

const fn with_more(function: Function, more: Option<usize>) -> Function {
    Function { more, ..function }
}

const fn with_clock(function: Function) -> Function {
    Function {
        reads_clock: true,
        ..function
    }
}

const fn ranged(
    name: &'static str,
    takes: &'static [Type],
    work: OverWindow,
    matrix: usize,
) -> Function {
    let over = Over::Any(work);
    function(name, takes, Work::OverRange { over, matrix })
}

/// In the order of their names.
pub(crate) static FUNCTIONS: &[Function] = &[
    float("abs", f64::abs),
    vectors("absent", &[V], shape::absent),
    function(
        "absent_over_time",
        &[M],
        Work::OverRange {
            over: Over::Absent,
            matrix: 0,
        },
    ),
    float("acos", f64::acos),
    float("acosh", f64::acosh),
    float("asin", f64::asin),
    float("asinh", f64::asinh),
    float("atan", f64::atan),
    float("atanh", f64::atanh),
    range("avg_over_time", over_time::avg),
    float("ceil", f64::ceil),
    range("changes", trend::changes),
    function("clamp", &[V, S, S], Work::Element(math::clamp)),
    function("clamp_max", &[V, S], Work::Element(math::clamp_max)),
    function("clamp_min", &[V, S], Work::Element(math::clamp_min)),
    float("cos", f64::cos),
    float("cosh", f64::cosh),
    range("count_over_time", over_time::count),
    calendar("day_of_month", clock::day_of_month),
    calendar("day_of_week", clock::day_of_week),
    calendar("day_of_year", clock::day_of_year),
    calendar("days_in_month", clock::days_in_month),
    float("deg", math::deg),
    rate_of("delta", rate::Kind::Delta),
    range("deriv", trend::deriv),
    ranged(
        "double_exponential_smoothing",
        &[M, S, S],
        trend::double_exponential_smoothing,
        0,
    ),
    float("exp", f64::exp),
    float("floor", f64::floor),
    of_histogram("histogram_avg", histogram::avg),
    of_histogram("histogram_count", |histogram| histogram.count),
    vectors("histogram_fraction", &[S, S, V], quantile::fraction),
    vectors("histogram_quantile", &[S, V], quantile::quantile),
    of_histogram("histogram_stddev", |histogram| {
        histogram::variance(histogram).sqrt()
    }),
    of_histogram("histogram_stdvar", histogram::variance),
    of_histogram("histogram_sum", |histogram| histogram.sum),
    calendar("hour", clock::hour),
    range("idelta", |window, _, said| {
        Ok(rate::last_two(window, false, said))
    }),
    rate_of("increase", rate::Kind::Increase),
    with_more(vectors("info", &[V, V], info::join), Some(1)),
    range("irate", |window, _, said| {
        Ok(rate::last_two(window, true, said))
    }),
    with_more(vectors("label_join", &[V, T, T, T], label::join), None),
    vectors("label_replace", &[V, T, T, T, T], label::replace),
    range("last_over_time", over_time::last),
    float("ln", f64::ln),
    float("log10", f64::log10),
    float("log2", f64::log2),
    range("mad_over_time", over_time::mad),
    range("max_over_time", over_time::max),
    range("min_over_time", over_time::min),
    calendar("minute", clock::minute),
    calendar("month", clock::month),
    scalar("pi", &[], |_, _, steps| {
        Ok(vec![std::f64::consts::PI; steps.count])
    }),
    with_clock(ranged("predict_linear", &[M, S], trend::predict_linear, 0)),
    range("present_over_time", over_time::present),
    ranged("quantile_over_time", &[S, M], over_time::quantile, 1),
    float("rad", math::rad),
    rate_of("rate", rate::Kind::Rate),
    range("resets", trend::resets),
    with_more(
        function("round", &[V, S], Work::Element(math::round)),
        Some(1),
    ),
    scalar("scalar", &[V], shape::scalar),
    float("sgn", math::sgn),
    float("sin", f64::sin),
    float("sinh", f64::sinh),
    vectors("sort", &[V], order::sort),
    with_more(vectors("sort_by_label", &[V, T], order::by_label), None),
    with_more(
        vectors("sort_by_label_desc", &[V, T], order::by_label_desc),
        None,
    ),
    vectors("sort_desc", &[V], order::sort_desc),
    float("sqrt", f64::sqrt),
    range("stddev_over_time", over_time::stddev),
    range("stdvar_over_time", over_time::stdvar),
    range("sum_over_time", over_time::sum),
    float("tan", f64::tan),
    float("tanh", f64::tanh),
    with_clock(scalar("time", &[], clock::time)),
    with_clock(vectors("timestamp", &[V], clock::timestamp)),
    range("ts_of_last_over_time", over_time::ts_of_last),
    range("ts_of_max_over_time", over_time::ts_of_max),
    range("ts_of_min_over_time", over_time::ts_of_min),
    vectors("vector", &[S], shape::vector),
    calendar("year", clock::year),
];

impl Function {
    pub fn named(name: &str) -> Option<&'static Self> {
        FUNCTIONS.iter().find(|function| function.name == name)
    }
}

impl Work {
    /// How the values of a vector change, for functions that look at each by itself.
    pub fn change<'c>(
        self,
        run: &'c Run<'_>,
        args: &'c [Expr],
        steps: Steps,
    ) -> Result<Option<(&'c Expr, Change<'c>)>, EvalError> {
        let Some(of) = args.first() else {
            return Ok(None);
        };
        Ok(match self {
            Self::Float(work) => Some((of, math::each_float(work))),
            Self::OfHistogram(work) => Some((of, histogram::each(work))),
            Self::Calendar(work) => Some((of, math::each_float(move |at| clock::part(work, at)))),
            Self::Element(changes) => Some(changes(run, args, steps)?),
            _ => None,
        })
    }
}

/// The text of an argument that is one.
fn text(args: &[Expr], index: usize) -> &str {
    match args.get(index).map(|arg| &arg.bare().kind) {
        Some(crate::syntax::Kind::Text(text)) => text,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_stand_in_order_and_once() {
        assert!(FUNCTIONS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }
}
