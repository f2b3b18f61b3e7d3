//! From tokens to clauses.

use super::{
    Asks, Leaf, Occur, Operator, Syntax, Tree,
    token::{Kind, Token, Wrong, tokens, wrong},
};
use crate::Say;

/// Longer than any query that a person or a dashboard writes; keeps reading and matching cheap for hostile ones.
const CHARS_MAX: usize = 16_384;
/// Parentheses within each other.
const DEPTH_MAX: usize = 32;
/// Lucene's own bound, here over the whole query.
const CLAUSES_MAX: usize = 1_024;

/// Reads a text. An error says what is wrong and at which character, counted from 1.
pub fn parse(text: &str, syntax: Syntax) -> Result<Tree, Say> {
    let chars: Vec<char> = text.chars().collect();
    read(&chars, syntax).map_err(|(at, why)| super::super::misread(at, &why))
}

fn read(chars: &[char], syntax: Syntax) -> Result<Tree, Wrong> {
    if chars.len() > CHARS_MAX {
        return wrong(CHARS_MAX, "the query is too long", "条件が長すぎます");
    }
    let mut parser = Parser {
        chars,
        tokens: tokens(chars)?,
        next: 0,
        depth: 0,
        leaves: 0,
        syntax,
    };
    let tree = parser.query(None)?;
    match parser.peek() {
        None => Ok(tree),
        Some(token) => wrong(
            token.at,
            "this `)` closes nothing",
            "この `)` に対応する括弧がありません",
        ),
    }
}

struct Parser<'t> {
    chars: &'t [char],
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    leaves: usize,
    syntax: Syntax,
}

/// What stands before a clause.
#[derive(Clone, Copy, PartialEq)]
enum Join {
    Nothing,
    And,
    Or,
}

/// The clauses of one level.
#[derive(Default)]
struct Level {
    clauses: Vec<(Occur, Tree)>,
    /// Whether something joins by `OR`, and whether something does otherwise.
    any: bool,
    every: bool,
}

