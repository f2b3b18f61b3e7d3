//! The words of the syntax: always the longest that fits, as a generated scanner takes them.

use crate::Say;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    And,
    Or,
    Not,
    Plus,
    Minus,
    /// A `+`, `-` or `!` that stands alone: a word like others.
    BareOperator,
    Open,
    Close,
    Colon,
    Star,
    Caret,
    Quoted,
    Term,
    Slop,
    Prefix,
    Wildcard,
    Regex,
    /// `[`, inclusive, or `{`.
    RangeOpen,
    /// `]`, inclusive, or `}`.
    RangeClose,
    To,
    RangeQuoted,
    RangeEnd,
    Number,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    pub at: usize,
    pub end: usize,
}

/// Where reading stopped, from 0, and why.
pub(super) type Wrong = (usize, Say);

pub(super) fn wrong<T>(at: usize, en: &str, ja: &str) -> Result<T, Wrong> {
    Err((at, Say::new(en, ja)))
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Default,
    Boost,
    Range,
}

pub(super) fn tokens(chars: &[char]) -> Result<Vec<Token>, Wrong> {
    let mut found = Vec::new();
    let (mut at, mut state) = (0, State::Default);
    while at < chars.len() {
        let token = match state {
            State::Default => default(chars, at)?,
            State::Boost => number(chars, at)?,
            State::Range => range(chars, at)?,
        };
        let Some((kind, end)) = token else {
            at += 1;
            continue;
        };
        state = match kind {
            Kind::RangeOpen => State::Range,
            Kind::Caret => State::Boost,
            Kind::Number | Kind::RangeClose => State::Default,
            _ => state,
        };
        found.push(Token { kind, at, end });
        at = end;
    }
    Ok(found)
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{3000}')
}

/// Whether a character other than `\` may begin a word.
fn begins_word(c: char) -> bool {
    !is_space(c) && !"+-!():^[]\"{}~*?\\/".contains(c)
}

/// The end of the run of word characters and, where they are meant, wildcards. `begins` is asked of the first.
fn run(chars: &[char], mut at: usize, wild: bool) -> usize {
    while let Some(&c) = chars.get(at) {
        match c {
            '\\' if at + 1 < chars.len() => at += 2,
            '*' | '?' if wild => at += 1,
            '+' | '-' => at += 1,
            c if begins_word(c) => at += 1,
            _ => break,
        }
    }
    at
}

type Found = Result<Option<(Kind, usize)>, Wrong>;

fn default(chars: &[char], at: usize) -> Found {
    let one = |kind| Ok(Some((kind, at + 1)));
    let c = chars[at];
    match c {
        c if is_space(c) => Ok(None),
        '+' | '-' | '!' if chars.get(at + 1).is_some_and(|c| is_space(*c)) => {
            Ok(Some((Kind::BareOperator, at + 2)))
        }
        '+' => one(Kind::Plus),
        '-' => one(Kind::Minus),
        '!' => one(Kind::Not),
        '(' => one(Kind::Open),
        ')' => one(Kind::Close),
        ':' => one(Kind::Colon),
        '^' => one(Kind::Caret),
        '[' | '{' => one(Kind::RangeOpen),
        ']' | '}' => wrong(
            at,
            "this bracket closes nothing",
            "この括弧に対応する括弧がありません",
        ),
        '"' => quoted(chars, at),
        '/' => regex(chars, at),
        // What is no number is taken with it, and means nothing.
        '~' => Ok(Some((Kind::Slop, run(chars, at + 1, false)))),
        '\\' if at + 1 == chars.len() => {
            wrong(at, "nothing follows `\\`", "`\\` の後に文字がありません")
        }
        _ => Ok(Some(word(chars, at))),
    }
}

fn word(chars: &[char], at: usize) -> (Kind, usize) {
    let end = run(chars, at, true);
    let text = &chars[at..end];
    let is = |keyword: &str| text.iter().copied().eq(keyword.chars());
    let mut escaped = false;
    let wild = |c: &char| {
        let here = !escaped && matches!(c, '*' | '?');
        escaped = !escaped && *c == '\\';
        here
    };
    let kind = match text.iter().position(wild) {
        None if is("AND") || is("&&") => Kind::And,
        None if is("OR") || is("||") => Kind::Or,
        None if is("NOT") => Kind::Not,
        None => Kind::Term,
        Some(0) if is("*") => Kind::Star,
        Some(first) if first > 0 && first + 1 == text.len() && text[first] == '*' => Kind::Prefix,
        Some(_) => Kind::Wildcard,
    };
    (kind, end)
}

fn quoted(chars: &[char], at: usize) -> Found {
    let mut end = at + 1;
    while let Some(&c) = chars.get(end) {
        match c {
            '"' => return Ok(Some((Kind::Quoted, end + 1))),
            '\\' => end += 2,
            _ => end += 1,
        }
    }
    wrong(at, "the quote is not closed", "引用符が閉じていません")
}

/// `\/` may stand within; where no other `/` follows it ends the expression after all.
fn regex(chars: &[char], at: usize) -> Found {
    let mut last = None;
    for end in at + 1..chars.len() {
        if chars[end] == '/' {
            last = Some(end + 1);
            if end == at + 1 || chars[end - 1] != '\\' {
                break;
            }
        }
    }
    match last {
        Some(end) => Ok(Some((Kind::Regex, end))),
        None => wrong(
            at,
            "`/` begins a regular expression that does not end; write `\\/` or use quotes",
            "`/` で始まる正規表現が閉じていません。`\\/` と書くか引用符で囲んでください",
        ),
    }
}

fn number(chars: &[char], at: usize) -> Found {
    let digits = |at: usize| {
        at + chars[at.min(chars.len())..]
            .iter()
            .take_while(|c| c.is_ascii_digit())
            .count()
    };
    let mut end = digits(at);
    if end == at {
        return wrong(at, "expected a number after `^`", "`^` の後に数が必要です");
    }
    if chars.get(end) == Some(&'.') && digits(end + 1) > end + 1 {
        end = digits(end + 1);
    }
    Ok(Some((Kind::Number, end)))
}

fn range(chars: &[char], at: usize) -> Found {
    let c = chars[at];
    if matches!(c, ']' | '}') {
        return Ok(Some((Kind::RangeClose, at + 1)));
    }
    let end = at
        + chars[at..]
            .iter()
            .take_while(|c| !matches!(c, ' ' | ']' | '}'))
            .count();
    if is_space(c) && end <= at + 1 {
        return Ok(None);
    }
    if c == '"'
        && let Some(close) = quoted_end(chars, at).filter(|close| *close >= end)
    {
        return Ok(Some((Kind::RangeQuoted, close)));
    }
    let is_to = chars[at..end].iter().copied().eq("TO".chars());
    Ok(Some((if is_to { Kind::To } else { Kind::RangeEnd }, end)))
}

/// A quoted end of a range holds something, and `\"` where no other `"` follows ends it after all.
fn quoted_end(chars: &[char], at: usize) -> Option<usize> {
    let mut last = None;
    for end in at + 1..chars.len() {
        if chars[end] == '"' {
            if end > at + 1 {
                last = Some(end + 1);
            }
            if chars[end - 1] != '\\' || end == at + 1 {
                break;
            }
        }
    }
    last
}
