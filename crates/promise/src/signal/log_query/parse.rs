//! From text to conditions. Errors point at the character, counted from 1.

use super::{
    End, Expr, Test,
    pattern::{Part, Pattern, Words},
};
use crate::Say;

/// Longer than any query that a person writes; keeps matching cheap for hostile ones.
const CHARS_MAX: usize = 4_096;
/// Parentheses and `NOT`s within each other.
const DEPTH_MAX: usize = 32;

pub(super) fn parse(text: &str) -> Result<Expr, Say> {
    let mut parser = Parser {
        chars: text.chars().collect(),
        at: 0,
        depth: 0,
    };
    let read = if parser.chars.len() > CHARS_MAX {
        parser.at = CHARS_MAX;
        wrong("the query is too long", "条件が長すぎます")
    } else {
        parser.any().and_then(|expr| match parser.peek() {
            None => Ok(expr),
            Some(_) => wrong(
                "this `)` closes nothing",
                "この `)` に対応する括弧がありません",
            ),
        })
    };
    read.map_err(|why| {
        let place = parser.at + 1;
        let (en, ja) = (why.en, why.ja);
        Say::new(
            format!("this is not a log query: {en}, at character {place}"),
            format!("ログの条件として読めません: {place} 文字目、{ja}"),
        )
    })
}

fn wrong<T>(en: &str, ja: &str) -> Result<T, Say> {
    Err(Say::new(en, ja))
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    depth: usize,
}

/// What stands between white space: its parts, and whether it was quoted.
struct Term {
    parts: Vec<Part>,
    quoted: bool,
}

impl Term {
    /// The term as it was written.
    fn text(&self) -> String {
        let written = |part: &Part| match part {
            Part::Char(c) => *c,
            Part::One => '?',
            Part::Many => '*',
        };
        self.parts.iter().map(written).collect()
    }
}

impl Parser {
    /// The next character that is not white space.
    fn peek(&mut self) -> Option<char> {
        while self.chars.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
        self.chars.get(self.at).copied()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        self.peek();
        let rest = &self.chars[self.at..];
        let found = rest.len() >= word.len()
            && rest.iter().zip(word.chars()).all(|(a, b)| *a == b)
            && rest
                .get(word.len())
                .is_none_or(|c| c.is_whitespace() || "()\"".contains(*c));
        if found {
            self.at += word.len();
        }
        found
    }

    fn any(&mut self) -> Result<Expr, Say> {
        let mut parts = vec![self.every()?];
        while self.eat_word("OR") {
            parts.push(self.every()?);
        }
        Ok(only_or(parts, Expr::Any))
    }

    fn every(&mut self) -> Result<Expr, Say> {
        let mut parts = vec![self.one()?];
        loop {
            if self.eat_word("AND") {
                parts.push(self.one()?);
                continue;
            }
            let at = self.at;
            if self.peek().is_none_or(|c| c == ')') || self.eat_word("OR") {
                self.at = at;
                return Ok(only_or(parts, Expr::Every));
            }
            parts.push(self.one()?);
        }
    }

    fn deeper(&mut self, read: impl FnOnce(&mut Self) -> Result<Expr, Say>) -> Result<Expr, Say> {
        if self.depth == DEPTH_MAX {
            self.at -= 1;
            return wrong(
                "too many conditions within each other",
                "条件の入れ子が深すぎます",
            );
        }
        self.depth += 1;
        let read = read(self)?;
        self.depth -= 1;
        Ok(read)
    }

    fn close(&mut self) -> Result<(), Say> {
        if self.eat(')') {
            Ok(())
        } else {
            wrong("expected `)`", "`)` が必要です")
        }
    }

    fn one(&mut self) -> Result<Expr, Say> {
        if self.eat_word("NOT") || self.eat('-') || self.eat('!') {
            return self.deeper(|p| p.one().map(|expr| Expr::Not(Box::new(expr))));
        }
        if self.eat('(') {
            return self.deeper(|p| {
                let inner = p.any()?;
                p.close()?;
                Ok(inner)
            });
        }
        let begin = self.at;
        if self.eat_word("AND") || self.eat_word("OR") {
            self.at = begin;
        }
        let term = self.term(true)?;
        if self.chars.get(self.at) == Some(&':') && !term.quoted {
            self.at += 1;
            let name = term.text();
            return self.field(&name);
        }
        if !term.quoted && term.parts == [Part::Many] {
            return Ok(Expr::All);
        }
        Ok(Expr::Words(Words::new(term.parts)))
    }

