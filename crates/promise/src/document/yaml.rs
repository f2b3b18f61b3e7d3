//! YAML as a tree of [`Node`]s with byte spans.
//!
//! Only the part of YAML that a person means when writing a spec: one document of maps, lists and text.
//! Anchors, aliases, merge keys and tags are refused: whoever reads one promise must see the whole of it
//! there, and without them no small text can grow into a large tree.
//!
//! A section that is no YAML does not hide the mistakes of the others: it becomes
//! [`Value::Unreadable`] and the rest is read again without it.

use std::{
    borrow::Cow,
    cell::Cell,
    collections::{HashMap, hash_map::Entry},
    ops::Range,
};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError};

use super::{Key, Mistake, Node, Span, Value};
use crate::Say;

/// Ten times the longest spec that we know of (3,000 lines).
const BYTES_MAX: usize = 4 << 20;
/// A spec nests about eight deep; the bound keeps recursive readers far from the end of their stack.
const DEPTH_MAX: usize = 32;
/// What 4 MiB of honest YAML can hold; a flow list of commas could hold a hundred times more.
const NODES_MAX: usize = 400_000;
/// After so many unreadable sections the file is probably not a spec at all.
const UNREADABLE_MAX: usize = 8;

/// Reads one YAML document. `None` where not even its outermost form could be read, or it is empty.
///
/// Spans are byte offsets into `text`. Every mistake found is in the list; a key that stands twice keeps
/// its first value.
#[must_use]
pub fn parse_yaml(text: &str) -> (Option<Node>, Vec<Mistake>) {
    let mut mistakes = Vec::new();
    if text.len() > BYTES_MAX {
        let mib = BYTES_MAX >> 20;
        mistakes.push(Mistake::new(
            "too-large",
            0..0,
            say!(
                "the document is larger than {mib} MiB",
                "文書が {mib} MiB を超えています"
            ),
        ));
        return (None, mistakes);
    }
    let mut text = spaces_for_tabs(text, &mut mistakes);
    let mut unreadable: Vec<Section> = Vec::new();
    loop {
        let mut found = Vec::new();
        let error = match Builder::new(&text, &mut found).document() {
            Ok(root) => {
                mistakes.append(&mut found);
                return (with_unreadable(root, unreadable), mistakes);
            }
            Err(error) => error,
        };
        // The mistakes before the error are found again by the next reading.
        let at = Lines::of(&text).offset(error.marker());
        let section = Section::around(&text, at);
        let known_tab = mistakes
            .iter()
            .any(|m| m.code == "tab-indent" && same_section(&section, m));
        if !known_tab {
            mistakes.push(syntax_mistake(&text, at, error.info()));
        }
        match section {
            Some(section) if unreadable.len() < UNREADABLE_MAX => {
                text = Cow::Owned(blank(&text, &section.lines));
                unreadable.push(section);
            }
            _ => {
                mistakes.append(&mut found);
                return (None, mistakes);
            }
        }
    }
}

fn same_section(section: &Option<Section>, mistake: &Mistake) -> bool {
    section
        .as_ref()
        .is_none_or(|section| section.lines.contains(&mistake.span.start))
}

/// The entry of the outermost map, from its key to the line before the next one.
struct Section {
    key: Key,
    lines: Range<usize>,
}

impl Section {
    /// The section in which byte `at` lies, where its first line names a key.
    fn around(text: &str, at: usize) -> Option<Self> {
        let begins = |line: &str| {
            !line.starts_with([' ', '\t', '#', '-', '\r', '\n', '}', ']']) && !line.is_empty()
        };
        let (mut start, mut end, mut offset) = (None, text.len(), 0);
        for line in text.split_inclusive('\n') {
            if begins(line) {
                if offset <= at {
                    start = Some(offset);
                } else {
                    end = offset;
                    break;
                }
            }
            offset += line.len();
        }
        let start = start?;
        let (name, _) = text[start..end].lines().next()?.split_once(':')?;
        let name = name.trim_matches(['"', '\'', ' ']);
        let plain = !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || "_-. ".contains(c));
        plain.then(|| Self {
            key: Key {
                span: start..start + name.len(),
                name: name.to_owned(),
            },
            lines: start..end,
        })
    }
}

