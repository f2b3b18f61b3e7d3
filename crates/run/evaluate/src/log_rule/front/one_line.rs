//! The one line: `status:failed AND count > 10 over 5m by user`. What stands before the condition is a log query; without
//! a condition each matching record fires.
//!
//! Where nobody knows how much is too much, the condition says what is unusual instead: `count unusual`, `rate unusual by
//! user`, `avg(ms) unusual`, `count changed after stream:deploys`, `value new of country by user`, `template new`.

use std::time::Duration;

use promise::{LogQuery, Say, record::Scalar as _, say, unit::Span};

use crate::log_rule::{Figure, Kind, LogRule};

/// Where the line does not say.
const OVER: Duration = Duration::from_secs(300);
/// Of what is unusual: fewer records are never worth an alert, and chance alone gives one in so long a time.
const UNUSUAL_LEAST: u64 = 5;
const ONCE_IN: Duration = Duration::from_secs(30 * DAY);
/// What was seen for less time than this is new to the rule, not to the house.
const LEARN: Duration = Duration::from_secs(DAY);
/// A kind of line that stood there less often is rare.
const RARE: u64 = 5;
const DAY: u64 = 86_400;

/// Reads a line.
pub fn read(name: &str, line: &str) -> Result<LogRule, Say> {
    let (query, tail) = split(line);
    let query = LogQuery::parse(if query.is_empty() { "*" } else { query })?;
    let (kind, by) = match tail {
        None => (Kind::Any, None),
        Some(tail) if is_bound(tail) => bound(tail)?,
        Some(tail) => unusual(tail)?,
    };
    Ok(LogRule {
        name: name.to_owned(),
        query,
        by,
        kind,
    })
}

type Condition = (Kind, Option<String>);

/// `count > 10 over 5m by field`.
fn bound(tail: &str) -> Result<Condition, Say> {
    let wrong = || {
        say!(
            "expected `count > N` or `count unusual`, then perhaps `over 5m` and `by field`, and found `{tail}`",
            "`count > N` か `count unusual` に続けて `over 5m` と `by 項目` が書けます。`{tail}` は読めません"
        )
    };
    let spaced = [">=", "<=", ">", "<"].into_iter().find_map(|sign| {
        Some((
            sign,
            tail.strip_prefix("count")?
                .trim_start()
                .strip_prefix(sign)?,
        ))
    });
    let Some((sign, rest)) = spaced else {
        return Err(wrong());
    };
    let mut words = rest.split_whitespace();
    let bound: u64 = words
        .next()
        .and_then(|n| n.parse().ok())
        .ok_or_else(wrong)?;
    let Details { over, by, of } = details(words, &wrong)?;
    if of.is_some() {
        return Err(wrong());
    }
    let over = over.unwrap_or(OVER);
    let kind = match sign {
        ">" => Kind::Frequency {
            count: bound.saturating_add(1),
            over,
        },
        ">=" => Kind::Frequency {
            count: bound.max(1),
            over,
        },
        "<" => Kind::Flatline {
            least: bound,
            over,
            forgets: false,
        },
        _ => Kind::Flatline {
            least: bound.saturating_add(1),
            over,
            forgets: false,
        },
    };
    Ok((kind, by))
}

/// What is unusual, of whatever it is.
fn unusual(tail: &str) -> Result<Condition, Say> {
    let wrong = || {
        say!(
            "`{tail}` is not understood: `count unusual over 5m by field`, `rate unusual by field`, `avg(field) unusual`, `count changed after QUERY`, `value new of field by field` and `template new` are",
            "`{tail}` は読めません。`count unusual over 5m by 項目`、`rate unusual by 項目`、`avg(項目) unusual`、`count changed after 検索式`、`value new of 項目 by 項目`、`template new` のいずれかで書いてください"
        )
    };
    let mut words = tail.split_whitespace();
    let (Some(what), Some(how)) = (words.next(), words.next()) else {
        return Err(wrong());
    };
    if (what, how) == ("count", "changed") {
        return changed(tail, &wrong);
    }
    let Details { over, by, of } = details(words, &wrong)?;
    let (every, least, once_in) = (over.unwrap_or(OVER), UNUSUAL_LEAST, ONCE_IN);
    let learn = over.unwrap_or(LEARN);
    Ok(match (what, how, of, by) {
        ("count", "unusual", None, by) => (
            Kind::Unusual {
                every,
                least,
                once_in,
            },
            by,
        ),
        ("rate", "unusual", None, Some(by)) => (
            Kind::Rate {
                every,
                least,
                once_in,
            },
            Some(by),
        ),
        ("template", "new" | "rare", of, None) => (
            Kind::Template {
                field: of.unwrap_or_else(|| "message".to_owned()),
                most: if how == "new" { 1 } else { RARE },
                learn,
            },
            None,
        ),
        ("value", "new", Some(field), by) => (
            Kind::NewTerm {
                fields: vec![by.iter().cloned().chain([field]).collect()],
                on_missing: false,
                learn,
            },
            by,
        ),
        (figure, "unusual", None, None) => {
            let (figure, field) = figure_of(figure).ok_or_else(wrong)?;
            (
                Kind::Strange {
                    figure,
                    field: field.to_owned(),
                    every,
                    once_in,
                },
                None,
            )
        }
        _ => return Err(wrong()),
    })
}

/// `count changed over 5m by field after QUERY`: the query is all that follows.
fn changed(tail: &str, wrong: &dyn Fn() -> Say) -> Result<Condition, Say> {
    let (before, after) = tail.split_once(" after ").ok_or_else(wrong)?;
    let Details { over, by, of } = details(before.split_whitespace().skip(2), wrong)?;
    if of.is_some() {
        return Err(wrong());
    }
    let kind = Kind::Changed {
        every: over.unwrap_or(OVER),
        after: LogQuery::parse(after.trim())?,
    };
    Ok((kind, by))
}

