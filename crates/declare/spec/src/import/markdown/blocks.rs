//! Markdown as blocks with their lines: headings, tables, bullets, fences and paragraphs. Only as much of it as
//! design documents use; what is none of these is a paragraph, so nothing disappears here.

/// One block.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Block<'t> {
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) what: What<'t>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum What<'t> {
    Heading {
        level: usize,
        text: &'t str,
    },
    /// A fenced block and its language; its text begins on the next line.
    Fence {
        language: &'t str,
        text: &'t str,
    },
    Table {
        head: Vec<&'t str>,
        rows: Vec<(usize, Vec<&'t str>)>,
    },
    /// `done` only where it has a box.
    Bullet {
        indent: usize,
        done: Option<bool>,
        is_numbered: bool,
        text: String,
    },
    /// Its sentences, each with the line on which it begins: a line ends where the page was full.
    Paragraph {
        sentences: Vec<(usize, String)>,
    },
}

impl Block<'_> {
    /// What a person wrote in it, line by line, where figures are owed: not in headings, which are numbered, and
    /// not in fences, whose readers tell of each line themselves.
    pub(super) fn said(&self) -> Vec<(usize, String)> {
        match &self.what {
            What::Heading { .. } | What::Fence { .. } => Vec::new(),
            What::Table { rows, .. } => {
                let rows = rows.iter().map(|(line, row)| (*line, row.join(" / ")));
                rows.collect()
            }
            What::Bullet { text, .. } => vec![(self.line, text.clone())],
            What::Paragraph { sentences } => sentences.clone(),
        }
    }
}

/// The blocks of a text whose first line is `first`.
pub(super) fn blocks(text: &str, first: usize) -> Vec<Block<'_>> {
    let lines: Vec<(usize, &str)> = offsets(text);
    let mut out = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at].1;
        let trimmed = line.trim();
        let number = first + at;
        at += 1;
        if let Some(language) = trimmed
            .strip_prefix("```")
            .or_else(|| trimmed.strip_prefix("~~~"))
        {
            let sign = &trimmed[..3];
            let until = (at..lines.len())
                .find(|next| lines[*next].1.trim() == sign)
                .unwrap_or(lines.len());
            let from = lines.get(at).map_or(text.len(), |(offset, _)| *offset);
            let end = lines.get(until).map_or(text.len(), |(offset, _)| *offset);
            out.push(Block {
                line: number,
                what: What::Fence {
                    language: language.trim(),
                    text: &text[from..end.max(from)],
                },
            });
            at = until + 1;
        } else if trimmed.starts_with('#') {
            let level = trimmed.len() - trimmed.trim_start_matches('#').len();
            out.push(Block {
                line: number,
                what: What::Heading {
                    level,
                    text: trimmed.trim_matches('#').trim(),
                },
            });
        } else if trimmed.starts_with('|') {
            let mut rows = vec![(number, cells(trimmed))];
            while let Some((_, row)) = lines.get(at).filter(|(_, row)| row.trim().starts_with('|'))
            {
                rows.push((first + at, cells(row.trim())));
                at += 1;
            }
            let is_rule = |row: &Vec<&str>| {
                row.iter()
                    .all(|cell| !cell.is_empty() && cell.chars().all(|c| "-: ".contains(c)))
            };
            rows.retain(|(_, row)| !is_rule(row));
            // A rule without a table says nothing.
            if rows.is_empty() {
                continue;
            }
            let (line, head) = rows.remove(0);
            out.push(Block {
                line,
                what: What::Table { head, rows },
            });
        } else if let Some((text, is_numbered)) = bullet(trimmed) {
            let (done, text) = boxed(text);
            let indent = line.len() - line.trim_start().len();
            let mut text = text.to_owned();
            // A line that is indented deeper and begins nothing of its own goes on with it.
            while let Some((_, next)) = lines.get(at)
                && is_words(next)
                && next.len() - next.trim_start().len() > indent
            {
                text = joined(text, next.trim());
                at += 1;
            }
            out.push(Block {
                line: number,
                what: What::Bullet {
                    indent,
                    done,
                    is_numbered,
                    text,
                },
            });
        } else if is_words(trimmed) {
            let until = (at..lines.len())
                .find(|next| !is_words(lines[*next].1))
                .unwrap_or(lines.len());
            let written = lines[at - 1..until].iter().map(|(_, line)| line.trim());
            let written = (number..).zip(written);
            out.push(Block {
                line: number,
                what: What::Paragraph {
                    sentences: sentences(written),
                },
            });
            at = until;
        }
    }
    out
}

/// Whether a line is one of words, and begins nothing else.
fn is_words(line: &str) -> bool {
    let line = line.trim();
    let begins = ["```", "~~~", "#", "|"]
        .iter()
        .any(|sign| line.starts_with(sign));
    !begins && !line.chars().all(|c| "-*_=".contains(c)) && bullet(line).is_none()
}

/// Two lines as one: between letters of ours stands a space.
fn joined(mut text: String, next: &str) -> String {
    let is_wide = |c: char| !c.is_ascii();
    if !(text.ends_with(is_wide) && next.starts_with(is_wide)) {
        text.push(' ');
    }
    text + next
}

