//! A tree as data, in the words of Prometheus's `/api/v1/parse_query`, by which editors show and explain a query.

use promise::signal::{Match, Matcher};
use serde_json::{Value, json};

use super::{
    print::pattern,
    tree::{Binary, Cards, Expr, Fixed, Kind, Selector, Type, When},
};
use crate::{function::Function, number};

pub(crate) fn ast(expr: &Expr) -> Value {
    match &expr.kind {
        Kind::Number { value, .. } => {
            json!({ "type": "numberLiteral", "val": number::plain(*value) })
        }
        Kind::Text(text) => json!({ "type": "stringLiteral", "val": text }),
        Kind::Vector(selector) => with_when(
            json!({
                "type": "vectorSelector",
                "name": selector.name.as_deref().unwrap_or_default(),
                "matchers": matchers(selector),
            }),
            &selector.when,
        ),
        Kind::Matrix { selector, range } => with_when(
            json!({
                "type": "matrixSelector",
                "name": selector.name.as_deref().unwrap_or_default(),
                "range": range.millis,
                "matchers": matchers(selector),
            }),
            &selector.when,
        ),
        Kind::Subquery {
            of,
            range,
            step,
            when,
        } => with_when(
            json!({
                "type": "subquery",
                "expr": ast(of),
                "range": range.millis,
                "step": step.as_ref().map_or(0, |step| step.millis),
            }),
            when,
        ),
        Kind::Paren(of) => json!({ "type": "parenExpr", "expr": ast(of) }),
        Kind::Unary { is_minus, of } => json!({
            "type": "unaryExpr",
            "op": if *is_minus { "-" } else { "+" },
            "expr": ast(of),
        }),
        Kind::Binary(binary) => json!({
            "type": "binaryExpr",
            "op": binary.op.sign(),
            "lhs": ast(&binary.left),
            "rhs": ast(&binary.right),
            "matching": matching(binary),
            "bool": binary.returns_bool,
        }),
        Kind::Aggregate(fold) => json!({
            "type": "aggregation",
            "op": fold.fold.name(),
            "expr": ast(&fold.of),
            "param": fold.param.as_ref().map(ast),
            "grouping": fold.grouping.labels,
            "without": fold.grouping.is_without,
        }),
        Kind::Call { function, args } => json!({
            "type": "call",
            "func": signature(function),
            "args": args.iter().map(ast).collect::<Vec<_>>(),
        }),
    }
}

fn with_when(mut node: Value, when: &When) -> Value {
    node["offset"] = when.offset_millis().into();
    node["timestamp"] = match when.at {
        Some(Fixed::At(millis)) => millis.into(),
        _ => Value::Null,
    };
    node["startOrEnd"] = match when.at {
        Some(Fixed::Start) => "start".into(),
        Some(Fixed::End) => "end".into(),
        _ => Value::Null,
    };
    node
}

fn matchers(selector: &Selector) -> Vec<Value> {
    let told = |matcher: &Matcher| {
        let (sign, value) = match &matcher.test {
            Match::Equal(value) => ("=", value.as_str()),
            Match::NotEqual(value) => ("!=", value.as_str()),
            Match::Like(like) => ("=~", pattern(like)),
            Match::NotLike(like) => ("!~", pattern(like)),
        };
        json!({ "type": sign, "name": matcher.name, "value": value })
    };
    selector.matchers.iter().map(told).collect()
}

/// Only two vectors are matched.
fn matching(binary: &Binary) -> Value {
    if [&binary.left, &binary.right].map(Expr::gives) != [Type::Vector; 2] {
        return Value::Null;
    }
    let matching = &binary.matching;
    let card = match matching.cards {
        _ if binary.op.is_set() => "many-to-many",
        Cards::OneToOne => "one-to-one",
        Cards::ManyToOne => "many-to-one",
        Cards::OneToMany => "one-to-many",
    };
    json!({
        "card": card,
        "labels": matching.labels,
        "on": matching.is_on,
        "include": matching.include,
    })
}

fn signature(function: &Function) -> Value {
    json!({
        "name": function.name,
        "argTypes": function.takes.iter().map(|kind| word(*kind)).collect::<Vec<_>>(),
        // Any number is -1 there.
        "variadic": function.more.map_or(-1, |more| i64::try_from(more).unwrap_or(-1)),
        "returnType": word(function.gives),
    })
}

fn word(kind: Type) -> &'static str {
    match kind {
        Type::Scalar => "scalar",
        Type::Vector => "vector",
        Type::Matrix => "matrix",
        Type::Text => "string",
    }
}
