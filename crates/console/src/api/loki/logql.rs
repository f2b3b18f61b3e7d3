//! LogQL, the part of it that the store's own queries can say: selectors, line filters, label filters, and counts over
//! time with a sum of them. It becomes a [`LogQuery`], so that blooms and columns serve it as they serve every query.
//!
//! A label is any field of a record. Parsers (`| json`, `| logfmt`) have nothing to do, for fields were told apart when
//! the line came in. What makes new fields or other lines (`line_format`, `label_format`, `regexp`, `unwrap` …) is refused
//! by name.

use std::time::Duration;

use promise::{
    LogQuery,
    signal::log_query::{
        End, Expr, Glob, Is, Like, Pattern, Range, Target, Test, number, re2, truth,
    },
};

/// Grafana's own queries have some hundreds of bytes; Loki takes 5,120 where nothing is said.
const TEXT_MAX: usize = 8 << 10;
/// Parentheses of a label filter within each other.
const DEPTH_MAX: usize = 16;

/// What is asked.
#[derive(Debug)]
pub(super) enum Question {
    Lines(LogQuery),
    Figures(Figures),
    /// Grafana adds two numbers to see whether somebody is there.
    Number(f64),
}

/// How many lines there were within `range` before an instant.
#[derive(Debug)]
pub(super) struct Figures {
    pub query: LogQuery,
    pub range: Duration,
    /// How long before an instant that instant is.
    pub offset: Duration,
    pub per_second: bool,
    /// The labels that tell groups apart; `None` are all that a line has.
    pub by: Option<Vec<String>>,
    /// Which groups are told at each instant; `None` are all.
    pub top: Option<Top>,
}

/// The groups with the most lines, or with the fewest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Top {
    pub groups: usize,
    pub is_most: bool,
}

/// The lines of a range such as `[5m] offset 1h`.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    range: Duration,
    offset: Duration,
}

type Read<T> = Result<T, String>;

/// Reads a query. What `hides` names may not be asked for: whether a value is there tells what it is.
pub(super) fn parse(text: &str, hides: &dyn Fn(&str) -> bool) -> Read<Question> {
    if text.len() > TEXT_MAX {
        return Err(format!(
            "parse error: the query is longer than {TEXT_MAX} bytes"
        ));
    }
    let mut reader = Reader { text, at: 0, hides };
    let question = reader.question()?;
    reader.space();
    if reader.rest().is_empty() {
        Ok(question)
    } else {
        Err(reader.wrong("this is not supported here: only selectors, filters, count_over_time, rate, sum, topk and bottomk are"))
    }
}

/// The query of a bare selector, such as `match[]` has.
pub(super) fn selector(text: &str, hides: &dyn Fn(&str) -> bool) -> Read<LogQuery> {
    match parse(text, hides)? {
        Question::Lines(query) => Ok(query),
        _ => Err("parse error: only a selector may stand here".to_owned()),
    }
}

