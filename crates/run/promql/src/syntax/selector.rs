//! Selectors and what follows them: ranges, subqueries, `offset` and `@`.

use promise::signal::{Match, Matcher, anchored};

use super::{
    duration::{Length, Term},
    parse::Parser,
    token::Token,
    tree::{Expr, Fixed, Kind, Selector, When},
};
use crate::{Labels, ParseError, series::NAME};

impl Parser {
    /// The braces behind a name, or alone.
    pub(super) fn selector(&mut self, name: Option<String>) -> Result<Selector, ParseError> {
        let mut matchers = Vec::new();
        if self.eat("{") {
            while !self.eat("}") {
                if !matchers.is_empty() {
                    self.need_comma("label matching")?;
                    if self.eat("}") {
                        break;
                    }
                }
                matchers.push(self.matcher()?);
            }
        }
        if let Some(name) = &name {
            matchers.push(Matcher::equal(NAME, name.as_str()));
        }
        let id = self.selectors;
        self.selectors += 1;
        Ok(Selector {
            id,
            name,
            matchers,
            when: When::default(),
        })
    }

    fn need_comma(&mut self, context: &str) -> Result<(), ParseError> {
        if self.eat(",") {
            return Ok(());
        }
        Err(self.unexpected(context, "\",\" or \"}\""))
    }

    fn matcher(&mut self) -> Result<Matcher, ParseError> {
        let start = self.start();
        let (name, may_be_metric) = match self.peek().clone() {
            Token::Word(name) => (name, false),
            Token::Text(name) => (name, true),
            _ => return Err(self.unexpected("label matching", "identifier or \"}\"")),
        };
        self.next();
        let sign = match self.peek() {
            Token::Sign(sign @ ("=" | "!=" | "=~" | "!~")) => *sign,
            // A quoted text alone is the metric's name.
            _ if may_be_metric => return Ok(Matcher::equal(NAME, name)),
            _ => return Err(self.unexpected("label matching", "label matching operator")),
        };
        self.next();
        let Token::Text(value) = self.peek().clone() else {
            return Err(self.unexpected("label matching", "string"));
        };
        self.next();
        let like =
            |pattern: &str| anchored(pattern).map_err(|why| ParseError::at(start, why.to_string()));
        let test = match sign {
            "=" => Match::Equal(value),
            "!=" => Match::NotEqual(value),
            "=~" => Match::Like(like(&value)?),
            _ => Match::NotLike(like(&value)?),
        };
        Ok(Matcher { name, test })
    }

    /// `name{label="value"}` without operators.
    pub(super) fn labels(&mut self) -> Result<Labels, ParseError> {
        let mut pairs = Vec::new();
        if let Token::Word(name) = self.peek().clone() {
            self.next();
            pairs.push((NAME.to_owned(), name));
        }
        if self.eat("{") {
            let mut is_first = true;
            while !self.eat("}") {
                if !is_first {
                    self.need_comma("label set")?;
                    if self.eat("}") {
                        break;
                    }
                }
                is_first = false;
                pairs.push(self.pair()?);
            }
        }
        Ok(Labels::new(pairs))
    }

    fn pair(&mut self) -> Result<(String, String), ParseError> {
        let (name, may_be_metric) = match self.peek().clone() {
            Token::Word(name) => (name, false),
            Token::Text(name) => (name, true),
            _ => return Err(self.unexpected("label set", "identifier or \"}\"")),
        };
        self.next();
        if !self.eat("=") {
            if may_be_metric {
                return Ok((NAME.to_owned(), name));
            }
            return Err(self.unexpected("label set", "\"=\""));
        }
        let Token::Text(value) = self.peek().clone() else {
            return Err(self.unexpected("label set", "string"));
        };
        self.next();
        Ok((name, value))
    }

    pub(super) fn postfix(&mut self, mut expr: Expr) -> Result<Expr, ParseError> {
        loop {
            let start = self.start();
            if self.eat("[") {
                expr = self.range(expr, start)?;
            } else if self.eat_word("offset") {
                let length = self.offset()?;
                let when = target(&mut expr).ok_or_else(|| {
                    ParseError::at(
                        start,
                        "offset modifier must be preceded by an instant vector selector or range vector \
                         selector or a subquery",
                    )
                })?;
                // An offset of nothing may be followed by another, as in Prometheus.
                if when.offset_millis() != 0 {
                    return Err(ParseError::at(
                        start,
                        "offset may not be set multiple times",
                    ));
                }
                when.offset = Some(length);
            } else if self.eat("@") {
                let fixed = self.fixed()?;
                let when = target(&mut expr).ok_or_else(|| {
                    ParseError::at(
                        start,
                        "@ modifier must be preceded by an instant vector selector or range vector selector \
                         or a subquery",
                    )
                })?;
                if when.at.replace(fixed).is_some() {
                    return Err(ParseError::at(
                        start,
                        "@ <timestamp> may not be set multiple times",
                    ));
                }
            } else {
                return Ok(expr);
            }
        }
    }

