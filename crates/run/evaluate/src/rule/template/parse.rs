//! From text to tree.

use super::{
    function,
    syntax::{Command, Head, Node, Operand, Pipeline},
};

/// Blocks and brackets in one another. People write three.
const DEPTH_MAX: usize = 64;

pub(super) fn parse(text: &str) -> Result<Vec<Node>, String> {
    let pieces = pieces(text)?;
    let mut parser = Parser {
        pieces: &pieces,
        next: 0,
        depth: 0,
        variables: ["", "labels", "value", "externalLabels", "externalURL"]
            .map(str::to_owned)
            .into(),
    };
    let (body, end) = parser.body()?;
    match end {
        End::OfText => Ok(body),
        End::Closed | End::Else(_) => Err("unexpected {{end}} or {{else}}".to_owned()),
    }
}

/// Text, or what stands between two pairs of braces.
enum Piece<'t> {
    Text(&'t str),
    Action(Vec<Token>),
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Variable(String),
    /// `.x`; the flag tells of a space before it.
    Field(String, bool),
    Dot,
    Text(String),
    Int(i64),
    Float(f64),
    Open,
    Close,
    Pipe,
    Comma,
    Declare,
    Assign,
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut out = Vec::new();
    let mut rest = text;
    let mut trims = false;
    loop {
        let Some(open) = rest.find("{{") else {
            out.push(Piece::Text(if trims { rest.trim_start() } else { rest }));
            return Ok(out);
        };
        let mut before = &rest[..open];
        if trims {
            before = before.trim_start();
        }
        let mut inside = &rest[open + 2..];
        if let Some(trimmed) = inside
            .strip_prefix('-')
            .filter(|rest| rest.starts_with(|c: char| c.is_ascii_whitespace()))
        {
            before = before.trim_end();
            inside = trimmed;
        }
        out.push(Piece::Text(before));
        let comment = inside.trim_start();
        if let Some(body) = comment.strip_prefix("/*") {
            let end = body.find("*/").ok_or("unclosed comment")?;
            let after = &body[end + 2..];
            let close = after
                .find("}}")
                .ok_or("comment ends before closing delimiter")?;
            trims = after[..close].trim_end().ends_with('-');
            rest = &after[close + 2..];
            continue;
        }
        let (tokens, after, trim) = tokens(inside)?;
        out.push(Piece::Action(tokens));
        trims = trim;
        rest = after;
    }
}

/// The tokens up to `}}`, the text behind it, and whether its white space goes.
fn tokens(text: &str) -> Result<(Vec<Token>, &str, bool), String> {
    let mut out = Vec::new();
    let mut rest = text;
    let mut spaced = true;
    loop {
        let trimmed = rest.trim_start_matches(|c: char| c.is_ascii_whitespace());
        spaced |= trimmed.len() < rest.len();
        rest = trimmed;
        if let Some(after) = rest.strip_prefix("}}") {
            return Ok((out, after, false));
        }
        if let Some(after) = rest.strip_prefix("-}}").filter(|_| spaced) {
            return Ok((out, after, true));
        }
        let first = rest.chars().next().ok_or("unclosed action")?;
        let (token, len) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '|' => (Token::Pipe, 1),
            ',' => (Token::Comma, 1),
            '=' => (Token::Assign, 1),
            ':' if rest.starts_with(":=") => (Token::Declare, 2),
            '"' | '`' | '\'' => quoted(rest, first)?,
            '$' => {
                let name = word(&rest[1..]);
                (Token::Variable(name.to_owned()), 1 + name.len())
            }
            '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => number(rest)?,
            '.' => match word(&rest[1..]) {
                "" => (Token::Dot, 1),
                name => (Token::Field(name.to_owned(), spaced), 1 + name.len()),
            },
            '0'..='9' | '+' | '-' => number(rest)?,
            c if c.is_alphabetic() || c == '_' => {
                let name = word(rest);
                (Token::Word(name.to_owned()), name.len())
            }
            c => return Err(format!("unexpected {c:?} in an action")),
        };
        out.push(token);
        rest = &rest[len..];
        spaced = false;
    }
}

fn word(text: &str) -> &str {
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(text.len());
    &text[..end]
}

fn number(text: &str) -> Result<(Token, usize), String> {
    let end = text
        .char_indices()
        .find(|(at, c)| {
            let exponent = *at > 0 && matches!(text.as_bytes()[at - 1], b'e' | b'E');
            let sign = matches!(c, '+' | '-') && (*at == 0 || exponent);
            !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_') || sign)
        })
        .map_or(text.len(), |(at, _)| at);
    let written = &text[..end];
    let plain = written.replace('_', "");
    let hex = plain
        .strip_prefix("0x")
        .and_then(|digits| i64::from_str_radix(digits, 16).ok());
    let token = match hex.or_else(|| plain.parse().ok()) {
        Some(int) => Token::Int(int),
        None => Token::Float(
            plain
                .parse()
                .ok()
                .filter(|_| plain.contains(|c: char| c.is_ascii_digit()))
                .ok_or_else(|| format!("bad number syntax: {written:?}"))?,
        ),
    };
    Ok((token, end))
}

