//! Where in a spec a place of its text lies, told by indentation and brackets alone.
//!
//! A text that is being written is seldom YAML at that moment, so this looks at lines and does not parse.

use promise::document::Span;

/// Lines above that are looked at; a section is seldom longer.
const LINES_MAX: usize = 5_000;
/// What stands in a path for an item of a list.
pub(super) const ITEM: &str = "[]";

/// A place and the word that is being written there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Context {
    /// From the top: names, and [`ITEM`] for items. For a value, its key is the last.
    pub(super) path: Vec<String>,
    /// Whether a key is being written, and not a value.
    pub(super) is_key: bool,
    pub(super) word: Span,
}

/// A line as far as its layout goes.
struct Line<'t> {
    /// The column of its first dash.
    dash: Option<usize>,
    /// How many dashes stand before its content.
    dashes: usize,
    /// The column of its content.
    column: usize,
    content: &'t str,
}

impl<'t> Line<'t> {
    fn of(text: &'t str) -> Self {
        let (mut column, mut dash, mut dashes) =
            (text.len() - text.trim_start_matches(' ').len(), None, 0);
        while let Some(rest) = text
            .get(column..)
            .and_then(|rest| rest.strip_prefix('-'))
            .filter(|rest| rest.is_empty() || rest.starts_with(' '))
        {
            dash.get_or_insert(column);
            dashes += 1;
            column += 1 + rest.len() - rest.trim_start_matches(' ').len();
        }
        Self {
            dash,
            dashes,
            column,
            content: text.get(column..).unwrap_or_default(),
        }
    }

    fn key(&self) -> Option<&'t str> {
        let (key, rest) = self.content.split_once(':')?;
        let is_key =
            (rest.is_empty() || rest.starts_with([' ', '\r'])) && !key.starts_with(['{', '[', '#']);
        is_key.then(|| key.trim().trim_matches(['"', '\'']))
    }
}

impl Context {
    /// `None` within a comment.
    pub(super) fn at(text: &str, offset: usize) -> Option<Self> {
        let before = text.get(..offset)?;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = Line::of(&before[start..]);
        let mut path = above(&before[..start], &line);
        path.extend(std::iter::repeat_n(ITEM.to_owned(), line.dashes));
        let inner = inner(line.content)?;
        path.extend(inner.path);
        Some(Self {
            path,
            is_key: inner.is_key,
            word: start + line.column + inner.word..offset,
        })
    }
}

/// The names above a line.
fn above(text: &str, line: &Line<'_>) -> Vec<String> {
    let mut out = Vec::new();
    let mut column = line.dash.unwrap_or(line.column);
    // A list may stand in the same column as its key.
    let mut is_item = line.dash.is_some();
    for upper in text.lines().rev().take(LINES_MAX) {
        let upper = Line::of(upper);
        if upper.content.is_empty() || upper.content.starts_with('#') {
            continue;
        }
        let reaches =
            upper.column < column || (is_item && upper.dash.is_none() && upper.column == column);
        if let Some(dash) = upper.dash.filter(|dash| *dash < column) {
            if upper.column < column {
                out.extend(upper.key().map(str::to_owned));
            }
            out.extend(std::iter::repeat_n(ITEM.to_owned(), upper.dashes));
            (column, is_item) = (dash, true);
        } else if upper.dash.is_none() && reaches {
            out.extend(upper.key().map(str::to_owned));
            (column, is_item) = (upper.column, false);
        }
        if column == 0 && !is_item {
            break;
        }
    }
    out.reverse();
    out
}

/// What a line says up to a place.
struct Inner {
    path: Vec<String>,
    is_key: bool,
    /// Where the word begins.
    word: usize,
}

/// A bracket that is open, and the key before the place within it.
struct Open {
    is_map: bool,
    key: Option<String>,
}

fn inner(content: &str) -> Option<Inner> {
    let mut open: Vec<Open> = vec![Open {
        is_map: true,
        key: None,
    }];
    let (mut word, mut quote) = (0, None);
    for (at, c) in content.char_indices() {
        match (quote, c) {
            (Some(q), c) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if content[word..at].trim().is_empty() => quote = Some(c),
            (None, '#') if at == 0 || content[..at].ends_with(' ') => return None,
            (None, '{' | '[') if content[word..at].trim().is_empty() => {
                open.push(Open {
                    is_map: c == '{',
                    key: None,
                });
                word = at + 1;
            }
            (None, '}' | ']') if open.len() > 1 => {
                open.pop();
                word = at + 1;
            }
            (None, ',') if open.len() > 1 => {
                if let Some(last) = open.last_mut() {
                    last.key = None;
                }
                word = at + 1;
            }
            (None, ':') => {
                let rest = &content[at + 1..];
                if let Some(last) = open
                    .last_mut()
                    .filter(|last| last.is_map && last.key.is_none())
                    && (rest.is_empty() || rest.starts_with(' '))
                {
                    last.key = Some(
                        content[word..at]
                            .trim()
                            .trim_matches(['"', '\''])
                            .to_owned(),
                    );
                    word = at + 1;
                }
            }
            _ => {}
        }
    }
    let rest = &content[word..];
    let word = word + rest.len() - rest.trim_start_matches([' ', '"', '\'']).len();
    let is_key = open
        .last()
        .is_some_and(|last| last.is_map && last.key.is_none());
    let mut path = Vec::new();
    for level in open {
        match level.key {
            Some(key) => path.push(key),
            None if !level.is_map => path.push(ITEM.to_owned()),
            None => {}
        }
    }
    Some(Inner { path, is_key, word })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place is where `|` stands.
    fn at(text: &str) -> (String, bool, String) {
        let offset = text.find('|').unwrap_or(text.len());
        let text = text.replacen('|', "", 1);
        let context = Context::at(&text, offset).unwrap_or(Context {
            path: vec!["none".into()],
            is_key: false,
            word: 0..0,
        });
        (
            context.path.join("."),
            context.is_key,
            text[context.word].to_owned(),
        )
    }

    fn wanted(path: &str, is_key: bool, word: &str) -> (String, bool, String) {
        (path.to_owned(), is_key, word.to_owned())
    }

    #[test]
    fn a_place_is_told_by_indentation_and_brackets() {
        assert_eq!(at("ser|"), wanted("", true, "ser"));
        assert_eq!(at("service:\n  na|"), wanted("service", true, "na"));
        assert_eq!(
            at("service:\n  name: 店\n\n  # x\n  ow|"),
            wanted("service", true, "ow")
        );
        assert_eq!(
            at("promises:\n  paid:\n    kind: ra|"),
            wanted("promises.paid.kind", false, "ra")
        );
        assert_eq!(
            at("promises:\n  paid: { kind: ratio, sev|"),
            wanted("promises.paid", true, "sev")
        );
        assert_eq!(
            at("promises:\n  paid: { kind: ratio, severity: s|"),
            wanted("promises.paid.severity", false, "s")
        );
        assert_eq!(
            at("routes:\n  - severities: [sev1]\n    receivers: [in|"),
            wanted("routes.[].receivers.[]", false, "in")
        );
        assert_eq!(at("routes:\n- rec|"), wanted("routes.[]", true, "rec"));
        assert_eq!(
            at("routes: [{ receivers: [a, b|"),
            wanted("routes.[].receivers.[]", false, "b")
        );
        assert_eq!(at("a: 1 # com|"), wanted("none", false, ""));
        assert_eq!(at("service:\n  name: x\npro|"), wanted("", true, "pro"));
    }
}
