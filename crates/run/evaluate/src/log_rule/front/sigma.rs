//! Sigma: detections as the security world shares them. A rule's `detection` becomes a log query, its `timeframe` and
//! `count()` the form of the rule. What is not supported (`near`, the placeholders of a backend) is refused by name.

use std::time::Duration;

use promise::{
    LogQuery, Say,
    document::{Mistake, Node, Span, Value, parse_yaml},
    record::Scalar as _,
    say,
    signal::log_query::{
        Bool, End, Expr, Glob, Is, Like, Over, Pattern, Phrase, Range, Target, Test, Words, fold,
        number, truth,
    },
    unit,
};

use super::text;
use crate::log_rule::{Kind, LogRule};

/// Far beyond any honest pattern; a hostile one ends here.
const AUTOMATON_MAX: usize = 1 << 20;
/// Conditions within each other.
const DEPTH_MAX: usize = 32;

/// Reads one rule.
pub fn read(yaml: &str) -> Result<LogRule, Vec<Mistake>> {
    let (node, mistakes) = parse_yaml(yaml);
    let node = node.filter(|_| mistakes.is_empty()).ok_or(mistakes)?;
    rule(&node).map_err(|mistake| vec![*mistake])
}

fn wrong(at: &Span, say: Say) -> Box<Mistake> {
    Box::new(Mistake::new("sigma", at.clone(), say))
}

fn rule(node: &Node) -> Result<LogRule, Box<Mistake>> {
    let missing = |name: &str| {
        wrong(
            &node.span,
            say!("`{name}` is missing", "`{name}` がありません"),
        )
    };
    let title = text(node.get("title")).ok_or_else(|| missing("title"))?;
    let detection = node.get("detection").ok_or_else(|| missing("detection"))?;
    let condition = detection
        .get("condition")
        .ok_or_else(|| missing("condition"))?;
    let Some(line) = text(Some(condition)) else {
        return Err(wrong(
            &condition.span,
            say!("a condition is one line", "condition は 1 行で書きます"),
        ));
    };
    let (line, aggregate) = line
        .split_once('|')
        .map_or((line, None), |(line, rest)| (line, Some(rest.trim())));
    let mut parser = Conditions {
        words: words_of(line),
        at: 0,
        depth: 0,
        detection,
        span: &condition.span,
    };
    let expr = parser.any()?;
    if parser.at < parser.words.len() {
        return Err(parser.unexpected());
    }
    let over = match text(detection.get("timeframe")) {
        Some(text) => Some(
            unit::Span::parse(text)
                .map_err(|why| wrong(&detection.span, why))?
                .0,
        ),
        None => None,
    };
    let (kind, by) = match aggregate {
        None => (Kind::Any, None),
        Some(aggregate) => counted(aggregate, over, &condition.span)?,
    };
    Ok(LogRule {
        name: title.to_owned(),
        query: LogQuery::of(format!("sigma: {title}"), expr),
        by,
        kind,
    })
}

/// `count() by user > 10`, `count(user) by host >= 5`.
fn counted(
    text: &str,
    over: Option<Duration>,
    span: &Span,
) -> Result<(Kind, Option<String>), Box<Mistake>> {
    let refused = || {
        wrong(
            span,
            say!(
                "expected `count() by field > N`, found `{text}`",
                "`count() by 項目 > N` の形が必要です: `{text}`"
            ),
        )
    };
    let rest = text.strip_prefix("count(").ok_or_else(refused)?;
    let (field, rest) = rest.split_once(')').ok_or_else(refused)?;
    let (by, bound) = match rest.trim().strip_prefix("by ") {
        Some(rest) => {
            let at = rest.find(['<', '>', '=']).ok_or_else(refused)?;
            (Some(rest[..at].trim().to_owned()), &rest[at..])
        }
        None => (None, rest.trim()),
    };
    let (sign, n) = [">=", "<=", ">", "<"]
        .into_iter()
        .find_map(|sign| Some((sign, bound.strip_prefix(sign)?)))
        .ok_or_else(refused)?;
    let n: u64 = n.trim().parse().map_err(|_| refused())?;
    let over = over.ok_or_else(|| {
        wrong(
            span,
            say!(
                "`timeframe` is missing, which a count needs",
                "件数の条件に必要な `timeframe` がありません"
            ),
        )
    })?;
    let kind = match (sign, field.trim()) {
        (">", "") => Kind::Frequency {
            count: n.saturating_add(1),
            over,
        },
        (">=", "") => Kind::Frequency { count: n, over },
        ("<", "") => Kind::Flatline {
            least: n,
            over,
            forgets: false,
        },
        ("<=", "") => Kind::Flatline {
            least: n.saturating_add(1),
            over,
            forgets: false,
        },
        (">", field) => Kind::Cardinality {
            field: field.to_owned(),
            most: Some(n),
            least: None,
            over,
        },
        (">=", field) => Kind::Cardinality {
            field: field.to_owned(),
            most: Some(n.saturating_sub(1)),
            least: None,
            over,
        },
        ("<", field) => Kind::Cardinality {
            field: field.to_owned(),
            most: None,
            least: Some(n),
            over,
        },
        (_, field) => Kind::Cardinality {
            field: field.to_owned(),
            most: None,
            least: Some(n.saturating_add(1)),
            over,
        },
    };
    Ok((kind, by))
}

