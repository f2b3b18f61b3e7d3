//! From the parser's tree to ours. Refuses what would recurse too deep or is not supported yet.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use promise::signal::{Match, Matcher};
use promql_parser::{
    label::{MatchOp, Matchers},
    parser::{
        AggregateExpr, AtModifier, BinaryExpr, Expr, LabelModifier, Offset, VectorMatchCardinality,
        VectorSelector, token,
    },
};

use super::{Aggregate, Binary, Fixed, Fold, Grouping, Many, Node, Op, Plan, Selector, When};
use crate::{ParseError, function::Function, series::NAME};

/// A query that a person or a dashboard writes is far shorter; a longer one is an attack or a mistake.
const TEXT_MAX: usize = 16 << 10;
/// Signs that can nest. The parser's own recursion is bounded by them.
const SIGNS_MAX: usize = 2_000;
/// Depth of the tree: evaluation recurses, and 100 levels fit the smallest stack that we run on (2 MiB).
const DEPTH_MAX: usize = 100;
/// The step of a subquery that names none: Prometheus's default evaluation interval.
const SUBQUERY_STEP: i64 = 60_000;

pub(super) fn plan(text: &str) -> Result<Plan, ParseError> {
    if text.len() > TEXT_MAX {
        return Err(ParseError::new(format!(
            "the query is longer than {TEXT_MAX} bytes"
        )));
    }
    if signs(text) > SIGNS_MAX {
        return Err(ParseError::new(format!(
            "the query has more than {SIGNS_MAX} operators and brackets"
        )));
    }
    let tree = promql_parser::parser::parse(text).map_err(ParseError::new)?;
    let mut lower = Lower {
        selectors: Vec::new(),
    };
    let root = lower.node(&tree, 0)?;
    Ok(Plan {
        root,
        selectors: lower.selectors,
    })
}

fn signs(text: &str) -> usize {
    let words = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| {
            ["and", "or", "unless", "atan2"]
                .iter()
                .any(|keyword| keyword.eq_ignore_ascii_case(word))
        });
    text.bytes()
        .filter(|byte| b"+-*/%^=!<>([{".contains(byte))
        .count()
        + words.count()
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

struct Lower {
    selectors: Vec<Selector>,
}

impl Lower {
    fn node(&mut self, expr: &Expr, depth: usize) -> Result<Node, ParseError> {
        if depth > DEPTH_MAX {
            return Err(ParseError::new(format!(
                "the query nests deeper than {DEPTH_MAX} levels"
            )));
        }
        let depth = depth + 1;
        Ok(match expr {
            Expr::NumberLiteral(number) => Node::Number(number.val),
            Expr::StringLiteral(text) => Node::Text(text.val.clone()),
            Expr::Paren(paren) => self.node(&paren.expr, depth)?,
            Expr::Unary(unary) => Node::Negate(Box::new(self.node(&unary.expr, depth)?)),
            Expr::VectorSelector(selector) => Node::Vector(self.selector(selector)?),
            Expr::MatrixSelector(matrix) => Node::Matrix {
                selector: self.selector(&matrix.vs)?,
                range: millis(matrix.range),
            },
            Expr::Subquery(sub) => Node::Subquery {
                of: Box::new(self.node(&sub.expr, depth)?),
                range: millis(sub.range),
                step: sub.step.map_or(SUBQUERY_STEP, millis).max(1),
                when: when(sub.at.as_ref(), sub.offset.as_ref()),
            },
            Expr::Binary(binary) => self.binary(binary, depth)?,
            Expr::Aggregate(fold) => self.aggregate(fold, depth)?,
            Expr::Call(call) => {
                let name = call.func.name;
                let function = Function::named(name).ok_or_else(|| {
                    ParseError::new(format!("the function `{name}` is not supported yet"))
                })?;
                let args = call
                    .args
                    .args
                    .iter()
                    .map(|arg| self.node(arg, depth))
                    .collect::<Result<_, _>>()?;
                Node::Call { function, args }
            }
            Expr::Extension(_) => return Err(ParseError::new("extensions are not supported")),
        })
    }

    fn selector(&mut self, selector: &VectorSelector) -> Result<usize, ParseError> {
        let mut matchers = matchers(&selector.matchers)?;
        if let Some(name) = &selector.name {
            matchers.insert(0, Matcher::equal(NAME, name.as_str()));
        }
        let when = when(selector.at.as_ref(), selector.offset.as_ref());
        self.selectors.push(Selector { matchers, when });
        Ok(self.selectors.len() - 1)
    }

