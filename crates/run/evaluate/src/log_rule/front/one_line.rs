//! The one line: `status:failed AND count > 10 over 5m by user`, or `count unusual` where nobody knows how many are too
//! many. What stands before `count` is a log query; without
//! `count` each matching record fires.

use std::time::Duration;

use promise::{LogQuery, Say, record::Scalar as _, say, unit::Span};

use crate::log_rule::{Kind, LogRule};

/// Where the line does not say.
const OVER: Duration = Duration::from_secs(300);
/// Of what is unusual: fewer records are never worth an alert, and chance alone gives one in so long a time.
const UNUSUAL_LEAST: u64 = 5;
const ONCE_IN: Duration = Duration::from_secs(30 * 86_400);

/// Reads a line.
pub fn read(name: &str, line: &str) -> Result<LogRule, Say> {
    let (query, tail) = split(line);
    let query = LogQuery::parse(if query.is_empty() { "*" } else { query })?;
    let rule = |kind, by| LogRule {
        name: name.to_owned(),
        query: query.clone(),
        by,
        kind,
    };
    let Some(tail) = tail else {
        return Ok(rule(Kind::Any, None));
    };
    let wrong = || {
        say!(
            "expected `count > N` or `count unusual`, then perhaps `over 5m` and `by field`, and found `{tail}`",
            "`count > N` か `count unusual` に続けて `over 5m` と `by 項目` が書けます。`{tail}` は読めません"
        )
    };
    if let Some(rest) = tail
        .strip_prefix("count")
        .and_then(|rest| rest.trim_start().strip_prefix("unusual"))
    {
        let (every, by) = over_and_by(rest.split_whitespace(), &wrong)?;
        let kind = Kind::Unusual {
            every,
            least: UNUSUAL_LEAST,
            once_in: ONCE_IN,
        };
        return Ok(rule(kind, by));
    }
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
    let (over, by) = over_and_by(words, &wrong)?;
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
    Ok(rule(kind, by))
}

/// `over 5m` and `by field`, in any order.
fn over_and_by<'w>(
    mut words: impl Iterator<Item = &'w str>,
    wrong: &dyn Fn() -> Say,
) -> Result<(Duration, Option<String>), Say> {
    let (mut over, mut by) = (OVER, None);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(wrong)?;
        match word {
            "over" => over = Span::parse(value)?.0,
            "by" => by = Some(value.to_owned()),
            _ => return Err(wrong()),
        }
    }
    Ok((over, by))
}

/// The query, and the part from `count` on, where a sign follows that word.
fn split(line: &str) -> (&str, Option<&str>) {
    let line = line.trim();
    for (at, _) in line.match_indices("count") {
        let (before, tail) = line.split_at(at);
        let sign = tail["count".len()..].trim_start();
        let is_word = before.is_empty() || before.ends_with(char::is_whitespace);
        if is_word && (sign.starts_with(['<', '>']) || sign.starts_with("unusual")) {
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
    }
    (line, None)
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
}