    fn field(&mut self, name: &str) -> Result<Expr, Say> {
        if self.chars.get(self.at).is_none_or(|c| c.is_whitespace()) {
            return wrong("expected a value after `:`", "`:` の後に値が必要です");
        }
        if name == "_exists_" {
            return Ok(Expr::Exists(self.term(false)?.text()));
        }
        if self.eat('(') {
            return self.deeper(|p| p.values(name));
        }
        for (sign, is_low, inclusive) in [
            (">=", true, true),
            ("<=", false, true),
            (">", true, false),
            ("<", false, false),
        ] {
            let ahead = self.chars[self.at..].iter().copied().take(sign.len());
            if ahead.eq(sign.chars()) {
                self.at += sign.len();
                let end = Some(end(self.term(false)?.text(), inclusive));
                let test = if is_low {
                    Test::Range {
                        low: end,
                        high: None,
                    }
                } else {
                    Test::Range {
                        low: None,
                        high: end,
                    }
                };
                return Ok(Expr::Field(name.to_owned(), test));
            }
        }
        if matches!(self.peek(), Some('[' | '{')) {
            return self.range(name);
        }
        let term = self.term(false)?;
        if !term.quoted && term.parts == [Part::Many] {
            return Ok(Expr::Exists(name.to_owned()));
        }
        Ok(Expr::Field(
            name.to_owned(),
            Test::Like(Pattern::new(term.parts)),
        ))
    }

    /// `field:(a OR b)`: values of one field.
    fn values(&mut self, name: &str) -> Result<Expr, Say> {
        let (mut any, mut every) = (Vec::new(), Vec::new());
        loop {
            let not = self.eat_word("NOT");
            let value = self.field_value(name)?;
            every.push(if not {
                Expr::Not(Box::new(value))
            } else {
                value
            });
            if self.eat_word("OR") {
                any.push(only_or(std::mem::take(&mut every), Expr::Every));
            } else if self.peek() == Some(')') || !self.eat_word("AND") && self.peek().is_none() {
                self.close()?;
                any.push(only_or(every, Expr::Every));
                return Ok(only_or(any, Expr::Any));
            }
        }
    }

    fn field_value(&mut self, name: &str) -> Result<Expr, Say> {
        self.peek();
        let term = self.term(false)?;
        Ok(Expr::Field(
            name.to_owned(),
            Test::Like(Pattern::new(term.parts)),
        ))
    }

    fn range(&mut self, name: &str) -> Result<Expr, Say> {
        let low_inclusive = self.chars.get(self.at) == Some(&'[');
        self.at += 1;
        let low = self.end(low_inclusive)?;
        if !self.eat_word("TO") {
            return wrong(
                "expected `TO` between the two ends",
                "範囲の間に `TO` が必要です",
            );
        }
        let high = self.end(true)?;
        let high = if self.eat(']') {
            high
        } else if self.eat('}') {
            high.map(|end| End {
                inclusive: false,
                ..end
            })
        } else {
            return wrong("expected `]` or `}`", "`]` か `}` が必要です");
        };
        if low.is_none() && high.is_none() {
            return Ok(Expr::Exists(name.to_owned()));
        }
        Ok(Expr::Field(name.to_owned(), Test::Range { low, high }))
    }

    /// One end of a range; `*` is none.
    fn end(&mut self, inclusive: bool) -> Result<Option<End>, Say> {
        self.peek();
        let term = self.term(false)?;
        Ok((term.quoted || term.parts != [Part::Many]).then(|| end(term.text(), inclusive)))
    }

    /// A word or quoted text. A bare `:` ends a name; in a value (`12:30`) it is a letter like others.
    fn term(&mut self, ends_at_colon: bool) -> Result<Term, Say> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let mut parts = Vec::new();
        while let Some(&c) = self.chars.get(self.at) {
            match c {
                '\\' => {
                    self.at += 1;
                    let Some(&escaped) = self.chars.get(self.at) else {
                        return wrong("nothing follows `\\`", "`\\` の後に文字がありません");
                    };
                    parts.push(Part::Char(escaped));
                }
                c if c.is_whitespace() || "()\"[]{}".contains(c) || (ends_at_colon && c == ':') => {
                    break;
                }
                '*' => parts.push(Part::Many),
                '?' => parts.push(Part::One),
                c => parts.push(Part::Char(c)),
            }
            self.at += 1;
        }
        let text = Term {
            parts,
            quoted: false,
        };
        let is_keyword = ends_at_colon && matches!(text.text().as_str(), "AND" | "OR");
        if is_keyword {
            self.at -= text.parts.len();
        }
        if text.parts.is_empty() || is_keyword {
            return wrong(
                "expected a word or `field:value`",
                "語か `項目:値` が必要です",
            );
        }
        Ok(text)
    }

    fn quoted(&mut self) -> Result<Term, Say> {
        let begin = self.at;
        self.at += 1;
        let mut parts = Vec::new();
        while let Some(&c) = self.chars.get(self.at) {
            self.at += 1;
            match c {
                '"' if parts.is_empty() => {
                    return wrong("the quotes are empty", "引用符の中が空です");
                }
                '"' => {
                    return Ok(Term {
                        parts,
                        quoted: true,
                    });
                }
                '\\' => {
                    parts.extend(self.chars.get(self.at).map(|c| Part::Char(*c)));
                    self.at += 1;
                }
                c => parts.push(Part::Char(c)),
            }
        }
        self.at = begin;
        wrong("the quote is not closed", "引用符が閉じていません")
    }
}

fn end(text: String, inclusive: bool) -> End {
    let number = text.parse().ok().filter(|n: &f64| n.is_finite());
    End {
        text,
        number,
        inclusive,
    }
}

fn only_or(mut parts: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    if parts.len() == 1 {
        parts.swap_remove(0)
    } else {
        join(parts)
    }
}
