//! A tree written again, as Prometheus writes it: on one line, or over several where it is long.

use promise::signal::{Match, Matcher};
use regex::Regex;

use super::{
    duration,
    text::quote,
    tree::{Aggregate, Binary, Cards, Expr, Fixed, Grouping, Kind, Matching, Selector, When},
};
use crate::{number, series::NAME};

/// A longer line is broken.
const LINE_MAX: usize = 100;

pub(crate) fn pretty(expr: &Expr) -> String {
    broken(expr, 0)
}

fn indent(level: usize) -> String {
    "  ".repeat(level)
}

fn broken(expr: &Expr, level: usize) -> String {
    let line = line(expr);
    let (is_long, margin) = (line.len() > LINE_MAX, indent(level));
    match &expr.kind {
        Kind::Subquery { of, .. } if is_long => {
            format!("{}{}", broken(of, level), subquery_suffix(expr))
        }
        Kind::Subquery { .. } => line,
        Kind::Unary { is_minus, of } => {
            let sign = if *is_minus { '-' } else { '+' };
            format!("{margin}{sign}{}", broken(of, level).trim())
        }
        Kind::Paren(of) if is_long => {
            format!("{margin}(\n{}\n{margin})", broken(of, level + 1))
        }
        Kind::Binary(binary) if is_long => format!(
            "{}\n{margin}{}\n{}",
            broken(&binary.left, level + 1),
            operator(binary),
            broken(&binary.right, level + 1)
        ),
        Kind::Aggregate(fold) if is_long => {
            let param = fold.param.as_ref().map_or_else(String::new, |param| {
                format!("{},\n", broken(param, level + 1))
            });
            format!(
                "{margin}{}(\n{param}{}\n{margin})",
                head(fold),
                broken(&fold.of, level + 1)
            )
        }
        Kind::Call { function, args } if is_long => {
            let args: Vec<String> = args.iter().map(|arg| broken(arg, level + 1)).collect();
            format!(
                "{margin}{}(\n{}\n{margin})",
                function.name,
                args.join(",\n")
            )
        }
        _ => format!("{margin}{line}"),
    }
}

/// On one line.
pub(crate) fn line(expr: &Expr) -> String {
    match &expr.kind {
        Kind::Number { value, is_duration } if *is_duration => {
            duration::show((value * 1000.0) as i64)
        }
        Kind::Number { value, .. } => number::plain(*value),
        Kind::Text(text) => quote(text),
        Kind::Vector(selector) => format!("{}{}", bare(selector), suffix(&selector.when)),
        Kind::Matrix { selector, range } => {
            format!(
                "{}[{}]{}",
                bare(selector),
                range.show(),
                suffix(&selector.when)
            )
        }
        Kind::Subquery { of, .. } => format!("{}{}", line(of), subquery_suffix(expr)),
        Kind::Paren(of) => format!("({})", line(of)),
        Kind::Unary { is_minus, of } => {
            format!("{}{}", if *is_minus { '-' } else { '+' }, line(of))
        }
        Kind::Binary(binary) => format!(
            "{} {} {}",
            line(&binary.left),
            operator(binary),
            line(&binary.right)
        ),
        Kind::Aggregate(fold) => {
            let param = fold
                .param
                .as_ref()
                .map_or_else(String::new, |param| format!("{}, ", line(param)));
            format!("{}({param}{})", head(fold), line(&fold.of))
        }
        Kind::Call { function, args } => {
            let args: Vec<String> = args.iter().map(line).collect();
            format!("{}({})", function.name, args.join(", "))
        }
    }
}

fn subquery_suffix(expr: &Expr) -> String {
    let Kind::Subquery {
        range, step, when, ..
    } = &expr.kind
    else {
        return String::new();
    };
    let step = step
        .as_ref()
        .map_or_else(String::new, duration::Length::show);
    format!("[{}:{step}]{}", range.show(), suffix(when))
}