/// `avg(field)`.
fn figure_of(word: &str) -> Option<(Figure, &str)> {
    let (name, rest) = word.split_once('(')?;
    let field = rest.strip_suffix(')').filter(|field| !field.is_empty())?;
    let figure = match name {
        "avg" => Figure::Avg,
        "sum" => Figure::Sum,
        "min" => Figure::Min,
        "max" => Figure::Max,
        _ => return None,
    };
    Some((figure, field))
}

#[derive(Default)]
struct Details {
    over: Option<Duration>,
    by: Option<String>,
    of: Option<String>,
}

/// `over 5m`, `by field` and `of field`, in any order.
fn details<'w>(
    mut words: impl Iterator<Item = &'w str>,
    wrong: &dyn Fn() -> Say,
) -> Result<Details, Say> {
    let mut found = Details::default();
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(wrong)?;
        match word {
            "over" => found.over = Some(Span::parse(value)?.0),
            "by" => found.by = Some(value.to_owned()),
            "of" => found.of = Some(value.to_owned()),
            _ => return Err(wrong()),
        }
    }
    Ok(found)
}

/// The query, and the condition that follows it, if one does.
fn split(line: &str) -> (&str, Option<&str>) {
    let line = line.trim();
    let starts = line
        .char_indices()
        .map(|(at, _)| at)
        .filter(|at| *at == 0 || line[..*at].ends_with(char::is_whitespace));
    for at in starts {
        let (before, tail) = line.split_at(at);
        if !is_condition(tail) {
            continue;
        }
        let before = before.trim_end();
        let query = if before.is_empty() {
            Some("")
        } else {
            before
                .strip_suffix("AND")
                .or_else(|| before.strip_suffix("&&"))
        };
        if let Some(query) = query {
            return (query.trim_end(), Some(tail));
        }
    }
    (line, None)
}

fn is_bound(tail: &str) -> bool {
    tail.strip_prefix("count")
        .is_some_and(|rest| rest.trim_start().starts_with(['<', '>']))
}

fn is_condition(tail: &str) -> bool {
    let mut words = tail.split_whitespace();
    let (what, how) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    is_bound(tail)
        || matches!(
            (what, how),
            ("count", "unusual" | "changed")
                | ("rate", "unusual")
                | ("template", "new" | "rare")
                | ("value", "new")
        )
        || how == "unusual" && figure_of(what).is_some()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_line_of_the_design_is_accepted_as_it_is() {
        let rule = read("r", "status:failed AND count > 10").unwrap();
        assert_eq!(rule.query.as_str(), "status:failed");
        assert_eq!(
            rule.kind,
            Kind::Frequency {
                count: 11,
                over: OVER
            }
        );
        let rule = read("r", "count >= 3 over 90s by card.id").unwrap();
        assert_eq!(
            (rule.by.as_deref(), rule.kind),
            (
                Some("card.id"),
                Kind::Frequency {
                    count: 3,
                    over: Duration::from_secs(90)
                }
            )
        );
        assert_eq!(read("r", "processing_time > 5000").unwrap().kind, Kind::Any);
        assert_eq!(
            read("r", "count:5 AND count < 2 over 1h").unwrap().kind,
            Kind::Flatline {
                least: 2,
                over: Duration::from_secs(3600),
                forgets: false
            }
        );
        for bad in [
            "a AND count > x",
            "a AND count > 1 over",
            "a AND count > 1 since 5m",
            "a AND count > 1 over soon",
            "a OR b AND count > 1",
        ] {
            assert!(read("r", bad).is_err() || bad.starts_with("a OR"), "{bad}");
        }
    }

    #[test]
    fn what_is_unusual_needs_no_number() {
        let kind = |line: &str| read("r", line).map(|rule| (rule.kind, rule.by));
        let hour = Duration::from_secs(3_600);
        assert_eq!(
            kind("status:failed AND rate unusual over 1h by user.id").unwrap(),
            (
                Kind::Rate {
                    every: hour,
                    least: UNUSUAL_LEAST,
                    once_in: ONCE_IN
                },
                Some("user.id".to_owned())
            )
        );
        assert_eq!(
            kind("level:error AND count changed over 1h after stream:github AND event:deployment")
                .unwrap(),
            (
                Kind::Changed {
                    every: hour,
                    after: LogQuery::parse("stream:github AND event:deployment").unwrap()
                },
                None
            )
        );
        assert_eq!(
            kind("avg(processing_time) unusual").unwrap().0,
            Kind::Strange {
                figure: Figure::Avg,
                field: "processing_time".to_owned(),
                every: OVER,
                once_in: ONCE_IN
            }
        );
        assert_eq!(
            kind("event:login AND value new of country by user over 7d").unwrap(),
            (
                Kind::NewTerm {
                    fields: vec![vec!["user".to_owned(), "country".to_owned()]],
                    on_missing: false,
                    learn: Duration::from_secs(7 * DAY)
                },
                Some("user".to_owned())
            )
        );
        assert_eq!(
            kind("stream:app AND template rare of text").unwrap().0,
            Kind::Template {
                field: "text".to_owned(),
                most: RARE,
                learn: LEARN
            }
        );
        for bad in [
            "rate unusual",
            "avg() unusual",
            "count changed over 5m",
            "value new by user",
            "template new by user",
            "count unusual of x",
        ] {
            assert!(
                kind(bad).is_err() || kind(bad).unwrap().0 == Kind::Any,
                "{bad}"
            );
        }
    }
}