/// `1h30m`, `15s`, `250ms`.
pub(super) fn span(text: &str) -> Option<Duration> {
    let hides = &|_: &str| false;
    let mut reader = Reader { text, at: 0, hides };
    let span = reader.span()?;
    reader.rest().is_empty().then_some(span)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    hides: &'t dyn Fn(&str) -> bool,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn wrong(&self, why: &str) -> String {
        let before = &self.text[..self.at];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        format!("parse error at line {line}, col {column}: {why}")
    }

    fn eat(&mut self, sign: &str) -> bool {
        self.space();
        let is_it = self.rest().starts_with(sign);
        if is_it {
            self.at += sign.len();
        }
        is_it
    }

    fn need(&mut self, sign: &str) -> Read<()> {
        if self.eat(sign) {
            Ok(())
        } else {
            Err(self.wrong(&format!("expected {sign}")))
        }
    }

    fn take(&mut self, is_part: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// A name of a field may have dots here, which Loki's labels have not.
    fn name(&mut self) -> Option<&'t str> {
        self.space();
        let begins = self
            .rest()
            .starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '@');
        begins.then(|| self.take(|c| c.is_alphanumeric() || "_.:@-".contains(c)))
    }

    /// Whether the next word is `word`, which is then taken.
    fn word(&mut self, word: &str) -> bool {
        let before = self.at;
        let is_it = self.name() == Some(word);
        if !is_it {
            self.at = before;
        }
        is_it
    }

    /// A text in quotes, with Go's escapes, or between backticks as it is.
    fn quoted(&mut self) -> Read<String> {
        if self.eat("`") {
            let text = self.take(|c| c != '`').to_owned();
            self.need("`")?;
            return Ok(text);
        }
        self.need("\"")?;
        let from = self.at;
        let mut text = String::new();
        let mut chars = self.rest().char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at = from + at + 1;
                    return Ok(text);
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, 'r')) => text.push('\r'),
                    Some((_, c @ ('\\' | '"' | '\''))) => text.push(c),
                    _ => {
                        self.at = from + at;
                        return Err(self.wrong("this escape is not known"));
                    }
                },
                c => text.push(c),
            }
        }
        Err(self.wrong("the quotes are not closed"))
    }

    fn number(&mut self) -> Option<f64> {
        self.space();
        let before = self.at;
        let number = number(self.take(|c| c.is_ascii_digit() || "+-.eE".contains(c)));
        // `5s` and `5kb` are measures, which a record does not have.
        if number.is_none() || self.rest().starts_with(char::is_alphabetic) {
            self.at = before;
            return None;
        }
        number
    }

    fn span(&mut self) -> Option<Duration> {
        let mut millis: u64 = 0;
        loop {
            let count: u64 = self.take(|c| c.is_ascii_digit()).parse().ok()?;
            let each = match self.take(|c| c.is_ascii_alphabetic()) {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                "w" => 604_800_000,
                "y" => 31_536_000_000,
                _ => return None,
            };
            millis = millis.checked_add(count.checked_mul(each)?)?;
            if !self.rest().starts_with(|c: char| c.is_ascii_digit()) {
                return Some(Duration::from_millis(millis));
            }
        }
    }

    fn question(&mut self) -> Read<Question> {
        self.space();
        if self.rest().starts_with('{') {
            let (expr, range) = self.lines()?;
            if range.is_some() {
                return Err(self.wrong("a range stands within count_over_time or rate"));
            }
            return Ok(Question::Lines(self.meant(expr)));
        }
        if self.rest().starts_with("vector") {
            let mut sum = self.vector()?;
            while self.eat("+") {
                sum += self.vector()?;
            }
            return Ok(Question::Number(sum));
        }
        for (word, is_most) in [("topk", true), ("bottomk", false)] {
            if self.word(word) {
                return self.top(is_most).map(Question::Figures);
            }
        }
        self.summed().map(Question::Figures)
    }

    /// `(5, sum by (app) (rate({job="x"}[1m])))`.
    fn top(&mut self, is_most: bool) -> Read<Figures> {
        self.need("(")?;
        self.space();
        let groups = self.take(|c| c.is_ascii_digit()).parse().ok();
        let groups = groups.filter(|groups| *groups > 0);
        let groups = groups.ok_or_else(|| self.wrong("expected how many, such as 5"))?;
        self.need(",")?;
        let figures = self.summed()?;
        self.need(")")?;
        Ok(Figures {
            top: Some(Top { groups, is_most }),
            ..figures
        })
    }

    /// Figures, or a sum of them.
    fn summed(&mut self) -> Read<Figures> {
        if !self.word("sum") {
            return self.figures();
        }
        let mut by = self.by()?;
        self.need("(")?;
        let figures = self.figures()?;
        self.need(")")?;
        if by.is_none() {
            by = self.by()?;
        }
        Ok(Figures {
            by: Some(by.unwrap_or_default()),
            ..figures
        })
    }

    fn vector(&mut self) -> Read<f64> {
        self.space();
        if !self.word("vector") {
            return Err(self.wrong("expected vector"));
        }
        self.need("(")?;
        let number = self
            .number()
            .ok_or_else(|| self.wrong("expected a number"))?;
        self.need(")")?;
        Ok(number)
    }

    fn by(&mut self) -> Read<Option<Vec<String>>> {
        if !self.word("by") {
            return Ok(None);
        }
        self.need("(")?;
        let mut names = Vec::new();
        while let Some(name) = self.name() {
            names.push(name.to_owned());
            if !self.eat(",") {
                break;
            }
        }
        self.need(")")?;
        Ok(Some(names))
    }

    fn figures(&mut self) -> Read<Figures> {
        let per_second = self.word("rate");
        if !per_second && !self.word("count_over_time") {
            return Err(
                self.wrong("expected a selector, sum, topk, bottomk, count_over_time or rate")
            );
        }
        self.need("(")?;
        let (expr, stretch) = self.lines()?;
        let Stretch { range, offset } =
            stretch.ok_or_else(|| self.wrong("expected a range such as [5m]"))?;
        self.need(")")?;
        Ok(Figures {
            query: self.meant(expr),
            range,
            offset,
            per_second,
            by: None,
            top: None,
        })
    }

    fn meant(&self, expr: Expr) -> LogQuery {
        LogQuery::of(self.text, expr)
    }

    /// A selector, what filters it, and the range that may stand among them.
    fn lines(&mut self) -> Read<(Expr, Option<Stretch>)> {
        let mut parts = Vec::new();
        self.need("{")?;
        while !self.eat("}") {
            parts.push(self.condition()?);
            if !self.eat(",") {
                self.need("}")?;
                break;
            }
        }
        let mut stretch = None;
        loop {
            if self.eat("|=") {
                parts.push(self.line(has)?);
            } else if self.eat("!=") {
                parts.push(self.line(has)?.negated());
            } else if self.eat("|~") {
                parts.push(self.line(found)?);
            } else if self.eat("!~") {
                parts.push(self.line(found)?.negated());
            } else if self.eat("|") {
                parts.extend(self.stage()?);
            } else if stretch.is_none() && self.eat("[") {
                stretch = Some(self.stretch()?);
            } else {
                return Ok((Expr::every(parts), stretch));
            }
        }
    }

    /// `5m]`, perhaps with `offset 1h` behind it.
    fn stretch(&mut self) -> Read<Stretch> {
        let range = self.span().filter(|span| !span.is_zero());
        let range = range.ok_or_else(|| self.wrong("expected a duration such as 5m"))?;
        self.need("]")?;
        let offset = if self.word("offset") {
            self.space();
            let span = self.span();
            span.ok_or_else(|| self.wrong("expected a duration such as 1h"))?
        } else {
            Duration::ZERO
        };
        Ok(Stretch { range, offset })
    }

    /// What a line must hold: one of several texts.
    fn line(&mut self, read: fn(&str) -> Read<Expr>) -> Read<Expr> {
        let mut any = Vec::new();
        loop {
            let text = self.quoted()?;
            any.push(read(&text).map_err(|why| self.wrong(&why))?);
            if !self.word("or") {
                return Ok(Expr::any(any));
            }
        }
    }

    fn stage(&mut self) -> Read<Option<Expr>> {
        if self.word("json") || self.word("logfmt") {
            return Ok(None);
        }
        if self.word("drop") {
            // Grafana leaves out the labels of errors, of which there are none.
            while self.word("__error__") || self.word("__error_details__") {
                if !self.eat(",") {
                    return Ok(None);
                }
            }
            return Err(self.wrong("only __error__ can be dropped"));
        }
        self.filter(0).map(Some)
    }

    fn filter(&mut self, depth: usize) -> Read<Expr> {
        if depth > DEPTH_MAX {
            return Err(self.wrong("too many parentheses within each other"));
        }
        let mut any = Vec::new();
        loop {
            let mut every = Vec::new();
            loop {
                if self.eat("(") {
                    every.push(self.filter(depth + 1)?);
                    self.need(")")?;
                } else {
                    every.push(self.condition()?);
                }
                if !self.eat(",") && !self.word("and") {
                    break;
                }
            }
            any.push(Expr::every(every));
            if !self.word("or") {
                return Ok(Expr::any(any));
            }
        }
    }

    /// `name="value"` and its kin.
    fn condition(&mut self) -> Read<Expr> {
        let name = self.name().ok_or_else(|| self.wrong("expected a label"))?;
        if (self.hides)(name) {
            return Err(self.wrong(&format!(
                "{name} is a personal field: your role may not search by it"
            )));
        }
        const SIGNS: [&str; 9] = ["=~", "!~", "!=", "==", "=", ">=", ">", "<=", "<"];
        let sign = SIGNS.into_iter().find(|sign| self.eat(sign));
        let sign = sign.ok_or_else(|| {
            self.wrong(&format!(
                "after {name} a comparison is expected; the stage {name} is not supported here"
            ))
        })?;
        self.space();
        let is_quoted = self.rest().starts_with(['"', '`']);
        if matches!(sign, ">=" | ">" | "<=" | "<") {
            let end = self.number().filter(|_| !is_quoted);
            let end = end.ok_or_else(|| self.wrong("expected a number without a unit"))?;
            let end = End::of(end.to_string(), sign.ends_with('='));
            let (low, high) = match sign.as_bytes().first() {
                Some(b'>') => (Some(end), None),
                _ => (None, Some(end)),
            };
            let over = promise::signal::log_query::Over::Text;
            return Ok(Expr::field(name, Test::Range(Range { low, high, over })));
        }
        let value = match self.number().filter(|_| !is_quoted) {
            Some(number) if !sign.ends_with('~') => number.to_string(),
            _ => self.quoted()?,
        };
        let expr = match sign {
            "=~" | "!~" => matches(name, &value).map_err(|why| self.wrong(&why))?,
            _ => is(name, &value),
        };
        Ok(if sign.starts_with('!') {
            expr.negated()
        } else {
            expr
        })
    }
}