fn suffix(when: &When) -> String {
    let mut out = match when.at {
        None => String::new(),
        Some(Fixed::Start) => " @ start()".to_owned(),
        Some(Fixed::End) => " @ end()".to_owned(),
        Some(Fixed::At(millis)) => format!(" @ {:.3}", millis as f64 / 1000.0),
    };
    if let Some(offset) = when
        .offset
        .as_ref()
        .filter(|o| o.millis != 0 || o.written.is_some())
    {
        out.push_str(" offset ");
        out.push_str(&offset.show());
    }
    out
}

fn head(fold: &Aggregate) -> String {
    let Grouping { is_without, labels } = &fold.grouping;
    let name = fold.fold.name();
    match (is_without, labels.is_empty()) {
        (true, _) => format!("{name} without ({}) ", joined(labels)),
        (false, false) => format!("{name} by ({}) ", joined(labels)),
        (false, true) => name.to_owned(),
    }
}

fn joined(labels: &[String]) -> String {
    let labels: Vec<String> = labels
        .iter()
        .map(|label| {
            if is_plain(label, true) {
                label.clone()
            } else {
                quote(label)
            }
        })
        .collect();
    labels.join(", ")
}

fn operator(binary: &Binary) -> String {
    let mut out = binary.op.sign().to_owned();
    if binary.returns_bool {
        out.push_str(" bool");
    }
    let Matching {
        is_on,
        labels,
        cards,
        include,
    } = &binary.matching;
    if *is_on || !labels.is_empty() {
        let word = if *is_on { "on" } else { "ignoring" };
        out.push_str(&format!(" {word} ({})", labels.join(", ")));
        let side = match cards {
            Cards::OneToOne => return out,
            Cards::ManyToOne => "left",
            Cards::OneToMany => "right",
        };
        out.push_str(&format!(" group_{side} ({})", include.join(", ")));
    }
    out
}

/// Without a range and what follows it.
pub(super) fn bare(selector: &Selector) -> String {
    let name = selector.name.as_deref().unwrap_or("");
    let is_name = |matcher: &Matcher| matches!(&matcher.test, Match::Equal(value) if matcher.name == NAME && value == name && !name.is_empty());
    let mut shown: Vec<String> = selector
        .matchers
        .iter()
        .filter(|matcher| !is_name(matcher))
        .map(matcher)
        .collect();
    if shown.is_empty() {
        return if name.is_empty() {
            "{}".to_owned()
        } else {
            name.to_owned()
        };
    }
    shown.sort();
    format!("{name}{{{}}}", shown.join(","))
}

fn matcher(matcher: &Matcher) -> String {
    let sign = match &matcher.test {
        Match::Equal(_) => "=",
        Match::NotEqual(_) => "!=",
        Match::Like(_) => "=~",
        Match::NotLike(_) => "!~",
    };
    let name = if is_plain(&matcher.name, false) {
        matcher.name.clone()
    } else {
        quote(&matcher.name)
    };
    format!("{name}{sign}{}", value(matcher))
}

/// The value of a matcher, quoted.
pub(super) fn value(matcher: &Matcher) -> String {
    match &matcher.test {
        Match::Equal(value) | Match::NotEqual(value) => quote(value),
        Match::Like(like) | Match::NotLike(like) => quote(pattern(like)),
    }
}

/// As it was written, without what anchors it.
pub(super) fn pattern(like: &Regex) -> &str {
    let pattern = like.as_str();
    let inner = pattern
        .strip_prefix("^(?s:")
        .and_then(|rest| rest.strip_suffix(")$"));
    inner.unwrap_or(pattern)
}

/// Whether a name needs no quotes.
fn is_plain(name: &str, with_colons: bool) -> bool {
    let fits = |c: char| c.is_ascii_alphabetic() || c == '_' || (with_colons && c == ':');
    name.chars()
        .enumerate()
        .all(|(at, c)| fits(c) || (at > 0 && c.is_ascii_digit()))
        && !name.is_empty()
}