fn words_of(line: &str) -> Vec<String> {
    let spaced = line.replace('(', " ( ").replace(')', " ) ");
    spaced.split_whitespace().map(str::to_owned).collect()
}

/// `selection and not 1 of filter_*`.
struct Conditions<'n> {
    words: Vec<String>,
    at: usize,
    depth: usize,
    detection: &'n Node,
    span: &'n Span,
}

impl Conditions<'_> {
    fn eat(&mut self, word: &str) -> bool {
        let found = self
            .words
            .get(self.at)
            .is_some_and(|next| next.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn unexpected(&self) -> Box<Mistake> {
        let word = self.words.get(self.at).map_or("", String::as_str);
        wrong(
            self.span,
            say!(
                "`{word}` is not expected here in the condition",
                "condition のこの位置に `{word}` は書けません"
            ),
        )
    }

    fn any(&mut self) -> Result<Expr, Box<Mistake>> {
        let mut parts = vec![self.every()?];
        while self.eat("or") {
            parts.push(self.every()?);
        }
        Ok(Expr::any(parts))
    }

    fn every(&mut self) -> Result<Expr, Box<Mistake>> {
        let mut parts = vec![self.one()?];
        while self.eat("and") {
            parts.push(self.one()?);
        }
        Ok(Expr::every(parts))
    }

    fn one(&mut self) -> Result<Expr, Box<Mistake>> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(wrong(
                self.span,
                say!(
                    "too many conditions within each other",
                    "条件の入れ子が深すぎます"
                ),
            ));
        }
        let expr = if self.eat("not") {
            self.one()?.negated()
        } else if self.eat("(") {
            let inner = self.any()?;
            if !self.eat(")") {
                return Err(self.unexpected());
            }
            inner
        } else {
            self.named()?
        };
        self.depth -= 1;
        Ok(expr)
    }

    /// A selection's name, or `1 of`, `all of` several.
    fn named(&mut self) -> Result<Expr, Box<Mistake>> {
        let Some(word) = self.words.get(self.at).cloned() else {
            return Err(self.unexpected());
        };
        self.at += 1;
        let quantity = match word.as_str() {
            "all" if self.eat("of") => Some(None),
            count if count.parse::<usize>().is_ok() && self.eat("of") => Some(count.parse().ok()),
            _ => None,
        };
        let Some(quantity) = quantity else {
            return match self.detection.get(&word) {
                Some(node) => selection(node, 0),
                None => Err(wrong(
                    self.span,
                    say!(
                        "the condition names `{word}`, which is not there",
                        "condition にある `{word}` が定義されていません"
                    ),
                )),
            };
        };
        let Some(pattern) = self.words.get(self.at).cloned() else {
            return Err(self.unexpected());
        };
        self.at += 1;
        let glob = Glob::parse(if pattern == "them" { "*" } else { &pattern });
        let Value::Map(entries) = &self.detection.value else {
            return Err(self.unexpected());
        };
        let chosen = entries.iter().filter(|(key, _)| {
            !matches!(key.name.as_str(), "condition" | "timeframe") && glob.accepts(&key.name)
        });
        let parts = chosen
            .map(|(_, node)| selection(node, 0))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(match quantity {
            None => Expr::every(parts),
            Some(at_least) => Expr::Bool(Bool {
                should: parts,
                at_least,
                ..Bool::default()
            }),
        })
    }
}

