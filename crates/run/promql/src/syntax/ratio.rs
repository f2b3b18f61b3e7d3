//! A query that divides one counter by another is a ratio that a promise can keep exactly, from the counters
//! themselves instead of their rates.

use super::{
    print,
    tree::{Expr, Fold, Kind, Op},
};

/// The selectors of the part and of the whole in `sum(rate(part[5m])) / sum(rate(whole[5m]))`.
pub(crate) fn ratio(expr: &Expr) -> Option<(String, String)> {
    match &expr.bare().kind {
        Kind::Binary(division) if division.op == Op::Div => {
            Some((counter(&division.left)?, counter(&division.right)?))
        }
        _ => None,
    }
}

/// The selector within `sum(rate(selector[5m]))`, without grouping and at no other time.
fn counter(expr: &Expr) -> Option<String> {
    let Kind::Aggregate(sum) = &expr.bare().kind else {
        return None;
    };
    let is_grouped = sum.grouping.is_without || !sum.grouping.labels.is_empty();
    if sum.fold != Fold::Sum || is_grouped {
        return None;
    }
    let Kind::Call { function, args } = &sum.of.bare().kind else {
        return None;
    };
    let [range] = args.as_slice() else {
        return None;
    };
    match &range.bare().kind {
        Kind::Matrix { selector, .. }
            if ["rate", "increase"].contains(&function.name)
                && selector.when.at.is_none()
                && selector.when.offset.is_none() =>
        {
            Some(print::bare(selector))
        }
        _ => None,
    }
}
