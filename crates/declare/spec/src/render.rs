//! Diagnostics as a person reads them in a terminal: the place, the line, carets, a second place, a hint.
//!
//! Our own and not `miette` or `annotate-snippets`, because both print the source as it is: here a line
//! may hold a secret that must be covered, and control characters that must not reach a terminal. What is
//! left after that is the two hundred lines below, with carets as wide as the letters above them (a kanji
//! takes two columns) and without the colour, panic-hook and wrapping crates that `miette` brings.

use std::{collections::BTreeMap, fmt::Write};

use promise::{Lang, Say, document::Span, say};
use unicode_width::UnicodeWidthChar;

use crate::diagnostic::{Diagnostic, Level, Lines, floor};

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub color: bool,
    /// Columns of the terminal. Longer lines are cut around what is underlined.
    pub width: usize,
}

impl Default for Style {
    /// Plain, for files and pipes.
    fn default() -> Self {
        Self {
            color: false,
            width: 120,
        }
    }
}

/// Below this nothing readable is left of a line.
const WIDTH_MIN: usize = 40;

const BLUE: &str = "\x1b[1;34m";
const BOLD: &str = "\x1b[1m";

/// All diagnostics with their lines of `text`, and a count at the end. Empty for none.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], text: &str, lang: Lang, style: Style) -> String {
    let lines = Lines::of(text);
    let mut out = String::new();
    for diagnostic in diagnostics {
        let mut page = Page {
            text,
            lines: &lines,
            lang,
            style,
            out: &mut out,
        };
        page.diagnostic(diagnostic);
        out.push('\n');
    }
    if let Some(counts) = counts(diagnostics) {
        let _ = writeln!(out, "{}", counts.get(lang));
    }
    out
}

/// `2 errors, 1 warning`; `None` for no diagnostics.
#[must_use]
pub fn counts(diagnostics: &[Diagnostic]) -> Option<Say> {
    let count = |level: Level| diagnostics.iter().filter(|d| d.level == level).count();
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    let (errors, warnings, advice) = (
        count(Level::Error),
        count(Level::Warning),
        count(Level::Advice),
    );
    let parts: Vec<Say> = [
        (
            errors,
            Say::new(
                format!("{errors} error{}", plural(errors)),
                format!("誤り {errors} 件"),
            ),
        ),
        (
            warnings,
            Say::new(
                format!("{warnings} warning{}", plural(warnings)),
                format!("警告 {warnings} 件"),
            ),
        ),
        (
            advice,
            Say::new(
                format!("{advice} piece{} of advice", plural(advice)),
                format!("助言 {advice} 件"),
            ),
        ),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(_, part)| part)
    .collect();
    let join =
        |pick: fn(&Say) -> &str, with: &str| parts.iter().map(pick).collect::<Vec<_>>().join(with);
    (!parts.is_empty()).then(|| Say::new(join(|s| &s.en, ", "), join(|s| &s.ja, "、")))
}

struct Page<'p, 't> {
    text: &'t str,
    lines: &'p Lines<'t>,
    lang: Lang,
    style: Style,
    out: &'p mut String,
}

