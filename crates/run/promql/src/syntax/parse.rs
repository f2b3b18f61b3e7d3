//! Expressions, by the precedence of their operators.

use super::{
    check,
    token::{Placed, Token, tokens},
    tree::{Aggregate, Binary, Cards, Expr, Fold, Grouping, Kind, Matching, Op},
};
use crate::{Labels, ParseError, function::Function};

/// A query that a person or a dashboard writes is far shorter; a longer one is an attack or a mistake.
const TEXT_MAX: usize = 64 << 10;
/// Depth of the tree: evaluation recurses, and 100 levels fit the smallest stack that we run on (2 MiB).
const DEPTH_MAX: usize = 100;

/// A checked expression and how many selectors it holds.
pub(crate) fn expression(query: &str) -> Result<(Expr, usize), ParseError> {
    let read = || {
        let mut parser = Parser::new(query)?;
        let expr = parser.expr(0)?;
        if parser.peek() != &Token::End {
            return Err(parser.unexpected("", ""));
        }
        check::check(&expr)?;
        Ok((expr, parser.selectors))
    };
    read().map_err(|why: ParseError| why.within(query))
}

/// The labels of a series, written as in an answer: `up{job="a"}`. What follows them is handed back.
pub(crate) fn series(text: &str) -> Result<(Labels, &str), ParseError> {
    let end = series_end(text);
    let read = || {
        let mut parser = Parser::new(&text[..end])?;
        let labels = parser.labels()?;
        if parser.peek() != &Token::End {
            return Err(parser.unexpected("", ""));
        }
        Ok(labels)
    };
    let labels = read().map_err(|why: ParseError| why.within(text))?;
    Ok((labels, &text[end..]))
}

/// Where the labels end: behind the brace, or behind the name where there is none.
fn series_end(text: &str) -> usize {
    let name = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | ':')))
        .unwrap_or(text.len());
    let after = name + text[name..].len() - text[name..].trim_start().len();
    if !text[after..].starts_with('{') || text[after..].starts_with("{{") {
        return name;
    }
    let mut quote = None;
    let mut chars = text[after..].char_indices();
    while let Some((at, c)) = chars.next() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(open) if c == '\\' && open != '`' => {
                chars.next();
            }
            Some(_) => {}
            None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
            None if c == '}' => return after + at + 1,
            None => {}
        }
    }
    text.len()
}

pub(super) struct Parser {
    tokens: Vec<Placed>,
    at: usize,
    depth: usize,
    pub selectors: usize,
}

impl Parser {
    fn new(query: &str) -> Result<Self, ParseError> {
        if query.len() > TEXT_MAX {
            return Err(ParseError::new(format!(
                "the query is longer than {TEXT_MAX} bytes"
            )));
        }
        Ok(Self {
            tokens: tokens(query)?,
            at: 0,
            depth: 0,
            selectors: 0,
        })
    }

