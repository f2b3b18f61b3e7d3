//! From the parser's events to nodes, within bounds.

use std::collections::{HashMap, hash_map::Entry};

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};

use super::{
    super::{Key, Mistake, Node, Span, Value},
    Lines,
};
use crate::Say;

/// A spec nests about eight deep; the bound keeps recursive readers far from the end of their stack.
const DEPTH_MAX: usize = 32;
/// What 4 MiB of honest YAML can hold; a flow list of commas could hold a hundred times more.
pub(super) const NODES_MAX: usize = 400_000;

/// Why reading ends early: an error of the parser, or a bound.
enum Stop {
    Error(ScanError),
    Bound,
}

impl From<ScanError> for Stop {
    fn from(error: ScanError) -> Self {
        Self::Error(error)
    }
}

pub(super) struct Builder<'t, 'm> {
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    lines: Lines<'t>,
    mistakes: &'m mut Vec<Mistake>,
    nodes: usize,
}

impl<'t, 'm> Builder<'t, 'm> {
    pub(super) fn new(text: &'t str, mistakes: &'m mut Vec<Mistake>) -> Self {
        Self {
            parser: Parser::new_from_str(text),
            lines: Lines::of(text),
            mistakes,
            nodes: 0,
        }
    }

    pub(super) fn document(mut self) -> Result<Option<Node>, ScanError> {
        match self.read() {
            Ok(root) => Ok(root),
            Err(Stop::Bound) => Ok(None),
            Err(Stop::Error(error)) => Err(error),
        }
    }

    fn read(&mut self) -> Result<Option<Node>, Stop> {
        let mut root = None;
        while let Some((event, span)) = self.next()? {
            match event {
                Event::StreamStart | Event::DocumentStart(_) if root.is_some() => {
                    self.note(
                        "more-documents",
                        span,
                        say!(
                            "a second document begins here",
                            "ここから二つ目の文書が始まっています"
                        ),
                        say!(
                            "a spec is one document; remove `---`",
                            "仕様は一つの文書です。`---` を取り除いてください"
                        ),
                    );
                    break;
                }
                Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::Nothing => {}
                Event::StreamEnd => break,
                event => root = Some(self.node(event, span, 0)?),
            }
        }
        Ok(root)
    }

    fn next(&mut self) -> Result<Option<(Event<'t>, Span)>, Stop> {
        let Some(next) = self.parser.next_event() else {
            return Ok(None);
        };
        let (event, span) = next?;
        let from = self.lines.offset(&span.start);
        Ok(Some((event, from..self.lines.offset(&span.end).max(from))))
    }

    fn note(&mut self, code: &'static str, span: Span, message: Say, hint: Say) {
        self.mistakes
            .push(Mistake::new(code, span, message).hint(hint));
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, Stop> {
        self.nodes += 1;
        if depth > DEPTH_MAX || self.nodes > NODES_MAX {
            let (deep, many) = (DEPTH_MAX, NODES_MAX);
            self.note(
                "too-large",
                span,
                say!(
                    "the document nests too deep or holds too much",
                    "文書の入れ子が深すぎるか、要素が多すぎます"
                ),
                say!(
                    "at most {deep} levels and {many} values",
                    "深さは {deep}、要素は {many} までです"
                ),
            );
            return Err(Stop::Bound);
        }
        let (anchor, tagged) = match &event {
            Event::Scalar(_, _, anchor, tag) => (*anchor, tag.is_some()),
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => {
                (*anchor, tag.is_some())
            }
            _ => (0, false),
        };
        if anchor > 0 || tagged {
            let (what, ja) = if tagged {
                ("tags", "タグ")
            } else {
                ("anchors", "アンカー")
            };
            self.note(
                "not-plain-yaml",
                span.clone(),
                say!("YAML {what} are not read here", "YAML の{ja}は使えません"),
                say!("write the value itself", "値をそのまま書いてください"),
            );
        }
        match event {
            Event::Scalar(text, style, ..) => Ok(self.scalar(&text, style, span)),
            Event::SequenceStart(..) => self.list(span, depth),
            Event::MappingStart(..) => self.map(span, depth),
            _ => {
                // An alias; nothing else can stand where a value is.
                self.note(
                    "not-plain-yaml",
                    span.clone(),
                    say!(
                        "YAML aliases are not read here",
                        "YAML のエイリアスは使えません"
                    ),
                    say!("write the value itself", "値をそのまま書いてください"),
                );
                Ok(Node {
                    span,
                    value: Value::Unreadable,
                })
            }
        }
    }

    fn scalar(&self, text: &str, style: ScalarStyle, span: Span) -> Node {
        let null =
            style == ScalarStyle::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL");
        // A block's span reaches to the next line's start; a person's caret should not.
        let end = self.written(span.start, span.end);
        let end = self.quoted(span.start, end, style).unwrap_or(end);
        Node {
            span: span.start..end,
            value: if null {
                Value::Null
            } else {
                Value::Scalar(text.to_owned())
            },
        }
    }

    /// Where a text in quotes ends: the parser counts the comment behind it, too.
    fn quoted(&self, start: usize, end: usize, style: ScalarStyle) -> Option<usize> {
        let quote = match style {
            ScalarStyle::DoubleQuoted => '"',
            ScalarStyle::SingleQuoted => '\'',
            _ => return None,
        };
        let inner = self.lines.text.get(start..end)?.strip_prefix(quote)?;
        let mut chars = inner.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let is_doubled = || inner[at + 1..].starts_with('\'');
            match c {
                '\\' if quote == '"' => drop(chars.next()),
                '\'' if quote == c && is_doubled() => drop(chars.next()),
                _ if c == quote => return Some(start + 2 * quote.len_utf8() + at),
                _ => {}
            }
        }
        None
    }