impl Page<'_, '_> {
    fn paint(&self, color: &str, text: &str) -> String {
        if self.style.color {
            format!("{color}{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn diagnostic(&mut self, diagnostic: &Diagnostic) {
        let color = match diagnostic.level {
            Level::Error => "\x1b[1;31m",
            Level::Warning => "\x1b[1;33m",
            Level::Advice => "\x1b[1;36m",
        };
        let level = diagnostic.level.say();
        let head = self.paint(
            color,
            &format!("{}[{}]", level.get(self.lang), diagnostic.code),
        );
        let message = self.paint(BOLD, &printable(diagnostic.message.get(self.lang)));
        let _ = writeln!(self.out, "{head}: {message}");

        // Lines in the order of the text, each with what is underlined in it.
        let mut shown: BTreeMap<usize, Vec<(usize, &Span, &Say)>> = BTreeMap::new();
        for (rank, (span, label)) in diagnostic.labels.iter().enumerate() {
            shown
                .entry(self.lines.number(floor(self.text, span.start)))
                .or_default()
                .push((rank, span, label));
        }
        let gutter = shown
            .keys()
            .next_back()
            .map_or(1, |line| (line + 1).to_string().len());
        let (line, column) = self.lines.place(diagnostic.span().start);
        let arrow = self.paint(BLUE, &format!("{:gutter$}-->", ""));
        let _ = writeln!(
            self.out,
            "{arrow} {}:{line}:{column}",
            printable(&diagnostic.file)
        );
        let bar = self.paint(BLUE, &format!("{:gutter$} |", ""));
        let _ = writeln!(self.out, "{bar}");

        let mut before: Option<usize> = None;
        for (line, labels) in shown {
            if before.is_some_and(|before| before + 1 < line) {
                let _ = writeln!(self.out, "{}", self.paint(BLUE, "..."));
            }
            self.line(line, &labels, diagnostic, gutter, color);
            before = Some(line);
        }
        if let Some(hint) = &diagnostic.hint {
            let word = say!("hint", "ヒント");
            let _ = writeln!(self.out, "{bar}");
            let equals = self.paint(BLUE, &format!("{:gutter$} =", ""));
            let _ = writeln!(
                self.out,
                "{equals} {}: {}",
                self.paint(BOLD, word.get(self.lang)),
                printable(hint.get(self.lang))
            );
        }
    }

    fn line(
        &mut self,
        line: usize,
        labels: &[(usize, &Span, &Say)],
        diagnostic: &Diagnostic,
        gutter: usize,
        color: &str,
    ) {
        let range = self.lines.range(line);
        let letters = letters(self.text, range.clone(), &diagnostic.masked);
        let columns = |span: &Span| {
            let end = floor(self.text, span.end).min(range.end);
            let from = width(
                letters
                    .iter()
                    .filter(|l| l.at < floor(self.text, span.start)),
            );
            let until = width(letters.iter().filter(|l| l.at < end));
            (from, until.max(from + 1))
        };
        let room = self.style.width.max(WIDTH_MIN) - gutter - 3;
        let first = labels
            .iter()
            .map(|(_, span, _)| columns(span).0)
            .min()
            .unwrap_or(0);
        let (shown, cut) = cut(&letters, first, room);
        let number = self.paint(BLUE, &format!("{:>gutter$} |", line + 1));
        let _ = writeln!(self.out, "{number} {shown}");
        let bar = self.paint(BLUE, &format!("{:gutter$} |", ""));
        for (rank, span, label) in labels {
            let (from, until) = columns(span);
            let from = from.saturating_sub(cut);
            let length = until
                .saturating_sub(cut)
                .min(room.max(from + 1))
                .saturating_sub(from)
                .max(1);
            let (mark, color) = if *rank == 0 {
                ("^", color)
            } else {
                ("-", BLUE)
            };
            let marks = format!(
                "{} {}",
                mark.repeat(length),
                printable(label.get(self.lang))
            );
            let marks = self.paint(color, marks.trim_end());
            let _ = writeln!(self.out, "{bar} {:from$}{marks}", "");
        }
    }
}

/// One letter as it is shown: where it stands in the text, and what stands for it.
struct Letter {
    at: usize,
    shown: char,
    width: usize,
}

fn width<'l>(letters: impl Iterator<Item = &'l Letter>) -> usize {
    letters.map(|letter| letter.width).sum()
}

fn letters(text: &str, range: Span, masked: &[Span]) -> Vec<Letter> {
    let line = text.get(range.clone()).unwrap_or_default();
    let mut out = Vec::with_capacity(line.len());
    for (offset, c) in line.char_indices() {
        let at = range.start + offset;
        let shown = match c {
            _ if masked.iter().any(|span| span.contains(&at)) => '•',
            '\t' => ' ',
            c if c.is_control() || is_reordering(c) => '\u{fffd}',
            c => c,
        };
        out.push(Letter {
            at,
            shown,
            width: shown.width().unwrap_or(1),
        });
    }
    out
}

/// The part of a line that fits into `room` columns and shows column `first`, and how many columns were
/// cut off before it.
fn cut(letters: &[Letter], first: usize, room: usize) -> (String, usize) {
    let total = width(letters.iter());
    if total <= room {
        return (letters.iter().map(|l| l.shown).collect(), 0);
    }
    // A third of the room is left before the mark, so that one sees what it belongs to.
    let skip = if first + room / 3 < room {
        0
    } else {
        first - room / 3
    };
    // Each mark that something is missing takes a column.
    let room = if skip > 0 { room - 1 } else { room };
    let (mut column, mut used, mut skipped) = (0, 0, 0);
    let mut out = String::new();
    for letter in letters {
        column += letter.width;
        if column <= skip {
            skipped = column;
        } else if used + letter.width < room {
            out.push(letter.shown);
            used += letter.width;
        } else {
            out.push('…');
            break;
        }
    }
    if skipped > 0 {
        return (format!("…{out}"), skipped - 1);
    }
    (out, 0)
}

/// Characters that turn the order of the letters around them, with which a line can be made to look
/// like another.
fn is_reordering(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn printable(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() || is_reordering(c) {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}