    fn binary(&mut self, binary: &BinaryExpr, depth: usize) -> Result<Node, ParseError> {
        let op = op(binary.op.id())
            .ok_or_else(|| ParseError::new(format!("`{}` is no operator", binary.op)))?;
        let modifier = binary.modifier.clone().unwrap_or_default();
        if modifier.fill_values.lhs.is_some() || modifier.fill_values.rhs.is_some() {
            return Err(ParseError::new("`fill` is not supported yet"));
        }
        let many = match &modifier.card {
            VectorMatchCardinality::ManyToOne(labels) => Many::Left(labels.labels.clone()),
            VectorMatchCardinality::OneToMany(labels) => Many::Right(labels.labels.clone()),
            VectorMatchCardinality::OneToOne | VectorMatchCardinality::ManyToMany => Many::Neither,
        };
        Ok(Node::Binary(Box::new(Binary {
            op,
            left: self.node(&binary.lhs, depth)?,
            right: self.node(&binary.rhs, depth)?,
            returns_bool: modifier.return_bool,
            matching: grouping(modifier.matching.as_ref(), Grouping::Without(Vec::new())),
            many,
        })))
    }

    fn aggregate(&mut self, fold: &AggregateExpr, depth: usize) -> Result<Node, ParseError> {
        let op = match fold.op.id() {
            token::T_SUM => Fold::Sum,
            token::T_AVG => Fold::Avg,
            token::T_MIN => Fold::Min,
            token::T_MAX => Fold::Max,
            token::T_COUNT => Fold::Count,
            token::T_GROUP => Fold::Group,
            token::T_STDDEV => Fold::Stddev,
            token::T_STDVAR => Fold::Stdvar,
            token::T_TOPK => Fold::TopK,
            token::T_BOTTOMK => Fold::BottomK,
            token::T_QUANTILE => Fold::Quantile,
            token::T_COUNT_VALUES => Fold::CountValues,
            _ => {
                return Err(ParseError::new(format!(
                    "the aggregation `{}` is not supported yet",
                    fold.op
                )));
            }
        };
        Ok(Node::Aggregate(Box::new(Aggregate {
            op,
            of: self.node(&fold.expr, depth)?,
            param: fold
                .param
                .as_ref()
                .map(|param| self.node(param, depth))
                .transpose()?,
            grouping: grouping(fold.modifier.as_ref(), Grouping::By(Vec::new())),
        })))
    }
}

fn grouping(modifier: Option<&LabelModifier>, default: Grouping) -> Grouping {
    match modifier {
        Some(LabelModifier::Include(labels)) => Grouping::By(labels.labels.clone()),
        Some(LabelModifier::Exclude(labels)) => Grouping::Without(labels.labels.clone()),
        None => default,
    }
}

fn matchers(found: &Matchers) -> Result<Vec<Matcher>, ParseError> {
    if !found.or_matchers.is_empty() {
        return Err(ParseError::new("`or` between matchers is not supported"));
    }
    let like = |pattern: &str| {
        promise::signal::anchored(pattern)
            .map_err(|why| ParseError::new(format!("`{pattern}` is no pattern: {why}")))
    };
    found
        .matchers
        .iter()
        .map(|matcher| {
            let test = match &matcher.op {
                MatchOp::Equal => Match::Equal(matcher.value.clone()),
                MatchOp::NotEqual => Match::NotEqual(matcher.value.clone()),
                MatchOp::Re(_) => Match::Like(like(&matcher.value)?),
                MatchOp::NotRe(_) => Match::NotLike(like(&matcher.value)?),
            };
            Ok(Matcher {
                name: matcher.name.clone(),
                test,
            })
        })
        .collect()
}

fn when(at: Option<&AtModifier>, offset: Option<&Offset>) -> When {
    let at = at.map(|at| match at {
        AtModifier::Start => Fixed::Start,
        AtModifier::End => Fixed::End,
        AtModifier::At(time) => Fixed::At(since_epoch(*time)),
    });
    let offset = match offset {
        Some(Offset::Pos(by)) => millis(*by),
        Some(Offset::Neg(by)) => -millis(*by),
        None => 0,
    };
    When { at, offset }
}

fn since_epoch(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => millis(after),
        Err(before) => -millis(before.duration()),
    }
}

fn op(id: token::TokenId) -> Option<Op> {
    Some(match id {
        token::T_ADD => Op::Add,
        token::T_SUB => Op::Sub,
        token::T_MUL => Op::Mul,
        token::T_DIV => Op::Div,
        token::T_MOD => Op::Mod,
        token::T_POW => Op::Pow,
        token::T_ATAN2 => Op::Atan2,
        token::T_EQLC => Op::Equal,
        token::T_NEQ => Op::NotEqual,
        token::T_GTR => Op::Greater,
        token::T_LSS => Op::Less,
        token::T_GTE => Op::GreaterEqual,
        token::T_LTE => Op::LessEqual,
        token::T_LAND => Op::And,
        token::T_LOR => Op::Or,
        token::T_LUNLESS => Op::Unless,
        _ => return None,
    })
}