    /// `end` without the white space that the parser counts to a closing bracket.
    fn written(&self, start: usize, end: usize) -> usize {
        start
            + self
                .lines
                .text
                .get(start..end)
                .unwrap_or_default()
                .trim_end()
                .len()
    }

    fn is_flow(&self, span: &Span) -> bool {
        self.lines.text[span.start..].starts_with(['{', '['])
    }

    fn list(&mut self, mut span: Span, depth: usize) -> Result<Node, Stop> {
        let flow = self.is_flow(&span);
        let mut items = Vec::new();
        while let Some((event, at)) = self.next()? {
            if event == Event::SequenceEnd {
                span.end = if flow {
                    self.written(span.start, at.end)
                } else {
                    items.last().map_or(span.end, |last: &Node| last.span.end)
                };
                break;
            }
            items.push(self.node(event, at, depth + 1)?);
        }
        Ok(Node {
            span,
            value: Value::List(items),
        })
    }

    fn map(&mut self, mut span: Span, depth: usize) -> Result<Node, Stop> {
        let flow = self.is_flow(&span);
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut seen = HashMap::new();
        let mut end = span.end;
        while let Some((event, at)) = self.next()? {
            if event == Event::MappingEnd {
                span.end = if flow {
                    self.written(span.start, at.end)
                } else {
                    end
                };
                break;
            }
            let key = self.key(event, at, depth)?;
            let Some((event, at)) = self.next()? else {
                break;
            };
            let mut node = self.node(event, at, depth + 1)?;
            if node.value == Value::Null && node.span.is_empty() {
                // Nothing is written: the parser places it at whatever comes next.
                node.span = key.span.clone();
            }
            end = node.span.end.max(key.span.end);
            if self.is_new(&mut seen, &key) {
                entries.push((key, node));
            }
        }
        if !flow && let Some((first, _)) = entries.first() {
            span.start = first.span.start;
        }
        Ok(Node {
            span,
            value: Value::Map(entries),
        })
    }

    fn key(&mut self, event: Event<'t>, at: Span, depth: usize) -> Result<Key, Stop> {
        let name = match &event {
            Event::Scalar(text, ..) => text.clone().into_owned(),
            _ => String::new(),
        };
        let is_text = matches!(event, Event::Scalar(..));
        let node = self.node(event, at, depth + 1)?;
        if !is_text || name == "<<" {
            self.note(
                "not-plain-yaml",
                node.span.clone(),
                say!("a key is plain text", "項目名には文字列だけを書けます"),
                say!(
                    "merge keys, lists and maps are not read as keys",
                    "マージキー、リスト、マップは項目名にできません"
                ),
            );
        }
        Ok(Key {
            span: node.span,
            name,
        })
    }

    /// Notes a key that stands twice; says whether it is new.
    fn is_new(&mut self, seen: &mut HashMap<String, Span>, key: &Key) -> bool {
        if key.name.is_empty() || key.name == "<<" {
            return false;
        }
        match seen.entry(key.name.clone()) {
            Entry::Occupied(first) => {
                let name = &key.name;
                self.mistakes.push(
                    Mistake::new(
                        "duplicate-key",
                        key.span.clone(),
                        say!(
                            "`{name}` stands here a second time",
                            "`{name}` が二度書かれています"
                        ),
                    )
                    .other(
                        first.get().clone(),
                        say!("the first is here", "最初はここです"),
                    ),
                );
                false
            }
            Entry::Vacant(place) => {
                place.insert(key.span.clone());
                true
            }
        }
    }
}