    /// What stands between brackets, behind the opening one.
    fn range(&mut self, of: Expr, start: usize) -> Result<Expr, ParseError> {
        let range = self.positive()?;
        if self.eat(":") {
            let step = if self.is_sign("]") {
                None
            } else {
                Some(self.positive()?)
            };
            self.need("]", "subquery selector")?;
            let begin = of.start;
            return Ok(Expr::new(
                begin,
                Kind::Subquery {
                    of: Box::new(of),
                    range,
                    step,
                    when: When::default(),
                },
            ));
        }
        if !self.eat("]") {
            return Err(self.unexpected("subquery or range", "\":\" or \"]\""));
        }
        let begin = of.start;
        let Kind::Vector(selector) = of.kind else {
            return Err(ParseError::at(
                start,
                "ranges only allowed for vector selectors",
            ));
        };
        if selector.when.offset_millis() != 0 {
            return Err(ParseError::at(
                start,
                "no offset modifiers allowed before range",
            ));
        }
        if selector.when.at.is_some() {
            return Err(ParseError::at(start, "no @ modifiers allowed before range"));
        }
        Ok(Expr::new(begin, Kind::Matrix { selector, range }))
    }

    fn positive(&mut self) -> Result<Length, ParseError> {
        let start = self.start();
        let term = self.duration(0)?;
        if term.seconds <= 0.0 {
            return Err(ParseError::at(start, "duration must be greater than 0"));
        }
        term.length().map_err(|why| ParseError::at(start, why))
    }

    /// One number with or without a sign, or arithmetic that begins with a parenthesis.
    fn offset(&mut self) -> Result<Length, ParseError> {
        let start = self.start();
        let mut is_negative = false;
        while self.is_sign("-") || self.is_sign("+") {
            is_negative ^= self.is_sign("-");
            self.next();
        }
        let term = match self.peek() {
            Token::Sign("(") => self.duration_primary()?,
            Token::Number(_) | Token::Duration(_) => self.duration_primary()?,
            _ => return Err(self.unexpected("offset", "number or duration")),
        };
        let term = if is_negative { term.negated() } else { term };
        term.length().map_err(|why| ParseError::at(start, why))
    }

    fn duration(&mut self, floor: u8) -> Result<Term, ParseError> {
        self.deeper(|parser| {
            let mut left = parser.duration_unary()?;
            loop {
                let (sign, precedence) = match parser.peek() {
                    Token::Sign(sign @ ("+" | "-")) => (*sign, 1),
                    Token::Sign(sign @ ("*" | "/" | "%")) => (*sign, 2),
                    Token::Sign("^") => ("^", 3),
                    _ => return Ok(left),
                };
                if precedence < floor {
                    return Ok(left);
                }
                let start = parser.start();
                parser.next();
                let right = parser.duration(precedence + u8::from(sign != "^"))?;
                left = left
                    .with(sign, &right)
                    .map_err(|why| ParseError::at(start, why))?;
            }
        })
    }

    fn duration_unary(&mut self) -> Result<Term, ParseError> {
        if self.eat("+") {
            return self.duration(3);
        }
        if self.eat("-") {
            return Ok(self.duration(3)?.negated());
        }
        self.duration_primary()
    }

    fn duration_primary(&mut self) -> Result<Term, ParseError> {
        match *self.peek() {
            Token::Number(value) => {
                self.next();
                Ok(Term::number(value))
            }
            Token::Duration(millis) => {
                self.next();
                Ok(Term::duration(millis))
            }
            Token::Sign("(") => {
                self.next();
                let term = self.duration(0)?;
                self.need(")", "duration expression")?;
                Ok(term.wrapped())
            }
            _ => Err(self.unexpected("subquery selector", "number or duration")),
        }
    }

    fn fixed(&mut self) -> Result<Fixed, ParseError> {
        let start = self.start();
        for (word, fixed) in [("start", Fixed::Start), ("end", Fixed::End)] {
            if self.eat_word(word) {
                self.need("(", "@")?;
                self.need(")", "@")?;
                return Ok(fixed);
            }
        }
        let sign = if self.eat("-") {
            -1.0
        } else {
            self.eat("+");
            1.0
        };
        let seconds = match *self.peek() {
            Token::Number(value) => value,
            Token::Duration(millis) => millis as f64 / 1000.0,
            _ => return Err(self.unexpected("@", "timestamp")),
        };
        self.next();
        let millis = (sign * seconds * 1000.0).round();
        // Beyond 2^53 milliseconds an instant is no longer exact, and 285,000 years are far enough.
        if !millis.is_finite() || millis.abs() > (1u64 << 53) as f64 {
            let message = format!(
                "timestamp out of bounds for @ modifier: {:.6}",
                sign * seconds
            );
            return Err(ParseError::at(start, message));
        }
        Ok(Fixed::At(millis as i64))
    }
}

/// What an `offset` or `@` behind this node moves.
fn target(expr: &mut Expr) -> Option<&mut When> {
    match &mut expr.kind {
        Kind::Vector(selector) | Kind::Matrix { selector, .. } => Some(&mut selector.when),
        Kind::Subquery { when, .. } => Some(when),
        _ => None,
    }
}