/// `text` with the range turned into spaces, so that every other byte stays where it is.
fn blank(text: &str, range: &Range<usize>) -> String {
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..range.start]);
    for c in text[range.clone()].chars() {
        match c {
            '\n' | '\r' => out.push(c),
            _ => out.extend(std::iter::repeat_n(' ', c.len_utf8())),
        }
    }
    out.push_str(&text[range.end..]);
    out
}

fn with_unreadable(root: Option<Node>, sections: Vec<Section>) -> Option<Node> {
    if sections.is_empty() {
        return root;
    }
    let mut entries = match root {
        Some(Node {
            value: Value::Map(entries),
            ..
        }) => entries,
        None
        | Some(Node {
            value: Value::Null, ..
        }) => Vec::new(),
        other => return other,
    };
    for Section { key, lines } in sections {
        if entries.iter().all(|(known, _)| known.name != key.name) {
            entries.push((
                key,
                Node {
                    span: lines,
                    value: Value::Unreadable,
                },
            ));
        }
    }
    entries.sort_by_key(|(key, _)| key.span.start);
    let from = entries.first().map_or(0, |(key, _)| key.span.start);
    let to = entries
        .iter()
        .map(|(_, node)| node.span.end)
        .max()
        .unwrap_or(from);
    Some(Node {
        span: from..to,
        value: Value::Map(entries),
    })
}

/// Notes each line that is indented by tabs, and reads each tab as one space. A tab inside the text of a
/// block (`|`, `>`) is content and stays: such a line begins with the spaces of its block.
fn spaces_for_tabs<'t>(text: &'t str, mistakes: &mut Vec<Mistake>) -> Cow<'t, str> {
    let mut tabs: Vec<usize> = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches('\t').len();
        let empty = line.trim().is_empty() || line.trim_start().starts_with('#');
        if indent > 0 && !empty {
            tabs.extend(offset..offset + indent);
            mistakes.push(
                Mistake::new(
                    "tab-indent",
                    offset..offset + indent,
                    say!(
                        "this line is indented with a tab",
                        "この行はタブで字下げされています"
                    ),
                )
                .hint(say!(
                    "YAML is indented with spaces",
                    "YAML の字下げには空白を使います"
                )),
            );
        }
        offset += line.len();
    }
    if tabs.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut bytes = text.as_bytes().to_vec();
    for at in tabs {
        bytes[at] = b' ';
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The parser speaks in places of characters, and counts some comments in bytes; only line and column
/// within the line are dependable. This finds their byte.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    /// Line, column and byte of the last answer: markers come in order, so a long line is walked once.
    last: Cell<(usize, usize, usize)>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let breaks = (0..bytes.len()).filter(|&i| {
            bytes[i] == b'\n' || (bytes[i] == b'\r' && bytes.get(i + 1) != Some(&b'\n'))
        });
        Self {
            text,
            starts: std::iter::once(0).chain(breaks.map(|i| i + 1)).collect(),
            last: Cell::new((0, 0, 0)),
        }
    }

    fn offset(&self, marker: &Marker) -> usize {
        let Some(&start) = self.starts.get(marker.line().saturating_sub(1)) else {
            return self.text.len();
        };
        let end = self
            .starts
            .get(marker.line())
            .copied()
            .unwrap_or(self.text.len());
        let (line, column, at) = self.last.get();
        let (column, at) = if line == marker.line() && column <= marker.col() {
            (column, at)
        } else {
            (0, start)
        };
        let rest = &self.text[at..end];
        let at = at
            + rest
                .char_indices()
                .nth(marker.col() - column)
                .map_or(rest.len(), |(byte, _)| byte);
        self.last.set((marker.line(), marker.col(), at));
        at
    }
}