/// A label that is not there is one that is empty.
fn is(name: &str, value: &str) -> Expr {
    if value.is_empty() {
        let exists = Expr::field(name, Test::Exists);
        return Expr::any(vec![exists.negated(), exactly(name, value)]);
    }
    exactly(name, value)
}

fn exactly(name: &str, value: &str) -> Expr {
    let test = Test::Is(Is {
        text: value.to_owned(),
        folds: false,
        number: number(value),
        truth: truth(value),
        time: None,
    });
    Expr::field(name, test)
}

fn matches(name: &str, pattern: &str) -> Read<Expr> {
    let regex = re2(pattern, true).map_err(|why| why.en)?;
    let takes_nothing = regex.is_match("");
    let like = Expr::field(name, like(Pattern::Regex(regex)));
    Ok(if takes_nothing {
        Expr::any(vec![Expr::field(name, Test::Exists).negated(), like])
    } else {
        like
    })
}

fn like(pattern: Pattern) -> Test {
    Test::Like(Like {
        whole: Some(pattern),
        folds: false,
        words: None,
    })
}

/// A text of the line holds this one.
fn has(text: &str) -> Read<Expr> {
    if text.is_empty() {
        return Ok(Expr::All);
    }
    let mut glob = String::from("*");
    for c in text.chars() {
        if matches!(c, '*' | '?' | '\\') {
            glob.push('\\');
        }
        glob.push(c);
    }
    glob.push('*');
    let pattern = Pattern::Glob(Glob::parse(&glob));
    Ok(Expr::Test(Target::AnyText, like(pattern)))
}

