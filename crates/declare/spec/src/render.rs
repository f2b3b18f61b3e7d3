//! Diagnostics as a person reads them in a terminal: the place, the line, carets, a second place, a hint.
//!
//! Our own and not `miette` or `annotate-snippets`, because both print the source as it is: here a line
//! may hold a secret that must be covered, and control characters that must not reach a terminal. What is
//! left after that is the two hundred lines below, with carets as wide as the letters above them (a kanji
//! takes two columns) and without the colour, panic-hook and wrapping crates that `miette` brings.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use promise::{
    Lang, Say,
    document::{Safety, Span},
    say,
};
use unicode_width::UnicodeWidthChar;

use crate::{
    check,
    diagnostic::{Diagnostic, Level, Source},
    mask,
    origin::Origin,
    texts::{Text, Texts},
};

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

/// All diagnostics with their lines of the texts and of the documents that these were imported from, and a count at the
/// end. Empty for none.
///
/// Why a rule matters and where its number comes from is told once, with its first finding.
#[must_use]
pub fn render(
    diagnostics: &[Diagnostic],
    texts: &Texts,
    documents: &Texts,
    lang: Lang,
    style: Style,
) -> String {
    let mut out = String::new();
    let mut told = BTreeSet::new();
    for diagnostic in diagnostics {
        let mut page = Page {
            texts,
            documents,
            lang,
            style,
            out: &mut out,
        };
        page.diagnostic(diagnostic, told.insert(diagnostic.code));
        out.push('\n');
    }
    if let Some(counts) = counts(diagnostics) {
        let _ = writeln!(out, "{}", counts.get(lang));
    }
    if let Some(fixes) = mendable(diagnostics) {
        let _ = writeln!(out, "{}", fixes.get(lang));
    }
    out
}

/// How many of them a program can mend, and how to ask for it.
fn mendable(diagnostics: &[Diagnostic]) -> Option<Say> {
    let has = |safety| {
        diagnostics
            .iter()
            .filter(|it| it.fixes.first().is_some_and(|fix| fix.safety == safety))
            .count()
    };
    match (has(Safety::Safe), has(Safety::Unsafe)) {
        (0, 0) => None,
        (0, risky) => Some(say!(
            "`tegata check --fix --unsafe-fixes` can mend {risky}: read what it changes",
            "{risky} 件は `tegata check --fix --unsafe-fixes` で直せます(変更点を確かめてください)"
        )),
        (safe, 0) => Some(say!(
            "`tegata check --fix` can mend {safe}",
            "{safe} 件は `tegata check --fix` で直せます"
        )),
        (safe, risky) => Some(say!(
            "`tegata check --fix` can mend {safe}, and {risky} more with `--unsafe-fixes`",
            "{safe} 件は `tegata check --fix` で、さらに {risky} 件は `--unsafe-fixes` を付けて直せます"
        )),
    }
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
    texts: &'t Texts,
    documents: &'t Texts,
    lang: Lang,
    style: Style,
    out: &'p mut String,
}

/// The places within the lines of one file, by line.
type Lines<'d> = BTreeMap<usize, Vec<Mark<'d>>>;

/// Files in the order in which a diagnostic speaks of them, lines in the order of the text.
fn by_file<'t, 'd>(
    texts: &'t Texts,
    marks: impl Iterator<Item = Mark<'d>>,
) -> Vec<(&'t Text, Lines<'d>)> {
    let mut files: Vec<(&Text, Lines<'_>)> = Vec::new();
    for mark in marks {
        let Some(text) = texts.at(mark.span.start) else {
            continue;
        };
        let at = files.iter().position(|(known, _)| known.base == text.base);
        let at = at.unwrap_or_else(|| {
            files.push((text, Lines::new()));
            files.len() - 1
        });
        let line = text.line(text.floor(mark.span.start));
        files[at].1.entry(line).or_default().push(mark);
    }
    files
}

/// A place within a line.
#[derive(Clone, Copy)]
struct Mark<'d> {
    /// Among the places of a diagnostic.
    rank: usize,
    span: &'d Span,
    /// What is said of it; `None` where only the line is known, and nothing in it is underlined.
    label: Option<&'d Say>,
}

