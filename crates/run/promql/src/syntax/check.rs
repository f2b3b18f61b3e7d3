//! Types: what may stand where.

use super::tree::{Binary, Cards, Expr, Fold, Kind, Op, Selector, Type};
use crate::{ParseError, function::Function, series::NAME};

pub(super) fn check(expr: &Expr) -> Result<(), ParseError> {
    match &expr.kind {
        Kind::Vector(selector) | Kind::Matrix { selector, .. } => vector(expr, selector)?,
        Kind::Call { function, args } => return call(expr, function, args),
        _ => {}
    }
    expr.children().into_iter().try_for_each(check)?;
    match &expr.kind {
        Kind::Subquery { of, .. } if of.gives() != Type::Vector => Err(ParseError::at(
            expr.start,
            format!(
                "subquery is only allowed on instant vector, got {} instead",
                of.gives().name()
            ),
        )),
        Kind::Unary { of, .. } if !matches!(of.gives(), Type::Scalar | Type::Vector) => {
            Err(ParseError::at(
                expr.start,
                format!(
                    "unary expression only allowed on expressions of type scalar or instant vector, got {:?}",
                    of.gives().name()
                ),
            ))
        }
        Kind::Binary(pair) => binary(expr, pair),
        Kind::Aggregate(fold) => {
            expect(&fold.of, Type::Vector, "aggregation expression")?;
            let wanted = if fold.fold == Fold::CountValues {
                Type::Text
            } else {
                Type::Scalar
            };
            fold.param
                .iter()
                .try_for_each(|param| expect(param, wanted, "aggregation parameter"))
        }
        _ => Ok(()),
    }
}

fn expect(expr: &Expr, wanted: Type, context: &str) -> Result<(), ParseError> {
    if expr.gives() == wanted {
        return Ok(());
    }
    Err(ParseError::at(
        expr.start,
        format!(
            "expected type {} in {context}, got {}",
            wanted.name(),
            expr.gives().name()
        ),
    ))
}

fn binary(expr: &Expr, pair: &Binary) -> Result<(), ParseError> {
    let (left, right) = (pair.left.gives(), pair.right.gives());
    let wrong = |message: String| Err(ParseError::at(expr.start, message));
    if pair.returns_bool && !pair.op.is_comparison() {
        return wrong("bool modifier can only be used on comparison operators".to_owned());
    }
    for side in [&pair.left, &pair.right] {
        if !matches!(side.gives(), Type::Scalar | Type::Vector) {
            let message = "binary expression must contain only scalar and instant vector types";
            return Err(ParseError::at(side.start, message));
        }
    }
    if pair.op.is_comparison()
        && !pair.returns_bool
        && (left, right) == (Type::Scalar, Type::Scalar)
    {
        return wrong("comparisons between scalars must use BOOL modifier".to_owned());
    }
    let matching = &pair.matching;
    if let Some(twice) = matching
        .labels
        .iter()
        .find(|label| matching.is_on && matching.include.contains(label))
    {
        return wrong(format!(
            "label {twice:?} must not occur in ON and GROUP clause at once"
        ));
    }
    if (left, right) != (Type::Vector, Type::Vector) {
        if pair.op.is_set() {
            return wrong(set_of_scalars(pair.op));
        }
        if !matching.labels.is_empty() {
            return wrong("vector matching only allowed between instant vectors".to_owned());
        }
    } else if pair.op.is_set() && matching.cards != Cards::OneToOne {
        return wrong(format!(
            "no grouping allowed for {:?} operation",
            pair.op.sign()
        ));
    }
    Ok(())
}

fn set_of_scalars(op: Op) -> String {
    format!(
        "set operator {:?} not allowed in binary scalar expression",
        op.sign()
    )
}

fn vector(expr: &Expr, selector: &Selector) -> Result<(), ParseError> {
    if let Some(name) = &selector.name {
        let others = selector.matchers.iter().rev().skip(1);
        let twice = others.into_iter().find(|matcher| matcher.name == NAME);
        return match twice {
            Some(other) => Err(ParseError::at(
                expr.start,
                format!(
                    "metric name must not be set twice: {name:?} or {}",
                    super::print::value(other)
                ),
            )),
            None => Ok(()),
        };
    }
    if selector.matchers.iter().all(|matcher| matcher.accepts("")) {
        let message = "vector selector must contain at least one non-empty matcher";
        return Err(ParseError::at(expr.start, message));
    }
    Ok(())
}

fn call(expr: &Expr, function: &Function, args: &[Expr]) -> Result<(), ParseError> {
    let (takes, name) = (function.takes, function.name);
    let least = takes.len() - usize::from(function.more != Some(0));
    let most = function.more.map(|more| least + more);
    let wanted = match most {
        Some(most) if most == least => (args.len() != least).then(|| least.to_string()),
        _ if args.len() < least => Some(format!("at least {least}")),
        Some(most) if args.len() > most => Some(format!("at most {most}")),
        _ => None,
    };
    if let Some(wanted) = wanted {
        let message = format!(
            "expected {wanted} argument(s) in call to {name:?}, got {}",
            args.len()
        );
        return Err(ParseError::at(expr.start, message));
    }
    for (index, arg) in args.iter().enumerate() {
        let is_label_selector = name == "info" && index == 1;
        if is_label_selector {
            let Kind::Vector(Selector { name: None, .. }) = &arg.kind else {
                let message = "expected label selectors only, got vector selector instead";
                return Err(ParseError::at(arg.start, message));
            };
            continue;
        }
        check(arg)?;
        let context = format!("call to function {name:?}");
        expect(arg, takes[index.min(takes.len() - 1)], &context)?;
    }
    Ok(())
}