/// A text in quotes, or one letter in single ones, which is its number.
fn quoted(text: &str, quote: char) -> Result<(Token, usize), String> {
    let mut out = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, c)) = letters.next() {
        if c == quote {
            let len = at + 1;
            if quote == '\'' {
                let mut one = out.chars();
                return match (one.next(), one.next()) {
                    (Some(c), None) => Ok((Token::Int(i64::from(u32::from(c))), len)),
                    _ => Err("malformed character constant".to_owned()),
                };
            }
            return Ok((Token::Text(out), len));
        }
        match c {
            '\n' if quote != '`' => break,
            '\\' if quote != '`' => {
                let (_, escaped) = letters.next().ok_or("unterminated quoted string")?;
                let digits = match escaped {
                    'x' => 2,
                    'u' => 4,
                    'U' => 8,
                    _ => 0,
                };
                if digits > 0 {
                    let hex: String = letters.by_ref().take(digits).map(|(_, c)| c).collect();
                    let code = u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32);
                    out.push(code.ok_or("invalid escape in a quoted string")?);
                    continue;
                }
                out.push(match escaped {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'a' => '\u{7}',
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'v' => '\u{b}',
                    '\\' | '"' | '\'' => escaped,
                    _ => return Err(format!("invalid escape \\{escaped} in a quoted string")),
                });
            }
            c => out.push(c),
        }
    }
    Err("unterminated quoted string".to_owned())
}

/// What ended a block.
enum End {
    OfText,
    Closed,
    /// With what stands behind the word.
    Else(Vec<Token>),
}

struct Parser<'p> {
    pieces: &'p [Piece<'p>],
    next: usize,
    depth: usize,
    /// Those that are known here; blocks cut it back at their end.
    variables: Vec<String>,
}

