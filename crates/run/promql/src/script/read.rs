//! A script's text as commands.

use std::time::Duration;

use promise::Timestamp;
use regex::Regex;

use super::{Command, Eval, Load, Wanted, When, notation};
use crate::{number, syntax::parse_duration};

/// Values of one series: more than a year of seconds is a mistake.
const VALUES_MAX: usize = 32_000_000;

/// What is wrong with a script, and in which line (from 1).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ScriptError {
    pub line: usize,
    pub message: String,
}

struct Lines<'t> {
    all: Vec<&'t str>,
    at: usize,
}

impl<'t> Lines<'t> {
    /// Comments are empty lines, which end what stands above them.
    fn of(text: &'t str) -> Self {
        let all = text.lines().map(str::trim);
        let all = all.map(|line| if line.starts_with('#') { "" } else { line });
        Self {
            all: all.collect(),
            at: 0,
        }
    }

    fn wrong(&self, message: impl Into<String>) -> ScriptError {
        ScriptError {
            line: self.at,
            message: message.into(),
        }
    }

    fn next(&mut self) -> Option<&'t str> {
        let line = self.all.get(self.at).copied();
        self.at += 1;
        line
    }

    /// The next line of the same block.
    fn next_in_block(&mut self) -> Option<&'t str> {
        let line = self
            .all
            .get(self.at)
            .copied()
            .filter(|line| !line.is_empty())?;
        self.at += 1;
        Some(line)
    }
}

/// Reads a whole script.
pub fn read(text: &str) -> Result<Vec<Command>, ScriptError> {
    let mut lines = Lines::of(text);
    let mut commands = Vec::new();
    while let Some(line) = lines.next() {
        let word = line.split_whitespace().next().unwrap_or("").to_lowercase();
        match word.as_str() {
            "" => {}
            "clear" => commands.push(Command::Clear),
            "load" | "load_with_nhcb" => commands.push(Command::Load(load(&mut lines, line)?)),
            _ if word.starts_with("eval") => commands.push(Command::Eval(eval(&mut lines, line)?)),
            _ => return Err(lines.wrong(format!("`{line}` is no command"))),
        }
    }
    Ok(commands)
}

fn duration(lines: &Lines<'_>, text: &str) -> Result<i64, ScriptError> {
    parse_duration(text).ok_or_else(|| lines.wrong(format!("`{text}` is no duration")))
}

fn load(lines: &mut Lines<'_>, line: &str) -> Result<Load, ScriptError> {
    let (word, gap) = line
        .split_once(char::is_whitespace)
        .ok_or_else(|| lines.wrong("a step is wanted"))?;
    let gap = u64::try_from(duration(lines, gap.trim())?).unwrap_or(0);
    let mut series = Vec::new();
    while let Some(line) = lines.next_in_block() {
        series
            .push(notation::series(line, VALUES_MAX).map_err(|why| lines.wrong(why.to_string()))?);
    }
    Ok(Load {
        gap: Duration::from_millis(gap),
        series,
        with_custom_bounds: word.ends_with("nhcb"),
    })
}

fn eval(lines: &mut Lines<'_>, line: &str) -> Result<Eval, ScriptError> {
    let number = lines.at;
    let (command, rest) = line
        .split_once(char::is_whitespace)
        .ok_or_else(|| lines.wrong("an evaluation is wanted"))?;
    let (when, query) = when(lines, rest.trim())?;
    let mut eval = Eval {
        line: number,
        query: query.to_owned(),
        when,
        is_ordered: command == "eval_ordered",
        fails: (command == "eval_fail").then_some(Wanted::Any),
        warnings: if command == "eval_warn" {
            vec![Wanted::Any]
        } else {
            Vec::new()
        },
        infos: if command == "eval_info" {
            vec![Wanted::Any]
        } else {
            Vec::new()
        },
        no_warning: false,
        no_info: false,
        scalar: None,
        series: Vec::new(),
    };
    while let Some(line) = lines.next_in_block() {
        if let Some(message) = line.strip_prefix("expected_fail_message") {
            eval.fails = Some(Wanted::Words(message.trim().to_owned()));
        } else if let Some(pattern) = line.strip_prefix("expected_fail_regexp") {
            eval.fails = Some(Wanted::Pattern(regex(lines, pattern)?));
        } else if let Some(wanted) = line.strip_prefix("expect ") {
            expect(lines, &mut eval, wanted.trim())?;
        } else if let Some(value) = number::parse(line) {
            eval.scalar = Some(value);
        } else {
            let series =
                notation::series(line, VALUES_MAX).map_err(|why| lines.wrong(why.to_string()))?;
            eval.series.push(series);
        }
    }
    Ok(eval)
}

/// `instant at 5m query` or `range from 0 to 5m step 1m query`.
fn when<'q>(lines: &Lines<'_>, text: &'q str) -> Result<(When, &'q str), ScriptError> {
    let mut words = Words(text);
    let kind = words.next();
    let mut span = |name: &str| {
        let found = words.next();
        if found != name {
            return Err(lines.wrong(format!("`{name}` is wanted, not `{found}`")));
        }
        duration(lines, words.next())
    };
    let when = match kind {
        "instant" => When::At(Timestamp::from_millis(span("at")?)),
        "range" => When::Range {
            from: Timestamp::from_millis(span("from")?),
            to: Timestamp::from_millis(span("to")?),
            step: Duration::from_millis(u64::try_from(span("step")?).unwrap_or(0)),
        },
        _ => return Err(lines.wrong(format!("`instant` or `range` is wanted, not `{kind}`"))),
    };
    Ok((when, words.0))
}

/// Word by word; what is left is the query.
struct Words<'t>(&'t str);

impl<'t> Words<'t> {
    fn next(&mut self) -> &'t str {
        let (word, rest) = self
            .0
            .split_once(char::is_whitespace)
            .unwrap_or((self.0, ""));
        self.0 = rest.trim_start();
        word
    }
}

fn regex(lines: &Lines<'_>, pattern: &str) -> Result<Regex, ScriptError> {
    Regex::new(pattern.trim()).map_err(|why| lines.wrong(why.to_string()))
}

/// `warn msg: …`, `fail regex: …`, `no_info`, `ordered`.
fn expect(lines: &Lines<'_>, eval: &mut Eval, text: &str) -> Result<(), ScriptError> {
    let (kind, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    let wanted = if let Some(words) = rest.strip_prefix("msg:") {
        Wanted::Words(words.trim().to_owned())
    } else if let Some(pattern) = rest.strip_prefix("regex:") {
        Wanted::Pattern(regex(lines, pattern)?)
    } else {
        Wanted::Any
    };
    match kind {
        "ordered" => eval.is_ordered = true,
        "fail" => eval.fails = Some(wanted),
        "warn" => eval.warnings.push(wanted),
        "info" => eval.infos.push(wanted),
        "no_warn" => eval.no_warning = true,
        "no_info" => eval.no_info = true,
        _ => return Err(lines.wrong(format!("`{kind}` cannot be expected"))),
    }
    Ok(())
}