fn found(pattern: &str) -> Read<Expr> {
    let regex = re2(pattern, false).map_err(|why| why.en)?;
    Ok(Expr::Test(Target::AnyText, like(Pattern::Regex(regex))))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_go_writes_them() {
        let millis = |text| span(text).map(|span| span.as_millis());
        assert_eq!(millis("1h30m"), Some(5_400_000));
        assert_eq!(millis("250ms"), Some(250));
        assert_eq!(millis("1d"), Some(86_400_000));
        assert_eq!(
            [millis("5"), millis("m"), millis("5x"), millis("")],
            [None; 4]
        );
        assert_eq!(millis("99999999999999999999w"), None);
    }

    #[test]
    fn what_cannot_be_said_is_refused_with_its_place() {
        let why = |text: &str| parse(text, &|name| name == "email").unwrap_err();
        assert_eq!(
            why(r#"{app="x"} | line_format "{{.a}}""#),
            "parse error at line 1, col 25: after line_format a comparison is expected; the stage line_format is not supported here"
        );
        assert!(why(r#"{app="x""#).contains("expected }"));
        assert!(why(r#"{app="x}"#).contains("quotes"));
        assert!(why(r#"{app=~"("}"#).contains("refused"));
        assert!(why(r#"{a="b"} | ms > 5s"#).contains("without a unit"));
        assert!(why(r#"{a="b"} | email=~"t.*""#).contains("personal"));
        assert!(why(r#"count_over_time({a="b"})"#).contains("[5m]"));
        assert!(why(r#"topk(0, rate({a="b"}[1m]))"#).contains("how many"));
        assert!(why(r#"topk(3, {a="b"})"#).contains("expected"));
        assert!(why(r#"topk(3, rate({a="b"}[1m])) by (a)"#).contains("not supported"));
        assert!(why(r#"avg(rate({a="b"}[1m]))"#).contains("expected"));
        assert!(why(r#"rate({a="b"}[1m] offset -5m)"#).contains("duration"));
        assert!(why(r#"sum(rate({a="b"}[1m])) > 3"#).contains("not supported"));
        assert!(why(&format!("{{a=\"b\"}} | {}a=\"b\"", "(".repeat(200))).contains("parentheses"));
        assert!(why(&"x".repeat(9_000)).contains("longer"));
        assert!(why(r#"{a=~"(a{99}){99}{99}"}"#).contains("refused"));
    }
}