/// A mistake in the form of YAML itself, said in our own words where we know the case.
fn syntax_mistake(text: &str, at: usize, info: &str) -> Mistake {
    let start = if text.is_char_boundary(at) {
        at
    } else {
        text.len()
    };
    let end = text[start..]
        .chars()
        .next()
        .map_or(start, |c| start + c.len_utf8());
    let known: &[(&[&str], &str, &str)] = &[
        (
            &["mapping values are not allowed"],
            "a `:` does not belong here; is the indentation right, or does the text need quotes?",
            "ここに `:` は書けません。字下げを確かめるか、文字列を引用符で囲んでください",
        ),
        (
            &["quoted scalar", "end of stream"],
            "this text's quote is not closed",
            "引用符が閉じていません",
        ),
        (
            &["expected ',' or"],
            "this list or map is not closed",
            "リストかマップの括弧が閉じていません",
        ),
        (
            &["tab"],
            "a tab cannot stand here",
            "ここにタブは書けません",
        ),
        (
            &["expected key"],
            "the indentation fits no line above",
            "字下げが上の行と合いません",
        ),
        (
            &["block end"],
            "the indentation fits no line above",
            "字下げが上の行と合いません",
        ),
        (
            &["simple key"],
            "expected `:` after this key",
            "この項目名の後に `:` が必要です",
        ),
    ];
    let say = known
        .iter()
        .find(|(words, ..)| words.iter().all(|word| info.contains(word)))
        .map_or_else(
            || say!("this is not YAML: {info}", "YAML として読めません: {info}"),
            |(_, en, ja)| Say::new(*en, *ja),
        );
    Mistake::new("yaml-syntax", start..end, say)
}

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

struct Builder<'t, 'm> {
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    lines: Lines<'t>,
    mistakes: &'m mut Vec<Mistake>,
    nodes: usize,
}

impl<'t, 'm> Builder<'t, 'm> {
    fn new(text: &'t str, mistakes: &'m mut Vec<Mistake>) -> Self {
        Self {
            parser: Parser::new_from_str(text),
            lines: Lines::of(text),
            mistakes,
            nodes: 0,
        }
    }