impl Parser<'_> {
    fn peek(&self) -> Option<Token> {
        self.tokens.get(self.next).copied()
    }

    fn peek_second(&self) -> Option<Kind> {
        self.tokens.get(self.next + 1).map(|token| token.kind)
    }

    fn eat(&mut self, kind: Kind) -> Option<Token> {
        let token = self.peek().filter(|token| token.kind == kind)?;
        self.next += 1;
        Some(token)
    }

    /// Where the next token stands, or the end of the text.
    fn place(&self) -> usize {
        self.peek().map_or(self.chars.len(), |token| token.at)
    }

    fn text(&self, token: Token) -> String {
        self.chars[token.at..token.end].iter().collect()
    }

    fn query(&mut self, field: Option<&str>) -> Result<Tree, Wrong> {
        let mut level = Level::default();
        let modifier = self.modifier();
        let first = self.clause(field)?;
        self.add(&mut level, Join::Nothing, modifier, first, 0)?;
        while self.peek().is_some_and(|token| token.kind != Kind::Close) {
            let at = self.place();
            let join = if self.eat(Kind::And).is_some() {
                Join::And
            } else if self.eat(Kind::Or).is_some() {
                Join::Or
            } else {
                Join::Nothing
            };
            let modifier = self.modifier();
            let clause = self.clause(field)?;
            self.add(&mut level, join, modifier, clause, at)?;
        }
        let mut clauses = level.clauses;
        // A single clause without a sign is itself; `-a` alone stays a list of one.
        if clauses.len() == 1 && modifier.is_none() {
            return Ok(clauses.swap_remove(0).1);
        }
        Ok(Tree::Clauses(clauses))
    }

    /// `+` requires, `-`, `!` and `NOT` prohibit.
    fn modifier(&mut self) -> Option<Occur> {
        if self.eat(Kind::Plus).is_some() {
            return Some(Occur::Must);
        }
        let not = self.eat(Kind::Minus).or_else(|| self.eat(Kind::Not));
        not.map(|_| Occur::MustNot)
    }

    fn add(
        &mut self,
        level: &mut Level,
        join: Join,
        modifier: Option<Occur>,
        clause: Tree,
        at: usize,
    ) -> Result<(), Wrong> {
        let is_and = self.syntax.default_operator == Operator::And;
        let marked = match join {
            Join::And => Some(Occur::Must),
            Join::Or if is_and => Some(Occur::Should),
            _ => None,
        };
        if let (Some(marked), Some((occur, _))) = (marked, level.clauses.last_mut())
            && *occur != Occur::MustNot
        {
            *occur = marked;
        }
        let occur = match modifier {
            Some(Occur::MustNot) => Occur::MustNot,
            Some(Occur::Must) if !(is_and && join == Join::Or) => Occur::Must,
            _ if join == Join::And || is_and && join == Join::Nothing => Occur::Must,
            _ => Occur::Should,
        };
        let is_first = level.clauses.is_empty();
        level.any |= join == Join::Or;
        level.every |= modifier.is_some() || !is_first && join != Join::Or;
        if self.syntax.refuses_mixing && level.any && level.every {
            return wrong(
                at,
                "AND and OR stand side by side; put parentheses around what belongs together",
                "AND と OR が並んでいます。まとまりを括弧で囲んでください",
            );
        }
        level.clauses.push((occur, clause));
        Ok(())
    }

    fn clause(&mut self, field: Option<&str>) -> Result<Tree, Wrong> {
        let named = self.field()?;
        let field = named.as_deref().or(field);
        if let Some(open) = self.eat(Kind::Open) {
            if self.depth == DEPTH_MAX {
                return wrong(
                    open.at,
                    "too many conditions within each other",
                    "条件の入れ子が深すぎます",
                );
            }
            self.depth += 1;
            let inner = self.query(field)?;
            self.depth -= 1;
            if self.eat(Kind::Close).is_none() {
                return wrong(self.place(), "expected `)`", "`)` が必要です");
            }
            let boost = self.boost()?;
            return Ok(boosted(inner, boost));
        }
        if named.is_some() && self.peek().is_none_or(|token| !begins_term(token.kind)) {
            return wrong(
                self.place(),
                "expected a value after `:`",
                "`:` の後に値が必要です",
            );
        }
        self.leaves += 1;
        if self.leaves > CLAUSES_MAX {
            return wrong(self.place(), "too many conditions", "条件が多すぎます");
        }
        self.term(field)
    }

    /// `name:`, or `*:` for each field.
    fn field(&mut self) -> Result<Option<String>, Wrong> {
        let Some(token) = self.peek() else {
            return Ok(None);
        };
        if self.syntax.compares && token.kind == Kind::Term && self.is_compared() {
            self.next += 1;
            return self.unescaped(token, 0, 0).map(Some);
        }
        if !matches!(token.kind, Kind::Term | Kind::Star) || self.peek_second() != Some(Kind::Colon)
        {
            return Ok(None);
        }
        self.next += 2;
        self.unescaped(token, 0, 0).map(Some)
    }

    /// Whether the next token is followed by `>`, `>=`, `<` or `<=` that stands alone, and something.
    fn is_compared(&self) -> bool {
        let [sign, value] = [1, 2].map(|ahead| self.tokens.get(self.next + ahead));
        let is_sign =
            sign.is_some_and(|token| token.kind == Kind::Term && is_sign(&self.text(*token)));
        is_sign
            && value
                .is_some_and(|token| matches!(token.kind, Kind::Term | Kind::Quoted | Kind::Minus))
    }

    fn boost(&mut self) -> Result<Option<f32>, Wrong> {
        if self.eat(Kind::Caret).is_none() {
            return Ok(None);
        }
        match self.eat(Kind::Number) {
            Some(token) => Ok(self.text(token).parse().ok()),
            None => wrong(
                self.place(),
                "expected a number after `^`",
                "`^` の後に数が必要です",
            ),
        }
    }

    /// `^2` and `~1`, in either order.
    fn boost_and_slop(&mut self) -> Result<(Option<f32>, Option<Token>), Wrong> {
        if let Some(slop) = self.eat(Kind::Slop) {
            return Ok((self.boost()?, Some(slop)));
        }
        let boost = self.boost()?;
        let slop = boost.and_then(|_| self.eat(Kind::Slop));
        Ok((boost, slop))
    }

    fn term(&mut self, field: Option<&str>) -> Result<Tree, Wrong> {
        let Some(token) = self.peek().filter(|token| begins_term(token.kind)) else {
            return wrong(
                self.place(),
                "expected a word or `field:value`",
                "語か `項目:値` が必要です",
            );
        };
        self.next += 1;
        if token.kind == Kind::RangeOpen {
            return self.range(field, token);
        }
        if self.syntax.compares && token.kind == Kind::Term && is_sign(&self.text(token)) {
            return self.compared(field, token);
        }
        let (boost, slop) = self.boost_and_slop()?;
        if let Some(slop) =
            slop.filter(|slop| self.amount(*slop).is_some_and(|amount| amount <= -1.0))
        {
            return wrong(
                slop.at,
                "a distance is a whole number",
                "距離は整数で指定します",
            );
        }
        let asks = match token.kind {
            Kind::Quoted => Asks::Phrase {
                text: self.unescaped(token, 1, 1)?,
                slop: slop.and_then(|slop| self.amount(slop)).map(whole),
            },
            Kind::Star | Kind::Wildcard => {
                self.unescaped(token, 0, 0)?;
                Asks::Wildcard(self.text(token))
            }
            Kind::Prefix => Asks::Prefix(self.unescaped(token, 0, 1)?),
            Kind::Regex => Asks::Regex(self.chars[token.at + 1..token.end - 1].iter().collect()),
            Kind::BareOperator => Asks::Word(self.chars[token.at].to_string()),
            _ => match slop {
                None => Asks::Word(self.unescaped(token, 0, 0)?),
                Some(slop) => {
                    let distance = self.amount(slop);
                    if distance.is_some_and(|d| d < 0.0 || d > 1.0 && d.fract() != 0.0) {
                        return wrong(
                            slop.at,
                            "a distance is a whole number",
                            "距離は整数で指定します",
                        );
                    }
                    Asks::Fuzzy {
                        text: self.unescaped(token, 0, 0)?,
                        distance,
                    }
                }
            },
        };
        if self.syntax.refuses_mixing
            && asks
                == (Asks::Phrase {
                    text: String::new(),
                    slop: None,
                })
        {
            return wrong(token.at, "the quotes are empty", "引用符の中が空です");
        }
        Ok(boosted(self.leaf(field, asks, token), boost))
    }

    fn leaf(&self, field: Option<&str>, asks: Asks, token: Token) -> Tree {
        Tree::Leaf(Leaf {
            field: field.map(str::to_owned),
            asks,
            at: token.at,
        })
    }

    /// The number of `~2`.
    fn amount(&self, slop: Token) -> Option<f32> {
        let text: String = self.chars[slop.at + 1..slop.end].iter().collect();
        text.parse().ok()
    }

    /// `field > 5`, where the sign stands alone.
    fn compared(&mut self, field: Option<&str>, sign: Token) -> Result<Tree, Wrong> {
        let minus = self.eat(Kind::Minus).map(|_| "-").unwrap_or_default();
        let value = self.eat(Kind::Term).or_else(|| self.eat(Kind::Quoted));
        let (Some(value), Some(_)) = (value, field) else {
            return wrong(
                sign.at,
                "expected `field > value`",
                "`項目 > 値` の形が必要です",
            );
        };
        let quotes = usize::from(value.kind == Kind::Quoted);
        let text = format!("{minus}{}", self.unescaped(value, quotes, quotes)?);
        let sign_text = self.text(sign);
        Ok(self.leaf(field, one_sided(&sign_text, text), sign))
    }

    fn range(&mut self, field: Option<&str>, open: Token) -> Result<Tree, Wrong> {
        let low = self.end()?;
        if self.eat(Kind::To).is_none() {
            return wrong(
                self.place(),
                "expected `TO` between the two ends",
                "範囲の間に `TO` が必要です",
            );
        }
        let high = self.end()?;
        let Some(close) = self.eat(Kind::RangeClose) else {
            return wrong(self.place(), "expected `]` or `}`", "`]` か `}` が必要です");
        };
        let boost = self.boost()?;
        let asks = Asks::Range {
            low,
            high,
            low_inclusive: self.chars[open.at] == '[',
            high_inclusive: self.chars[close.at] == ']',
        };
        Ok(boosted(self.leaf(field, asks, open), boost))
    }

    /// One end of a range; `*` is none.
    fn end(&mut self) -> Result<Option<String>, Wrong> {
        let Some(token) = self
            .peek()
            .filter(|t| matches!(t.kind, Kind::RangeEnd | Kind::RangeQuoted | Kind::To))
        else {
            return wrong(
                self.place(),
                "expected an end of the range, or `*`",
                "範囲の端か `*` が必要です",
            );
        };
        self.next += 1;
        if token.kind == Kind::RangeQuoted {
            return self.unescaped(token, 1, 1).map(Some);
        }
        if self.text(token) == "*" {
            return Ok(None);
        }
        self.unescaped(token, 0, 0).map(Some)
    }

    /// A token's text without what stands at its sides, and without `\`; `\u0041` is a character by its number.
    fn unescaped(&self, token: Token, skip: usize, drop: usize) -> Result<String, Wrong> {
        let end = token.end - drop;
        let mut at = token.at + skip;
        // Two numbers together may be one character, as in UTF-16.
        let mut units: Vec<u16> = Vec::new();
        let mut buffer = [0; 2];
        while at < end {
            let mut c = self.chars[at];
            at += 1;
            if c == '\\' {
                let Some(escaped) = self.chars[..end].get(at) else {
                    return wrong(
                        at - 1,
                        "nothing follows `\\`",
                        "`\\` の後に文字がありません",
                    );
                };
                at += 1;
                if *escaped == 'u' {
                    units.push(self.by_number(at, end)?);
                    at += 4;
                    continue;
                }
                c = *escaped;
            }
            units.extend_from_slice(c.encode_utf16(&mut buffer));
        }
        Ok(String::from_utf16_lossy(&units))
    }

    fn by_number(&self, at: usize, end: usize) -> Result<u16, Wrong> {
        let digits = self.chars[..end].get(at..at + 4).unwrap_or_default();
        let value = digits
            .iter()
            .try_fold(0, |value, c| Some(value * 16 + c.to_digit(16)?));
        match value
            .and_then(|value: u32| u16::try_from(value).ok())
            .filter(|_| digits.len() == 4)
        {
            Some(unit) => Ok(unit),
            None => wrong(
                at,
                "expected four hexadecimal digits after `\\u`",
                "`\\u` の後に 16 進数 4 桁が必要です",
            ),
        }
    }
}

fn begins_term(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Term
            | Kind::Star
            | Kind::Prefix
            | Kind::Wildcard
            | Kind::Regex
            | Kind::Number
            | Kind::BareOperator
            | Kind::RangeOpen
            | Kind::Quoted
    )
}

fn is_sign(text: &str) -> bool {
    matches!(text, ">" | ">=" | "<" | "<=")
}

/// `>=`, `5` as a range.
pub(in super::super) fn one_sided(sign: &str, value: String) -> Asks {
    let inclusive = sign.ends_with('=');
    let (low, high) = if sign.starts_with('>') {
        (Some(value), None)
    } else {
        (None, Some(value))
    };
    Asks::Range {
        low_inclusive: inclusive || low.is_none(),
        high_inclusive: inclusive || high.is_none(),
        low,
        high,
    }
}

fn boosted(tree: Tree, boost: Option<f32>) -> Tree {
    match boost {
        Some(boost) => Tree::Boost(Box::new(tree), boost),
        None => tree,
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(slop: f32) -> u32 {
    slop as u32
}