/// A map is all of its fields, a list any of its items; a bare value is looked for in every text.
fn selection(node: &Node, depth: usize) -> Result<Expr, Box<Mistake>> {
    if depth > DEPTH_MAX {
        return Err(wrong(
            &node.span,
            say!(
                "too many conditions within each other",
                "条件の入れ子が深すぎます"
            ),
        ));
    }
    match &node.value {
        Value::List(items) => Ok(Expr::any(
            items
                .iter()
                .map(|item| selection(item, depth + 1))
                .collect::<Result<_, _>>()?,
        )),
        Value::Map(entries) => Ok(Expr::every(
            entries
                .iter()
                .map(|(key, value)| field(&key.name, value))
                .collect::<Result<_, _>>()?,
        )),
        Value::Scalar(text) => {
            let phrase = Phrase::of(text.trim_matches('*'));
            Ok(Expr::Test(
                Target::AnyText,
                Test::Words(Words {
                    phrase,
                    number: None,
                    truth: None,
                }),
            ))
        }
        Value::Null | Value::Unreadable => Ok(Expr::Nothing),
    }
}

/// `field|modifier|modifier: value`, or values any of which will do.
fn field(key: &str, node: &Node) -> Result<Expr, Box<Mistake>> {
    let mut parts = key.split('|');
    let name = parts.next().unwrap_or_default();
    let modifiers: Vec<&str> = parts.collect();
    let values: Vec<&Node> = match &node.value {
        Value::List(items) => items.iter().collect(),
        _ => vec![node],
    };
    let tests = values
        .into_iter()
        .map(|value| one_value(name, &modifiers, value))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(if modifiers.contains(&"all") {
        Expr::every(tests)
    } else {
        Expr::any(tests)
    })
}

fn one_value(name: &str, modifiers: &[&str], node: &Node) -> Result<Expr, Box<Mistake>> {
    let value = match &node.value {
        Value::Null => return Ok(Expr::field(name, Test::Exists).negated()),
        Value::Scalar(text) => text,
        _ => {
            return Err(wrong(
                &node.span,
                say!("a value is expected here", "ここには値が必要です"),
            ));
        }
    };
    let escaped = value.replace('\\', "\\\\");
    // Of Sigma's escapes only those before a wildcard are ones.
    let pattern = escaped.replace("\\\\*", "\\*").replace("\\\\?", "\\?");
    let (mut glob, mut cased) = (pattern.clone(), false);
    for modifier in modifiers {
        match *modifier {
            "contains" => glob = format!("*{pattern}*"),
            "startswith" => glob = format!("{pattern}*"),
            "endswith" => glob = format!("*{pattern}"),
            "cased" => cased = true,
            "all" => {}
            "exists" => {
                let exists = Expr::field(name, Test::Exists);
                return Ok(if truth(value) == Some(false) {
                    exists.negated()
                } else {
                    exists
                });
            }
            "re" => {
                let found = ::regex::RegexBuilder::new(value)
                    .size_limit(AUTOMATON_MAX)
                    .build();
                let found = found.map_err(|error| {
                    wrong(
                        &node.span,
                        say!(
                            "this regular expression is refused: {error}",
                            "この正規表現は使えません: {error}"
                        ),
                    )
                })?;
                return Ok(Expr::field(
                    name,
                    Test::Like(Like {
                        whole: Some(Pattern::Regex(found)),
                        ..Like::default()
                    }),
                ));
            }
            "gt" | "gte" | "lt" | "lte" => {
                let end = End::of(value.as_str(), modifier.ends_with('e'));
                let (low, high) = if modifier.starts_with('g') {
                    (Some(end), None)
                } else {
                    (None, Some(end))
                };
                return Ok(Expr::field(
                    name,
                    Test::Range(Range {
                        low,
                        high,
                        over: Over::Text,
                    }),
                ));
            }
            other => {
                return Err(wrong(
                    &node.span,
                    say!(
                        "the modifier `{other}` is not supported",
                        "修飾子 `{other}` には対応していません"
                    ),
                ));
            }
        }
    }
    if glob == pattern && !value.contains(['*', '?']) {
        let text = if cased {
            value.clone()
        } else {
            fold(value).into_owned()
        };
        return Ok(Expr::field(
            name,
            Test::Is(Is {
                text,
                folds: !cased,
                number: number(value),
                truth: truth(value),
                time: None,
            }),
        ));
    }
    let glob = Glob::parse(&glob);
    let whole = Some(Pattern::Glob(if cased { glob } else { glob.folded() }));
    Ok(Expr::field(
        name,
        Test::Like(Like {
            whole,
            folds: !cased,
            words: None,
        }),
    ))
}