/// The sentences of lines that follow each other, each with the line on which it begins.
fn sentences<'t>(lines: impl Iterator<Item = (usize, &'t str)>) -> Vec<(usize, String)> {
    let mut out: Vec<(usize, String)> = Vec::new();
    let mut is_open = false;
    for (line, text) in lines {
        is_open &= !is_named(text);
        let mut rest = text;
        while !rest.is_empty() {
            let end = sentence(rest);
            let (own, after) = rest.split_at(end);
            match out.last_mut() {
                Some((_, last)) if is_open => *last = joined(std::mem::take(last), own.trim()),
                _ => out.push((line, own.trim().to_owned())),
            }
            is_open =
                after.is_empty() && !own.ends_with(['。', '.', ':', '：', '!', '?', '！', '？']);
            rest = after.trim_start();
        }
    }
    out
}

/// Whether a line names a value, `Owner: payments`: such lines stand each for itself.
fn is_named(line: &str) -> bool {
    const NAME_MAX: usize = 32;
    let name = line.split_once([':', '：']).map(|(name, _)| name);
    line.starts_with("**") || name.is_some_and(|name| name.chars().count() < NAME_MAX)
}

/// The sentences of one line.
pub(super) fn sentences_of(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (own, after) = rest.split_at(sentence(rest));
        rest = after.trim_start();
        (!own.is_empty()).then_some(own)
    })
}

/// Where the first sentence of a text ends.
fn sentence(text: &str) -> usize {
    const SHORT: [&str; 7] = ["e.g.", "i.e.", "vs.", "approx.", "incl.", "max.", "min."];
    let ends = |at: usize, sign: &str| {
        let (own, rest) = text.split_at(at + sign.len());
        sign == "。"
            || (rest.starts_with(' ')
                && rest
                    .trim_start()
                    .starts_with(|c: char| c.is_uppercase() || c == '`')
                && !SHORT.iter().any(|word| own.ends_with(word))
                && !is_initial(own))
    };
    let mut signs = text.match_indices(['。', '.']);
    let end = signs.find(|(at, sign)| ends(*at, sign));
    end.map_or(text.len(), |(at, sign)| at + sign.len())
}

/// `J.` of `J. Doe`.
fn is_initial(text: &str) -> bool {
    let mut last = text.chars().rev().skip(1);
    last.next().is_some_and(char::is_uppercase) && last.next().is_none_or(|c| !c.is_alphanumeric())
}

fn offsets(text: &str) -> Vec<(usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n')
        .map(|line| {
            let start = at;
            at += line.len();
            (start, line.trim_end_matches(['\n', '\r']))
        })
        .collect()
}

fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split('|').map(str::trim).collect()
}

fn bullet(line: &str) -> Option<(&str, bool)> {
    if let Some(rest) = ["- ", "* ", "+ ", "・", "• "]
        .iter()
        .find_map(|sign| line.strip_prefix(sign))
    {
        return Some((rest.trim(), false));
    }
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = line.get(digits..)?;
    let text = rest
        .strip_prefix(". ")
        .or_else(|| rest.strip_prefix(") "))?;
    (digits > 0).then(|| (text.trim(), true))
}

fn boxed(text: &str) -> (Option<bool>, &str) {
    match text.get(..3) {
        Some("[ ]") => (Some(false), text[3..].trim()),
        Some("[x]" | "[X]") => (Some(true), text[3..].trim()),
        _ => (None, text),
    }
}

/// Without the signs of emphasis and code.
pub(super) fn bare(text: &str) -> String {
    let text = text.replace("**", "").replace("__", "").replace('`', "");
    unlinked(text.trim())
}

/// A text with the words of its links, and not where those lead: `[the plan](https://…)`.
fn unlinked(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find("](")
        && let Some(start) = rest[..at].rfind('[')
        && let Some(length) = rest[at..].find(')')
    {
        out.push_str(&rest[..start]);
        out.push_str(&rest[start + 1..at]);
        rest = &rest[at + length + 1..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_keep_their_lines() {
        let text = "# A\n\nwords\n- [ ] open\n  1. first\n\n| a | b |\n|---|---|\n| 1 | 2 |\n```yaml\nx: 1\n```\nend";
        let found = blocks(text, 1);
        let lines: Vec<usize> = found.iter().map(|block| block.line).collect();
        assert_eq!(lines, [1, 3, 4, 5, 7, 10, 13]);
        assert_eq!(
            found[5].what,
            What::Fence {
                language: "yaml",
                text: "x: 1\n"
            }
        );
        assert_eq!(
            found[4].what,
            What::Table {
                head: vec!["a", "b"],
                rows: vec![(9, vec!["1", "2"])]
            }
        );
        assert_eq!(
            found[2].what,
            What::Bullet {
                indent: 0,
                done: Some(false),
                is_numbered: false,
                text: "open".to_owned()
            }
        );
    }

    #[test]
    fn sentences_go_on_over_lines_and_keep_their_own() {
        let text = "Backups are taken every 6\nhours. They are kept (e.g. WAL)\nfor 14 days.\n\n複製は非同期\nとする。遅延は 15 分。";
        let found: Vec<Vec<(usize, String)>> = blocks(text, 1).iter().map(Block::said).collect();
        let own = |line: usize, text: &str| (line, text.to_owned());
        assert_eq!(
            found,
            [
                vec![
                    own(1, "Backups are taken every 6 hours."),
                    own(2, "They are kept (e.g. WAL) for 14 days.")
                ],
                vec![own(5, "複製は非同期とする。"), own(6, "遅延は 15 分。")],
            ]
        );
    }

    #[test]
    fn a_rule_alone_is_no_table() {
        assert!(blocks("|---|---|", 1).is_empty());
    }

    #[test]
    fn an_open_fence_ends_with_the_text() {
        assert_eq!(
            blocks("```\na", 5)[0].what,
            What::Fence {
                language: "",
                text: "a"
            }
        );
        assert!(blocks("", 1).is_empty());
    }
}