impl Page<'_, '_> {
    fn paint(&self, color: &str, text: &str) -> String {
        if self.style.color {
            format!("{color}{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn diagnostic(&mut self, diagnostic: &Diagnostic, is_first: bool) {
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

        let labels = diagnostic.labels.iter().enumerate();
        let labels = labels.map(|(rank, (span, label))| Mark {
            rank,
            span,
            label: Some(label),
        });
        let files = by_file(self.texts, labels);
        let quiet = Say::same("");
        let origins = self.origins(diagnostic);
        let origins = origins.iter().map(|(rank, line, said)| Mark {
            rank: *rank,
            span: said.as_ref().unwrap_or(line),
            label: said.as_ref().map(|_| &quiet),
        });
        let origins = by_file(self.documents, origins);
        let gutter = files
            .iter()
            .chain(&origins)
            .filter_map(|(_, lines)| lines.keys().next_back())
            .max()
            .map_or(1, |line| (line + 1).to_string().len());
        for (at, (text, lines)) in files.iter().enumerate() {
            self.file(text, lines, at == 0, &diagnostic.masked, gutter, color);
        }
        for (document, lines) in &origins {
            let secrets = lines.keys().flat_map(|line| {
                let range = document.range(*line);
                mask::secrets_in(document.get(&range).unwrap_or_default(), range.start)
            });
            self.file(
                document,
                lines,
                false,
                &secrets.collect::<Vec<_>>(),
                gutter,
                color,
            );
        }
        self.notes(diagnostic, is_first, gutter);
    }

    /// The words of the documents that the places of a diagnostic were imported from, where they are at hand.
    fn origins(&self, diagnostic: &Diagnostic) -> Vec<(usize, Span, Option<Span>)> {
        let labels = diagnostic.labels.iter().enumerate();
        let all = labels.filter_map(|(rank, (span, _))| {
            let origin = Origin::at(self.texts.at(span.start)?, span.start)?;
            let (line, said) = self.words(diagnostic, &origin, span)?;
            Some((rank, line, said))
        });
        let mut seen = BTreeSet::new();
        all.filter(|(_, line, said)| seen.insert((line.start, said.as_ref().map(|it| it.start))))
            .collect()
    }

    /// The line that a place is in its document, and the words. None beside a secret: the document says it too.
    fn words(
        &self,
        diagnostic: &Diagnostic,
        origin: &Origin<'_>,
        span: &Span,
    ) -> Option<(Span, Option<Span>)> {
        let document = self.documents.named(origin.file)?;
        let value = self.texts.get(span).unwrap_or_default();
        let is_safe = diagnostic.masked.is_empty();
        is_safe.then(|| origin.words(document, value)).flatten()
    }

    fn file(
        &mut self,
        text: &Text,
        lines: &Lines<'_>,
        is_first: bool,
        masked: &[Span],
        gutter: usize,
        color: &str,
    ) {
        let first = lines.values().flatten().min_by_key(|mark| mark.rank);
        let place = text.place(first.map_or(text.base, |mark| mark.span.start));
        let arrow = if is_first { "-->" } else { ":::" };
        let arrow = self.paint(BLUE, &format!("{:gutter$}{arrow}", ""));
        let _ = writeln!(
            self.out,
            "{arrow} {}:{}:{}",
            printable(&text.name),
            place.line,
            place.column
        );
        let bar = self.paint(BLUE, &format!("{:gutter$} |", ""));
        let _ = writeln!(self.out, "{bar}");
        let mut before: Option<usize> = None;
        for (line, marks) in lines {
            if before.is_some_and(|before| before + 1 < *line) {
                let _ = writeln!(self.out, "{}", self.paint(BLUE, "..."));
            }
            self.line(text, *line, marks, masked, gutter, color);
            before = Some(*line);
        }
    }

    /// What to do, why it matters, and where the number comes from.
    fn notes(&mut self, diagnostic: &Diagnostic, is_first: bool, gutter: usize) {
        let mut notes: Vec<(Say, String)> = self.guesses(diagnostic);
        if let Some(hint) = &diagnostic.hint {
            notes.push((say!("hint", "ヒント"), hint.get(self.lang).to_owned()));
        }
        let rule = check::rule(diagnostic.code).filter(|_| is_first);
        if let Some(rule) = rule {
            notes.push((
                say!("why", "理由"),
                rule.section("Why").get(self.lang).to_owned(),
            ));
        }
        // The source of this very number, before that of the rule.
        let mut sources: Vec<Say> = diagnostic.sources.iter().map(Source::say).collect();
        if sources.is_empty() {
            sources.extend(rule.and_then(|rule| rule.number()));
        }
        for source in sources {
            notes.push((say!("source", "根拠"), source.get(self.lang).to_owned()));
        }
        if notes.is_empty() {
            return;
        }
        let bar = self.paint(BLUE, &format!("{:gutter$} |", ""));
        let _ = writeln!(self.out, "{bar}");
        let equals = self.paint(BLUE, &format!("{:gutter$} =", ""));
        for (word, text) in notes {
            let word = word.get(self.lang);
            let indent = gutter
                + 5
                + word
                    .chars()
                    .filter_map(UnicodeWidthChar::width)
                    .sum::<usize>();
            let room = self
                .style
                .width
                .max(WIDTH_MIN)
                .saturating_sub(indent)
                .max(WIDTH_MIN / 2);
            let text = wrapped(&printable(&text), room).join(&format!("\n{:indent$}", ""));
            let _ = writeln!(self.out, "{equals} {}: {text}", self.paint(BOLD, word));
        }
    }

    /// Where a place was imported from, unless its document is shown, and what of it was guessed.
    fn guesses(&self, diagnostic: &Diagnostic) -> Vec<(Say, String)> {
        let mut guesses: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        let mut places = BTreeSet::new();
        for (span, _) in &diagnostic.labels {
            let Some(text) = self.texts.at(span.start) else {
                continue;
            };
            let Some(origin) = Origin::at(text, span.start) else {
                continue;
            };
            if let Some(why) = origin.guess {
                let lines = guesses.entry(why).or_default();
                lines.insert(text.place(span.start).line);
            }
            if !origin.file.is_empty() && self.words(diagnostic, &origin, span).is_none() {
                places.insert(origin.place());
            }
        }
        let guesses = guesses.into_iter().map(|(why, lines)| {
            let lines: Vec<String> = lines.iter().map(usize::to_string).collect();
            let lines = lines.join(", ");
            let said = say!(
                "the import guessed line {lines} ({why}): see whether it holds",
                "{lines} 行目は読み込み時の推測です({why})。正しいか確かめてください"
            );
            (say!("guess", "推測"), said.get(self.lang).to_owned())
        });
        let places = places.into_iter().map(|place| (say!("from", "元"), place));
        guesses.chain(places).collect()
    }

    fn line(
        &mut self,
        text: &Text,
        line: usize,
        marks: &[Mark<'_>],
        masked: &[Span],
        gutter: usize,
        color: &str,
    ) {
        let mut range = text.range(line);
        // Where the line came from is told below it.
        if let Some(origin) = Origin::at(text, range.start) {
            range.end = range.start + origin.comment();
        }
        let letters = letters(text, range.clone(), masked);
        let columns = |span: &Span| {
            let end = text.floor(span.end).min(range.end);
            let from = width(letters.iter().filter(|l| l.at < text.floor(span.start)));
            let until = width(letters.iter().filter(|l| l.at < end));
            (from, until.max(from + 1))
        };
        let room = self.style.width.max(WIDTH_MIN) - gutter - 3;
        // A word that is known in it shows the line already.
        let is_told = marks.iter().any(|mark| mark.label.is_some());
        let marks = marks.iter().filter(|mark| mark.label.is_some() || !is_told);
        let first = marks.clone().map(|mark| columns(mark.span).0).min();
        let first = first.unwrap_or(0);
        let (shown, cut) = cut(&letters, first, room);
        let number = self.paint(BLUE, &format!("{:>gutter$} |", line + 1));
        let _ = writeln!(self.out, "{number} {shown}");
        let bar = self.paint(BLUE, &format!("{:gutter$} |", ""));
        // What lies beyond the room of a long line is shown in a second cut of it.
        let is_near = |mark: &Mark<'_>| {
            let (from, until) = columns(mark.span);
            from == first || until < cut + room
        };
        let (near, far): (Vec<Mark<'_>>, Vec<Mark<'_>>) = marks.partition(|it| is_near(it));
        for Mark { rank, span, label } in near {
            let Some(label) = label else { continue };
            let (from, until) = columns(span);
            let from = from.saturating_sub(cut);
            let length = until
                .saturating_sub(cut)
                .min(room.max(from + 1))
                .saturating_sub(from)
                .max(1);
            let (mark, color) = if rank == 0 { ("^", color) } else { ("-", BLUE) };
            let marks = format!(
                "{} {}",
                mark.repeat(length),
                printable(label.get(self.lang))
            );
            let marks = self.paint(color, marks.trim_end());
            let _ = writeln!(self.out, "{bar} {:from$}{marks}", "");
        }
        if !far.is_empty() {
            self.line(text, line, &far, masked, gutter, color);
        }
    }
}

/// A note in lines of at most `room` columns. Japanese has no spaces: it may be broken between any two wide letters.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let (mut used, mut word, mut word_width) = (0, String::new(), 0);
    let mut place = |word: &mut String, word_width: &mut usize| {
        if used + *word_width > room && used > 0 {
            lines.push(String::new());
            used = 0;
            // A line does not begin with the space that ended the last.
            let trimmed = word.trim_start();
            *word_width -= word.len() - trimmed.len();
            *word = trimmed.to_owned();
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(word);
        }
        used += *word_width;
        word.clear();
        *word_width = 0;
    };
    for letter in text.chars() {
        let width = letter.width().unwrap_or(1);
        // What closes stays with what it closes.
        let breaks = letter == ' ' || (width == 2 && !"、。」)".contains(letter));
        if breaks {
            place(&mut word, &mut word_width);
        }
        word.push(letter);
        word_width += width;
    }
    place(&mut word, &mut word_width);
    lines
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

fn letters(text: &Text, range: Span, masked: &[Span]) -> Vec<Letter> {
    let line = text.get(&range).unwrap_or_default();
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