    pub fn placed(&self) -> &Placed {
        // The last token is the end, and nothing walks past it.
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    pub fn peek(&self) -> &Token {
        &self.placed().token
    }

    pub fn peek_next(&self) -> &Token {
        &self.tokens[(self.at + 1).min(self.tokens.len() - 1)].token
    }

    pub fn start(&self) -> usize {
        self.placed().start
    }

    pub fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    pub fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(found) if *found == sign)
    }

    pub fn eat(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.at += usize::from(found);
        found
    }

    pub fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(found) if found.eq_ignore_ascii_case(word))
    }

    pub fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    pub fn need(&mut self, sign: &str, context: &str) -> Result<(), ParseError> {
        if self.eat(sign) {
            return Ok(());
        }
        Err(self.unexpected(context, &format!("{sign:?}")))
    }

    pub fn unexpected(&self, context: &str, wanted: &str) -> ParseError {
        let found = match self.peek() {
            Token::Word(word) => format!("identifier {word:?}"),
            Token::Number(value) => format!("number \"{}\"", crate::number::plain(*value)),
            Token::Duration(millis) => format!("duration {:?}", super::show_duration(*millis)),
            Token::Text(text) => format!("string {text:?}"),
            Token::Sign(sign) => format!("{sign:?}"),
            Token::End if self.at == 0 => {
                return ParseError::at(0, "no expression found in input");
            }
            Token::End => "end of input".to_owned(),
        };
        let context = if context.is_empty() {
            String::new()
        } else {
            format!(" in {context}")
        };
        let wanted = if wanted.is_empty() {
            String::new()
        } else {
            format!(", expected {wanted}")
        };
        ParseError::at(self.start(), format!("unexpected {found}{context}{wanted}"))
    }

    /// Counts a level on the way down.
    pub fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ParseError>,
    ) -> Result<T, ParseError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(too_deep(self.start()));
        }
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// An expression of operators that bind at least as tight as `floor`.
    pub fn expr(&mut self, floor: u8) -> Result<Expr, ParseError> {
        self.deeper(|parser| {
            let mut left = parser.unary()?;
            while let Some(op) = parser.operator().filter(|op| op.precedence() >= floor) {
                parser.next();
                let (returns_bool, matching) = parser.modifiers()?;
                // `^` groups to the right.
                let next = op.precedence() + u8::from(op != Op::Pow);
                let right = parser.expr(next)?;
                let start = left.start;
                left = Expr::new(
                    start,
                    Kind::Binary(Box::new(Binary {
                        op,
                        left,
                        right,
                        returns_bool,
                        matching,
                    })),
                );
                if left.depth > DEPTH_MAX {
                    return Err(too_deep(start));
                }
            }
            Ok(left)
        })
    }

    fn operator(&self) -> Option<Op> {
        match self.peek() {
            Token::Sign(sign) => Op::named(sign),
            Token::Word(word) => Op::named(word),
            _ => None,
        }
    }

    fn unary(&mut self) -> Result<Expr, ParseError> {
        let start = self.start();
        let is_minus = self.is_sign("-");
        if !is_minus && !self.is_sign("+") {
            return self.primary();
        }
        self.next();
        let of = self.expr(Op::Pow.precedence())?;
        Ok(match of.kind {
            Kind::Number { value, is_duration } => Expr::new(
                start,
                Kind::Number {
                    value: if is_minus { -value } else { value },
                    is_duration,
                },
            ),
            _ => Expr::new(
                start,
                Kind::Unary {
                    is_minus,
                    of: Box::new(of),
                },
            ),
        })
    }

    fn primary(&mut self) -> Result<Expr, ParseError> {
        let start = self.start();
        let kind = match self.peek().clone() {
            Token::Number(value) => {
                self.next();
                Kind::Number {
                    value,
                    is_duration: false,
                }
            }
            Token::Duration(millis) => {
                self.next();
                Kind::Number {
                    value: millis as f64 / 1000.0,
                    is_duration: true,
                }
            }
            Token::Text(text) => {
                self.next();
                Kind::Text(text)
            }
            Token::Sign("(") => {
                self.next();
                let of = self.expr(0)?;
                self.need(")", "")?;
                Kind::Paren(Box::new(of))
            }
            Token::Sign("{") => Kind::Vector(self.selector(None)?),
            Token::Word(word) => self.word(&word)?,
            _ => return Err(self.unexpected("", "")),
        };
        self.postfix(Expr::new(start, kind))
    }

    /// A name begins an aggregation, a call or a selector.
    fn word(&mut self, word: &str) -> Result<Kind, ParseError> {
        let calls = matches!(self.peek_next(), Token::Sign("("));
        let groups = matches!(self.peek_next(), Token::Word(next)
            if next.eq_ignore_ascii_case("by") || next.eq_ignore_ascii_case("without"));
        if let Some(fold) = Fold::named(word).filter(|_| calls || groups) {
            return self.aggregate(fold);
        }
        let start = self.start();
        if calls {
            self.next();
            let function = Function::named(word).ok_or_else(|| {
                ParseError::at(start, format!("unknown function with name {word:?}"))
            })?;
            let args = self.args()?;
            return Ok(Kind::Call { function, args });
        }
        let is_reserved = [
            "bool",
            "on",
            "ignoring",
            "group_left",
            "group_right",
            "atan2",
        ]
        .iter()
        .any(|reserved| reserved.eq_ignore_ascii_case(word));
        if is_reserved {
            return Err(self.unexpected("", ""));
        }
        self.next();
        Ok(Kind::Vector(self.selector(Some(word.to_owned()))?))
    }

    fn args(&mut self) -> Result<Vec<Expr>, ParseError> {
        self.need("(", "")?;
        let mut args = Vec::new();
        while !self.eat(")") {
            if !args.is_empty() {
                self.need(",", "")?;
                if self.is_sign(")") {
                    let message = "trailing commas not allowed in function call args";
                    return Err(ParseError::at(self.start(), message));
                }
            }
            args.push(self.expr(0)?);
        }
        Ok(args)
    }

    fn aggregate(&mut self, fold: Fold) -> Result<Kind, ParseError> {
        let start = self.start();
        self.next();
        let before = self.grouping()?;
        let mut args = self.args()?;
        let grouping = match before {
            Some(grouping) => grouping,
            None => self.grouping()?.unwrap_or(Grouping {
                is_without: false,
                labels: Vec::new(),
            }),
        };
        let wanted = 1 + usize::from(fold.has_param());
        if args.len() != wanted {
            let message = if args.is_empty() {
                "no arguments for aggregate expression provided".to_owned()
            } else {
                format!(
                    "wrong number of arguments for aggregate expression provided, expected {wanted}, got {}",
                    args.len()
                )
            };
            return Err(ParseError::at(start, message));
        }
        let of = args.pop();
        let param = args.pop();
        of.map(|of| {
            Kind::Aggregate(Box::new(Aggregate {
                fold,
                of,
                param,
                grouping,
            }))
        })
        .ok_or_else(|| ParseError::at(start, "no arguments for aggregate expression provided"))
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, ParseError> {
        let is_without = self.is_word("without");
        if !is_without && !self.is_word("by") {
            return Ok(None);
        }
        self.next();
        let labels = self.label_names()?;
        Ok(Some(Grouping { is_without, labels }))
    }

    /// `bool`, `on`, `ignoring`, `group_left` and `group_right` behind an operator.
    fn modifiers(&mut self) -> Result<(bool, Matching), ParseError> {
        let returns_bool = self.eat_word("bool");
        let mut matching = Matching::default();
        // A metric may be called `on`? No: these words are reserved.
        if self.eat_word("on") {
            matching.is_on = true;
        } else if !self.eat_word("ignoring") {
            return Ok((returns_bool, matching));
        }
        matching.labels = self.label_names()?;
        matching.cards = if self.eat_word("group_left") {
            Cards::ManyToOne
        } else if self.eat_word("group_right") {
            Cards::OneToMany
        } else {
            return Ok((returns_bool, matching));
        };
        if self.is_sign("(") {
            matching.include = self.label_names()?;
        }
        Ok((returns_bool, matching))
    }

    fn label_names(&mut self) -> Result<Vec<String>, ParseError> {
        self.need("(", "grouping opts")?;
        let mut names = Vec::new();
        while !self.eat(")") {
            if !names.is_empty() {
                self.need(",", "grouping opts")?;
                if self.eat(")") {
                    break;
                }
            }
            match self.peek().clone() {
                Token::Word(name) if !name.eq_ignore_ascii_case("without") => names.push(name),
                Token::Text(name) if !name.is_empty() => names.push(name),
                Token::Text(_) => {
                    let message = "invalid label name for grouping: \"\"";
                    return Err(ParseError::at(self.start(), message));
                }
                _ => return Err(self.unexpected("grouping opts", "label")),
            }
            self.next();
        }
        Ok(names)
    }
}

fn too_deep(start: usize) -> ParseError {
    ParseError::at(
        start,
        format!("the query nests deeper than {DEPTH_MAX} levels"),
    )
}