impl Parser<'_> {
    fn body(&mut self) -> Result<(Vec<Node>, End), String> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.get(self.next) {
            self.next += 1;
            let tokens = match piece {
                Piece::Text(text) => {
                    if !text.is_empty() {
                        nodes.push(Node::Text((*text).to_owned()));
                    }
                    continue;
                }
                Piece::Action(tokens) => tokens,
            };
            let Some((first, rest)) = tokens.split_first() else {
                return Err("missing value for command".to_owned());
            };
            let Token::Word(keyword) = first else {
                nodes.push(Node::Action(self.pipeline(tokens)?));
                continue;
            };
            match keyword.as_str() {
                "end" => return Ok((nodes, End::Closed)),
                "else" => return Ok((nodes, End::Else(rest.to_vec()))),
                "if" => nodes.push(self.branches("if", rest)?),
                "with" => nodes.push(self.branches("with", rest)?),
                "range" => nodes.push(self.range(rest)?),
                "define" => {
                    let [Token::Text(name)] = rest else {
                        return Err("define needs a name in quotes".to_owned());
                    };
                    let body = self.block(|parser| parser.closed())?;
                    nodes.push(Node::Define(name.clone(), body));
                }
                "block" => {
                    let [Token::Text(name), of @ ..] = rest else {
                        return Err("block needs a name in quotes".to_owned());
                    };
                    let pipeline = self.pipeline(of)?;
                    let body = self.block(|parser| parser.closed())?;
                    nodes.push(Node::Define(name.clone(), body));
                    nodes.push(Node::Template(name.clone(), Some(pipeline)));
                }
                "template" => {
                    let [Token::Text(name), of @ ..] = rest else {
                        return Err("template needs a name in quotes".to_owned());
                    };
                    let pipeline = (!of.is_empty()).then(|| self.pipeline(of)).transpose()?;
                    nodes.push(Node::Template(name.clone(), pipeline));
                }
                "break" => nodes.push(Node::Break),
                "continue" => nodes.push(Node::Continue),
                _ => nodes.push(Node::Action(self.pipeline(tokens)?)),
            }
        }
        Ok((nodes, End::OfText))
    }

    /// Variables that are set within a block end with it.
    fn block<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} blocks lie in one another"));
        }
        let known = self.variables.len();
        let done = work(self);
        self.variables.truncate(known);
        self.depth -= 1;
        done
    }

    fn closed(&mut self) -> Result<Vec<Node>, String> {
        match self.body()? {
            (body, End::Closed) => Ok(body),
            (_, End::Else(_)) => Err("unexpected {{else}}".to_owned()),
            (_, End::OfText) => Err("unexpected EOF: an {{end}} is missing".to_owned()),
        }
    }

    fn branches(&mut self, keyword: &str, tokens: &[Token]) -> Result<Node, String> {
        let mut tokens = tokens.to_vec();
        let (cases, otherwise) = self.block(|parser| {
            let mut cases = Vec::new();
            loop {
                let pipeline = parser.pipeline(&tokens)?;
                let (body, end) = parser.body()?;
                cases.push((pipeline, body));
                match end {
                    End::Closed => return Ok((cases, Vec::new())),
                    End::OfText => return Err("unexpected EOF: an {{end}} is missing".to_owned()),
                    End::Else(rest) => match rest.split_first() {
                        None => return Ok((cases, parser.closed()?)),
                        Some((Token::Word(again), rest)) if again == keyword => {
                            tokens = rest.to_vec();
                        }
                        Some(_) => {
                            return Err(format!(
                                "unexpected words behind {{{{else}}}} of {keyword}"
                            ));
                        }
                    },
                }
            }
        })?;
        Ok(if keyword == "if" {
            Node::If(cases, otherwise)
        } else {
            Node::With(cases, otherwise)
        })
    }

    fn range(&mut self, tokens: &[Token]) -> Result<Node, String> {
        self.block(|parser| {
            let pipeline = parser.pipeline(tokens)?;
            match parser.body()? {
                (body, End::Closed) => Ok(Node::Range(pipeline, body, Vec::new())),
                (body, End::Else(rest)) if rest.is_empty() => {
                    Ok(Node::Range(pipeline, body, parser.closed()?))
                }
                (_, End::Else(_)) => Err("unexpected words behind {{else}} of range".to_owned()),
                (_, End::OfText) => Err("unexpected EOF: an {{end}} is missing".to_owned()),
            }
        })
    }

    fn pipeline(&mut self, tokens: &[Token]) -> Result<Pipeline, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} brackets lie in one another"));
        }
        let mut variables = Vec::new();
        let mut assigns = false;
        let mut rest = tokens;
        match tokens {
            [
                Token::Variable(one),
                sign @ (Token::Declare | Token::Assign),
                of @ ..,
            ] => {
                variables.push(one.clone());
                assigns = *sign == Token::Assign;
                rest = of;
            }
            [
                Token::Variable(one),
                Token::Comma,
                Token::Variable(two),
                sign @ (Token::Declare | Token::Assign),
                of @ ..,
            ] => {
                variables = vec![one.clone(), two.clone()];
                assigns = *sign == Token::Assign;
                rest = of;
            }
            _ => {}
        }
        let mut commands = Vec::new();
        let mut command = Command::new();
        let mut tokens = rest;
        while let Some((token, after)) = tokens.split_first() {
            if *token == Token::Pipe {
                commands.push(std::mem::take(&mut command));
                tokens = after;
                continue;
            }
            if let (Token::Field(name, false), Some(last)) = (token, command.last_mut()) {
                last.fields.push(name.clone());
                tokens = after;
                continue;
            }
            let (operand, after) = self.operand(token, after)?;
            command.push(operand);
            tokens = after;
        }
        commands.push(command);
        if commands.iter().any(Vec::is_empty) {
            return Err("missing value for command".to_owned());
        }
        if assigns && variables.iter().any(|name| !self.variables.contains(name)) {
            return Err(format!("undefined variable \"${}\"", variables.join(", $")));
        }
        self.variables.extend(variables.iter().cloned());
        self.depth -= 1;
        Ok(Pipeline {
            variables,
            assigns,
            commands,
        })
    }

    fn operand<'t>(
        &mut self,
        token: &Token,
        after: &'t [Token],
    ) -> Result<(Operand, &'t [Token]), String> {
        let mut fields = Vec::new();
        let mut rest = after;
        let head = match token {
            Token::Dot => Head::Dot,
            Token::Field(name, _) => {
                fields.push(name.clone());
                Head::Dot
            }
            Token::Variable(name) => {
                if !self.variables.contains(name) {
                    return Err(format!("undefined variable \"${name}\""));
                }
                Head::Variable(name.clone())
            }
            Token::Text(text) => Head::Text(text.clone()),
            Token::Int(value) => Head::Int(*value),
            Token::Float(value) => Head::Float(*value),
            Token::Word(word) => match word.as_str() {
                "true" => Head::Bool(true),
                "false" => Head::Bool(false),
                "nil" => Head::Nil,
                name if function::is_known(name) => Head::Function(name.to_owned()),
                name => return Err(format!("function {name:?} not defined")),
            },
            Token::Open => {
                let close = matching(after)?;
                let inner = self.pipeline(&after[..close])?;
                rest = &after[close + 1..];
                Head::Parens(inner)
            }
            Token::Close | Token::Comma | Token::Declare | Token::Assign | Token::Pipe => {
                return Err("unexpected sign in an action".to_owned());
            }
        };
        Ok((Operand { head, fields }, rest))
    }
}

fn matching(tokens: &[Token]) -> Result<usize, String> {
    let mut open = 1usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Open => open += 1,
            Token::Close => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Ok(at);
        }
    }
    Err("unclosed left paren".to_owned())
}
