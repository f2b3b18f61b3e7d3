//! A line as a sequence of symbols: its words as they are, and what varies by its looks as one and the same symbol.
//!
//! No rule speaks of one system's logs: numbers, hexadecimal, addresses, paths, dates and amounts look alike everywhere. What
//! may be either a name or a value (`com.example.Job`, the value behind `=`) is marked as such, and `group` decides by how
//! many there are. Parts that vary and stand side by side are one, so that a list of three addresses is like one of two.
//!
//! Where ASCII meets other letters a word ends, because Japanese writes `注文12番` without spaces.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Bytes of a line that are looked at: what is longer is a body, and its beginning tells its kind.
pub(super) const LINE_MAX: usize = 4_096;
/// Symbols of a line; a line of more is a table.
const SYMBOLS_MAX: usize = 256;
/// Letters alone are hexadecimal when there are so many, as no English word of eight has only a to f.
const HEX_LEAST: usize = 8;
/// Hexadecimal digits between colons: of an address of 48 or 128 bits, or of a time.
const COLONS_LEAST: usize = 2;

/// One word, or what varies. The two lowest bits tell the kind, the others the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Symbol(u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    /// A name with dots, or one with a number in brackets: of a class, or of a host.
    Name,
    /// Stands right behind `=`.
    Value,
}

impl Symbol {
    pub const VARIES: Self = Self(0);

    fn of(kind: Kind, text: &[u8]) -> Self {
        // FNV-1a: short words, and nobody gains by making two of them meet.
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for byte in text {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Self(hash << 2 | (kind as u64 + 1))
    }

    pub fn varies(self) -> bool {
        self == Self::VARIES
    }

    pub fn is(self, kind: Kind) -> bool {
        self.0 & 3 == kind as u64 + 1
    }

    pub fn bits(self) -> u64 {
        self.0
    }
}

/// The symbols of a line, and where each stands in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    pub symbols: Vec<Symbol>,
    pub spans: Vec<Range<usize>>,
}

impl Shape {
    /// Reads a line into this one, whose memory is used again.
    pub fn read(&mut self, line: &str) {
        self.symbols.clear();
        self.spans.clear();
        let bytes = &line.as_bytes()[..line.len().min(LINE_MAX)];
        let mut reader = Reader {
            bytes,
            at: 0,
            before: Before::Space,
            follows_user: false,
            shape: self,
        };
        while reader.at < bytes.len() && reader.shape.symbols.len() < SYMBOLS_MAX {
            reader.step();
        }
    }

    /// The same for lines of the same symbols.
    pub fn hash(&self) -> u64 {
        self.symbols
            .iter()
            .fold(0x9e37_79b9_7f4a_7c15, |hash, symbol| {
                (hash.rotate_left(5) ^ symbol.bits()).wrapping_mul(0x517c_c1b7_2722_0a95)
            })
    }
}

/// What stands right before a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Space,
    Mark(u8),
    Token,
}

struct Reader<'l, 's> {
    bytes: &'l [u8],
    at: usize,
    before: Before,
    /// What follows the word `user` is one.
    follows_user: bool,
    shape: &'s mut Shape,
}

impl Reader<'_, '_> {
    fn step(&mut self) {
        let first = self.bytes[self.at];
        if first.is_ascii_whitespace() || first < b' ' {
            self.at += 1;
            self.before = Before::Space;
            return;
        }
        let from = self.at;
        let after_letter = from > 0 && is_word(self.bytes[from - 1]);
        let found = match first {
            b'/' => self.path(),
            b':' if !after_letter => self.colons(),
            first if first.is_ascii_hexdigit() && !after_letter => self.colons(),
            _ => None,
        };
        if let Some(end) = found {
            return self.varies(from..end);
        }
        let end = self.word_end();
        if end == from {
            let width = cjk_mark(&self.bytes[from..]).unwrap_or(1);
            self.at += width;
            self.before = Before::Mark(first);
            return;
        }
        if !after_letter {
            if let Some(end) = self.url(end) {
                return self.varies(from..end);
            }
            if let Some(close) = self.call(end) {
                let name = Symbol::of(Kind::Name, &self.bytes[from..end]);
                return self.push(name, from..close, false);
            }
        }
        self.word(from..end);
    }

