//! A document as Markdown: CommonMark with the tables of GitHub. Pure.
//!
//! What people wrote is shown as they wrote it: nothing in it is markup but a name between backticks, which is code on
//! the page and stays code here. No more is escaped than must be, for a draft is read and edited as the text that it is.

use promise::{Lang, Say};

use super::{Block, Document};

/// Where a text stands, for each place gives other characters a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Alone on its line, or behind the mark of an item or a heading.
    Line,
    Cell,
}

impl Document {
    /// As Markdown, in one language.
    #[must_use]
    pub fn markdown(&self, lang: Lang) -> String {
        let line = |text: &Say| inline(text.get(lang), Place::Line);
        let mut out = format!("# {}\n", line(&self.title));
        for section in &self.sections {
            out.push_str(&format!("\n## {}\n\n", line(&section.title)));
            for (n, block) in section.blocks.iter().enumerate() {
                if n > 0 {
                    out.push('\n');
                }
                match block {
                    Block::Text(text) => out.push_str(&format!("{}\n", line(text))),
                    Block::List(items) => {
                        for item in items {
                            out.push_str(&format!("* {}\n", line(item)));
                        }
                    }
                    Block::Table { head, rows } => table(&mut out, head, rows, lang),
                }
            }
        }
        out
    }
}

fn table(out: &mut String, head: &[Say], rows: &[Vec<Say>], lang: Lang) {
    let columns = rows.first().map_or(head.len(), Vec::len);
    let line = |cells: &mut dyn Iterator<Item = String>| {
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let cell = |text: &Say| inline(text.get(lang), Place::Cell);
    let empty = |_| String::new();
    let head: Vec<String> = if head.is_empty() {
        (0..columns).map(empty).collect()
    } else {
        head.iter().map(cell).collect()
    };
    out.push_str(&line(&mut head.into_iter()));
    out.push_str(&line(&mut (0..columns).map(|_| "---".to_owned())));
    for row in rows {
        out.push_str(&line(&mut row.iter().map(cell)));
    }
}

/// A text as one line that Markdown shows as it is, with names between backticks as code.
fn inline(text: &str, place: Place) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let text = text.trim();
    let parts: Vec<&str> = text.split('`').collect();
    // An odd backtick quotes nothing.
    let is_paired = !parts.len().is_multiple_of(2);
    let is_code = is_paired
        && parts
            .iter()
            .skip(1)
            .step_by(2)
            .all(|it| can_be_code(it, place));
    let mut out = String::with_capacity(text.len());
    if !is_code {
        write_plain(&mut out, text, place);
        return guarded(out, place);
    }
    for (n, part) in parts.into_iter().enumerate() {
        if n % 2 == 0 {
            write_plain(&mut out, part, place);
        } else if place == Place::Cell {
            out.push_str(&format!("`{}`", part.replace('|', "\\|")));
        } else {
            out.push_str(&format!("`{part}`"));
        }
    }
    guarded(out, place)
}

/// Nothing between two backticks is no code; and no backslash before a bar means the same to every reader of tables.
fn can_be_code(part: &str, place: Place) -> bool {
    let is_unclear = place == Place::Cell && part.contains('|') && part.contains('\\');
    !part.trim().is_empty() && !is_unclear
}

fn write_plain(out: &mut String, text: &str, place: Place) {
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied();
        let is_within_word = || {
            let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            is_word(before) && is_word(after)
        };
        let is_markup = match c {
            '\\' | '`' | '*' | '[' | '<' | '~' => true,
            '_' => !is_within_word(),
            '|' => place == Place::Cell,
            // The name of a character, such as `&lt;`.
            '&' => after.is_some_and(|c| c == '#' || c.is_ascii_alphanumeric()),
            _ => false,
        };
        if is_markup {
            out.push('\\');
        }
        out.push(c);
        before = Some(c);
    }
}

