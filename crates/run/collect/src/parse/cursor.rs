//! A place in one line of text.

use std::borrow::Cow;

use promise::{Say, say};

use super::ParseError;

#[derive(Debug, Clone)]
pub(super) struct Cursor<'b> {
    line: &'b str,
    number: usize,
    at: usize,
}

/// Text that may hold escapes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quoted<'b> {
    pub raw: &'b str,
    pub escaped: bool,
}

impl<'b> Quoted<'b> {
    pub fn plain(raw: &'b str) -> Self {
        Self {
            raw,
            escaped: false,
        }
    }

    /// `\\`, `\"` and `\n` are undone; a backslash before anything else stands for itself.
    pub fn text(self) -> Cow<'b, str> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        let mut text = String::with_capacity(self.raw.len());
        let mut rest = self.raw.chars();
        while let Some(c) = rest.next() {
            if c != '\\' {
                text.push(c);
                continue;
            }
            match rest.next() {
                Some('n') => text.push('\n'),
                Some(c @ ('\\' | '"')) => text.push(c),
                Some(c) => text.extend(['\\', c]),
                None => text.push('\\'),
            }
        }
        Cow::Owned(text)
    }
}

impl<'b> Cursor<'b> {
    pub fn new(line: &'b str, number: usize) -> Self {
        Self {
            line,
            number,
            at: 0,
        }
    }

    pub fn number(&self) -> usize {
        self.number
    }

    pub fn position(&self) -> usize {
        self.at
    }

    pub fn since(&self, start: usize) -> &'b str {
        &self.line[start..self.at]
    }

    pub fn rest(&self) -> &'b str {
        &self.line[self.at..]
    }

    pub fn peek(&self) -> Option<u8> {
        self.line.as_bytes().get(self.at).copied()
    }

    pub fn at_end(&self) -> bool {
        self.at == self.line.len()
    }

    pub fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    pub fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub fn eat_text(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Everything up to the next blank.
    pub fn word(&mut self) -> &'b str {
        let rest = self.rest();
        let end = memchr::memchr2(b' ', b'\t', rest.as_bytes()).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// `[a-zA-Z_][a-zA-Z0-9_]*`, and `:` where `colons` allows it; empty where there is none.
    pub fn name(&mut self, colons: bool) -> &'b str {
        let start = self.at;
        while let Some(byte) = self.peek() {
            let fits = byte.is_ascii_alphabetic()
                || byte == b'_'
                || (colons && byte == b':')
                || (self.at > start && byte.is_ascii_digit());
            if !fits {
                break;
            }
            self.at += 1;
        }
        self.since(start)
    }

    /// What stands between two `"`.
    pub fn quoted(&mut self) -> Result<Quoted<'b>, ParseError> {
        if !self.eat(b'"') {
            return Err(self.expected("`\"`"));
        }
        let start = self.at;
        let bytes = self.line.as_bytes();
        let mut escaped = false;
        loop {
            let Some(next) = memchr::memchr2(b'"', b'\\', &bytes[self.at..]) else {
                return Err(self.wrong(say!(
                    "the quote is not closed on this line",
                    "引用符が同じ行で閉じられていません"
                )));
            };
            self.at += next;
            if bytes[self.at] == b'"' {
                let raw = &self.line[start..self.at];
                self.at += 1;
                return Ok(Quoted { raw, escaped });
            }
            escaped = true;
            self.at += 1;
            // The escaped character is skipped whole: it may have several bytes.
            self.at += self.rest().chars().next().map_or(0, char::len_utf8);
        }
    }

    pub fn expected(&self, what: &str) -> ParseError {
        match self.rest().chars().next() {
            Some(found) => self.wrong(say!(
                "expected {what}, found {found:?}",
                "{what} が必要ですが {found:?} があります"
            )),
            None => self.wrong(say!(
                "expected {what}, but the line ends",
                "{what} が必要ですが行が終わっています"
            )),
        }
    }

    pub fn wrong(&self, what: Say) -> ParseError {
        self.error(what, false)
    }

    pub fn over(&self, what: Say) -> ParseError {
        self.error(what, true)
    }

    fn error(&self, what: Say, is_limit: bool) -> ParseError {
        ParseError {
            line: self.number,
            column: self.line[..self.at].chars().count() + 1,
            what,
            is_limit,
        }
    }
}