    fn word(&mut self, span: Range<usize>) {
        let all = &self.bytes[span.clone()];
        let is_edge = |byte: &u8| matches!(byte, b'.' | b'-' | b'*');
        let lead = all.iter().take_while(|byte| is_edge(byte)).count();
        let trail = all[lead..]
            .iter()
            .rev()
            .take_while(|byte| is_edge(byte))
            .count();
        let text = &all[lead..all.len() - trail];
        if !text
            .iter()
            .any(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
        {
            self.at = span.end;
            self.before = Before::Mark(all[all.len() - 1]);
            return;
        }
        let inner = span.start + lead..span.end - trail;
        let is_value = self.before == Before::Mark(b'=');
        if varies(text) || (self.follows_user && self.before == Before::Space) {
            self.at = span.end;
            return self.varies_to(inner, span.end);
        }
        if self.shape.symbols.last().is_some_and(|last| last.varies()) && is_unit(text) {
            if let Some(last) = self.shape.spans.last_mut() {
                last.end = inner.end;
            }
            self.at = span.end;
            self.before = Before::Token;
            return;
        }
        let kind = match () {
            () if is_value => Kind::Value,
            () if is_dotted(text) => Kind::Name,
            () => Kind::Word,
        };
        let symbol = Symbol::of(kind, text);
        let is_user = kind == Kind::Word && text == b"user";
        self.push(symbol, inner, is_user);
        self.at = span.end;
    }

    fn push(&mut self, symbol: Symbol, span: Range<usize>, is_user: bool) {
        self.at = span.end;
        self.shape.symbols.push(symbol);
        self.shape.spans.push(span);
        self.before = Before::Token;
        self.follows_user = is_user;
    }

    fn varies(&mut self, span: Range<usize>) {
        let end = span.end;
        self.varies_to(span, end);
    }

    fn varies_to(&mut self, span: Range<usize>, end: usize) {
        // A host with its port, or with its address in brackets, is one thing.
        let last = self.shape.symbols.last_mut();
        if let Some(last) = last.filter(|last| last.is(Kind::Name)) {
            let glued = self
                .shape
                .spans
                .last()
                .is_some_and(|host| host.end + 1 == span.start);
            if self.before == Before::Mark(b'[') || self.before == Before::Mark(b':') && glued {
                *last = Symbol::VARIES;
            }
        }
        match (self.shape.symbols.last(), self.shape.spans.last_mut()) {
            (Some(last), Some(known)) if last.varies() => known.end = span.end,
            _ => {
                self.shape.symbols.push(Symbol::VARIES);
                self.shape.spans.push(span);
            }
        }
        self.before = Before::Token;
        self.follows_user = false;
        self.at = end;
    }

    /// `00:0d:60:e9`, `2607:f140::1`, `10:46:47`.
    fn colons(&self) -> Option<usize> {
        let mut end = self.at;
        let (mut colons, mut digits, mut run) = (0, 0, 0);
        while let Some(byte) = self.bytes.get(end) {
            match byte {
                b':' => (colons, run) = (colons + 1, 0),
                byte if byte.is_ascii_hexdigit() && run < 4 => {
                    (digits, run) = (digits + 1, run + 1)
                }
                _ => break,
            }
            end += 1;
        }
        let is_whole = self.bytes.get(end).is_none_or(|byte| !is_word(*byte));
        // What ends in a colon is followed by something else: `12:30:` by its text.
        let trail = usize::from(end > self.at && self.bytes[end - 1] == b':');
        (is_whole && colons - trail.min(colons) >= COLONS_LEAST && digits > COLONS_LEAST)
            .then_some(end - trail)
    }

    /// `/var/log/x`, where the slash begins something.
    fn path(&self) -> Option<usize> {
        if let Some(before) = self.at.checked_sub(1).map(|at| self.bytes[at])
            && (is_word(before) || matches!(before, b'.' | b')' | b']'))
        {
            return None;
        }
        self.rest(self.at + 1)
    }

    /// `scheme://…`, where the word ends at `end`.
    fn url(&self, end: usize) -> Option<usize> {
        let is_scheme = self.bytes[self.at].is_ascii_alphabetic();
        (is_scheme && self.bytes[end..].starts_with(b"://")).then_some(())?;
        self.rest(end + 3).or(Some(end + 3))
    }

    fn rest(&self, from: usize) -> Option<usize> {
        let ends = |byte: &u8| {
            byte.is_ascii_whitespace()
                || matches!(
                    byte,
                    b'"' | b'\'' | b'<' | b'>' | b')' | b']' | b'}' | b',' | b';'
                )
        };
        let rest = &self.bytes[from.min(self.bytes.len())..];
        let long = rest.iter().take_while(|byte| !ends(byte)).count();
        let trail = rest[..long]
            .iter()
            .rev()
            .take_while(|byte| matches!(byte, b':' | b'=' | b'.'))
            .count();
        (long > trail).then_some(from + long - trail)
    }

    /// `name(12)`.
    fn call(&self, end: usize) -> Option<usize> {
        let rest = self.bytes.get(end..)?.strip_prefix(b"(")?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_name = self.bytes[self.at].is_ascii_alphabetic() || self.bytes[self.at] == b'_';
        (digits > 0 && is_name && rest.get(digits) == Some(&b')')).then_some(end + digits + 2)
    }

    fn word_end(&self) -> usize {
        let rest = &self.bytes[self.at..];
        let is_ascii = rest.first().is_some_and(u8::is_ascii);
        let mut end = 0;
        while let Some(byte) = rest.get(end) {
            if byte.is_ascii() != is_ascii || DELIMITER[usize::from(*byte)] {
                break;
            }
            if !is_ascii && cjk_mark(&rest[end..]).is_some() {
                break;
            }
            end += 1;
        }
        self.at + end
    }
}

const DELIMITER: [bool; 256] = {
    let mut table = [false; 256];
    let mut at = 0;
    while at <= b' ' as usize {
        table[at] = true;
        at += 1;
    }
    let marks = b"=,:;()[]{}\"'<>|@#&?!/";
    at = 0;
    while at < marks.len() {
        table[marks[at] as usize] = true;
        at += 1;
    }
    table
};

/// How long a Japanese mark at the beginning is: 、。「」（）： and the wide space.
fn cjk_mark(bytes: &[u8]) -> Option<usize> {
    matches!(
        bytes,
        [0xe3, 0x80, ..] | [0xef, 0xbc, 0x88 | 0x89 | 0x8c | 0x9a | 0x9b, ..]
    )
    .then_some(bytes.len().min(3))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn varies(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_digit)
        || text.len() == 3 && DATES.contains(&text)
        || text.len() >= HEX_LEAST && text.iter().all(u8::is_ascii_hexdigit)
}

const DATES: [&[u8]; 19] = [
    b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun", b"Jan", b"Feb", b"Mar", b"Apr", b"May",
    b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// What follows a number and belongs to it.
fn is_unit(text: &[u8]) -> bool {
    matches!(
        text,
        b"b" | b"B"
            | b"kb"
            | b"kB"
            | b"KB"
            | b"MB"
            | b"GB"
            | b"TB"
            | b"KiB"
            | b"MiB"
            | b"GiB"
            | b"byte"
            | b"bytes"
            | b"ns"
            | b"us"
            | b"ms"
            | b"s"
            | b"sec"
            | b"secs"
            | b"second"
            | b"seconds"
            | b"min"
            | b"minutes"
            | b"h"
            | b"hour"
            | b"hours"
    ) || matches!(
        std::str::from_utf8(text),
        Ok("秒" | "分" | "時間" | "件" | "円" | "回")
    )
}

/// `a.b`, with nothing but names between the dots.
fn is_dotted(text: &[u8]) -> bool {
    let mut parts = 0;
    for part in text.split(|byte| *byte == b'.') {
        let is_name = |byte: &u8| is_word(*byte) || matches!(byte, b'$' | b'-');
        if part.is_empty() || !part.iter().all(is_name) {
            return false;
        }
        parts += 1;
    }
    parts > 1
}