    fn document(mut self) -> Result<Option<Node>, ScanError> {
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
        let span = span.start..self.written(span.start, span.end);
        Node {
            span,
            value: if null {
                Value::Null
            } else {
                Value::Scalar(text.to_owned())
            },
        }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at<'t>(text: &'t str, node: &Node) -> &'t str {
        &text[node.span.clone()]
    }

    fn codes(text: &str) -> Vec<&'static str> {
        parse_yaml(text)
            .1
            .iter()
            .map(|mistake| mistake.code)
            .collect()
    }

    #[test]
    fn spans_are_bytes_even_after_japanese_comments_and_text() {
        let text = "# 決済の約束\nservice: # 日本語の注釈\n  name: 決済サービス # 名前\n  owner: \"基盤 チーム\"\nlist: [ 甲, 乙, {丙: 丁} ]\n";
        let (root, mistakes) = parse_yaml(text);
        assert_eq!(mistakes, []);
        let root = root.unwrap();
        let service = root.get("service").unwrap();
        assert_eq!(at(text, service.get("name").unwrap()), "決済サービス");
        assert_eq!(at(text, service.get("owner").unwrap()), "\"基盤 チーム\"");
        assert_eq!(
            service.get("owner").unwrap().value,
            Value::Scalar("基盤 チーム".to_owned())
        );
        assert_eq!(at(text, root.get("list").unwrap()), "[ 甲, 乙, {丙: 丁} ]");
        let Value::List(items) = &root.get("list").unwrap().value else {
            panic!()
        };
        assert_eq!(at(text, &items[1]), "乙");
        assert_eq!(at(text, &items[2]), "{丙: 丁}");
        assert_eq!(
            at(text, service),
            "name: 決済サービス # 名前\n  owner: \"基盤 チーム\""
        );
    }

    #[test]
    fn scalars_stay_as_written_and_only_plain_nothing_is_nothing() {
        let text = "a: 99.5 %\nb: ~\nc:\nd: '~'\ne: no\nf: 0755\ng: |\n  two\n  lines\nh: null\n";
        let (root, mistakes) = parse_yaml(text);
        assert_eq!(mistakes, []);
        let root = root.unwrap();
        let value = |name| root.get(name).unwrap().value.clone();
        let scalar = |text: &str| Value::Scalar(text.to_owned());
        assert_eq!(value("a"), scalar("99.5 %"));
        assert_eq!(
            [value("b"), value("c"), value("h")],
            [Value::Null, Value::Null, Value::Null]
        );
        assert_eq!(value("d"), scalar("~"));
        assert_eq!([value("e"), value("f")], [scalar("no"), scalar("0755")]);
        assert_eq!(value("g"), scalar("two\nlines\n"));
    }

    #[test]
    fn a_key_that_stands_twice_names_both_places_and_keeps_the_first() {
        let text = "甲: 1\n乙: 2\n甲: 3\n";
        let (root, mistakes) = parse_yaml(text);
        assert_eq!(mistakes.len(), 1);
        assert_eq!(mistakes[0].code, "duplicate-key");
        assert_eq!(
            mistakes[0].span,
            text.rfind('甲').unwrap()..text.rfind('甲').unwrap() + 3
        );
        assert_eq!(mistakes[0].other.as_ref().unwrap().0, 0..3);
        assert_eq!(
            root.unwrap().get("甲").unwrap().value,
            Value::Scalar("1".to_owned())
        );
    }

    #[test]
    fn what_is_more_than_plain_yaml_is_refused_by_name() {
        assert_eq!(
            codes("a: &x 1\nb: *x\n"),
            ["not-plain-yaml", "not-plain-yaml"]
        );
        assert_eq!(codes("a: !!str 1\n"), ["not-plain-yaml"]);
        assert_eq!(codes("a: {<<: {b: 1}}\n"), ["not-plain-yaml"]);
        assert_eq!(codes("? [a, b]\n: 1\n"), ["not-plain-yaml"]);
        assert_eq!(codes("a: 1\n---\nb: 2\n"), ["more-documents"]);
        assert_eq!(codes("---\na: 1\n"), Vec::<&str>::new());
    }

    #[test]
    fn a_broken_section_does_not_hide_the_others() {
        let text = "service:\n  name: x\nsources:\n  a: b: c\npromises:\n  p: 1\n  p: 2\n";
        let (root, mistakes) = parse_yaml(text);
        let root = root.unwrap();
        assert_eq!(root.get("sources").unwrap().value, Value::Unreadable);
        assert!(root.get("promises").unwrap().get("p").is_some());
        let found: Vec<_> = mistakes.iter().map(|m| m.code).collect();
        assert_eq!(found, ["yaml-syntax", "duplicate-key"]);
        assert_eq!(&text[mistakes[0].span.clone()], ":");
        assert_eq!(mistakes[0].span.start, text.find("b: c").unwrap() + 1);
    }

    #[test]
    fn a_tab_is_named_where_it_stands_and_reading_goes_on() {
        let text = "名前:\n\tx: 1\n\ty: 2\nother: 3\n";
        let (root, mistakes) = parse_yaml(text);
        assert_eq!(
            mistakes
                .iter()
                .map(|m| (m.code, m.span.clone()))
                .collect::<Vec<_>>(),
            [("tab-indent", 8..9), ("tab-indent", 14..15),]
        );
        let root = root.unwrap();
        assert_eq!(at(text, root.get("名前").unwrap().get("y").unwrap()), "2");
        assert_eq!(at(text, root.get("other").unwrap()), "3");
    }

    #[test]
    fn hostile_documents_meet_a_bound() {
        assert_eq!(codes(&"[".repeat(200)).first(), Some(&"too-large"));
        assert_eq!(
            codes(&format!("[{}]", "a,".repeat(NODES_MAX + 1))),
            ["too-large"]
        );
        assert_eq!(codes(&" ".repeat(BYTES_MAX + 1)), ["too-large"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_reading_panic_or_point_outside(text in "[a-c甲:\\-\\[\\]{}&*!'\"|>#,\\t\\r\\n ]{0,60}") {
            let (root, mistakes) = parse_yaml(&text);
            for mistake in &mistakes {
                proptest::prop_assert!(text.get(mistake.span.clone()).is_some(), "{mistake:?}");
            }
            let mut open: Vec<Node> = root.into_iter().collect();
            while let Some(node) = open.pop() {
                proptest::prop_assert!(text.get(node.span.clone()).is_some(), "{node:?}");
                match node.value {
                    Value::List(items) => open.extend(items),
                    Value::Map(entries) => open.extend(entries.into_iter().map(|(_, node)| node)),
                    _ => {}
                }
            }
        }
    }
}