/// Keeps what begins or ends a line from being taken for a heading, an item or a quotation.
fn guarded(line: String, place: Place) -> String {
    if place == Place::Cell {
        return line;
    }
    let line = match line.trim_end_matches('#') {
        // Closing marks of a heading stand behind a space.
        open if open.len() < line.len() && (open.is_empty() || open.ends_with(' ')) => {
            let marks = &line[open.len()..];
            format!("{open}{}", marks.replace('#', "\\#"))
        }
        _ => line,
    };
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = &line[digits..];
    match rest.chars().next() {
        Some('.' | ')') if digits > 0 => format!("{}\\{rest}", &line[..digits]),
        Some('#' | '-' | '+' | '>' | '=') if digits == 0 => format!("\\{line}"),
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

    use super::{super::Section, *};

    /// What a reader of Markdown sees of each block, with code between backticks again.
    fn seen(markdown: &str) -> Vec<String> {
        let mut blocks = vec![String::new()];
        for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::Item | Tag::TableCell) => {
                    blocks.push(String::new());
                }
                Event::Text(text) => {
                    if let Some(last) = blocks.last_mut() {
                        last.push_str(&text);
                    }
                }
                Event::Code(text) => {
                    if let Some(last) = blocks.last_mut() {
                        last.push_str(&format!("`{text}`"));
                    }
                }
                Event::Start(Tag::List(None) | Tag::Table(_) | Tag::TableHead | Tag::TableRow)
                | Event::End(
                    TagEnd::Paragraph
                    | TagEnd::Heading(_)
                    | TagEnd::Item
                    | TagEnd::List(false)
                    | TagEnd::Table
                    | TagEnd::TableHead
                    | TagEnd::TableRow
                    | TagEnd::TableCell,
                ) => {}
                // Whatever else it takes the text for, it is not what somebody wrote.
                other => blocks.push(format!("{other:?}")),
            }
        }
        blocks.retain(|block| !block.is_empty());
        blocks
    }

    fn document(text: &str) -> Document {
        let say = || Say::same(text.to_owned());
        let blocks = vec![
            Block::Text(say()),
            Block::List(vec![say()]),
            Block::Table {
                head: vec![say(), Say::same("b")],
                rows: vec![vec![say(), Say::same("2")]],
            },
        ];
        Document {
            title: say(),
            sections: vec![Section {
                title: say(),
                blocks,
            }],
        }
    }

    fn code(markdown: &str) -> Vec<String> {
        let codes = Parser::new_ext(markdown, Options::ENABLE_TABLES).filter_map(|it| match it {
            Event::Code(text) => Some(text.into_string()),
            _ => None,
        });
        codes.collect()
    }

    #[test]
    fn a_name_between_backticks_is_code() {
        let text = "`curl /health` says `a|b` & <b>*no*</b> 50 % > 3 of payment_success";
        // In the title, the heading, the paragraph, the item and two cells.
        let expected = ["curl /health", "a|b"].repeat(6);
        assert_eq!(code(&document(text).markdown(Lang::En)), expected);
        assert_eq!(code(&document("an odd ` one").markdown(Lang::En)), [""; 0]);
    }

    #[test]
    fn what_is_no_markup_is_not_escaped() {
        let text = "p95 > 3 s; payment_success (#72): 決済成功率 99.5 %";
        assert_eq!(inline(text, Place::Line), text);
        assert_eq!(inline("#72", Place::Cell), "#72");
        assert_eq!(inline("a|b\n<script>", Place::Cell), "a\\|b \\<script>");
    }

    proptest! {
        #[test]
        fn a_reader_sees_what_somebody_wrote(text in "[ab1 `\\\\|*_#~&;!<>()\\[\\].+=\\n-]{0,24}あ?[`#*_ ]{0,3}") {
            let shown = text.replace('\n', " ").trim().to_owned();
            let mut expected = vec![shown.clone(); 5];
            expected.extend(["b".to_owned(), shown.clone(), "2".to_owned()]);
            expected.retain(|block| !block.is_empty());
            let markdown = document(&text).markdown(Lang::Ja);
            // How many spaces stand beside a backtick is nothing that a reader sees.
            let tidy = |blocks: Vec<String>| blocks.iter().map(|it| it.replace(' ', "")).collect::<Vec<_>>();
            prop_assert_eq!(tidy(seen(&markdown)), tidy(expected), "{}", markdown);
        }
    }
}
