//! YAML that other tools write, for importing: several documents, anchors, merge keys and tags.
//!
//! A tag such as `!Ref x` becomes a map of one key, `{ "!Ref": x }`, which is how CloudFormation itself writes it in
//! JSON but for the name. An alias becomes a copy of what it names: the bound on nodes counts each copy, so that no
//! small text grows into a large tree. What cannot be read ends its document and is noted; nothing panics.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput, Tag};

use super::{
    super::{Key, Mistake, Node, Span, Value},
    BYTES_MAX, Lines,
};

/// As in a spec.
const DEPTH_MAX: usize = 64;
/// Ten times what the largest manifest that we know of holds; aliases count as what they stand for.
const NODES_MAX: usize = 200_000;

/// Reads every document of a text of another tool. Spans are byte offsets into `text`.
#[must_use]
pub fn parse_foreign_yaml(text: &str) -> (Vec<Node>, Vec<Mistake>) {
    if text.len() > BYTES_MAX {
        let mib = BYTES_MAX >> 20;
        let message = say!(
            "the file is larger than {mib} MiB",
            "ファイルが {mib} MiB を超えています"
        );
        return (Vec::new(), vec![Mistake::new("too-large", 0..0, message)]);
    }
    let (roots, mistakes) = documents(text);
    if mistakes.is_empty() {
        return (roots, mistakes);
    }
    // What others read is read here: a mistake that goes away with this was none.
    match closed(text).map(|closed| documents(&closed)) {
        Some((roots, mistakes)) if mistakes.is_empty() => (roots, mistakes),
        _ => (roots, mistakes),
    }
}

/// The text with closing brackets drawn up to the line before them, byte for byte as long; `None` where none stands on
/// a line of its own. The standard wants them indented deeper than the key that they belong to; hardly a tool does.
fn closed(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut changed = false;
    for line in text.split_inclusive('\n') {
        let is_closing = line.trim_start().starts_with([']', '}']);
        let before = out
            .trim_end_matches([' ', '\n', '\r'])
            .rsplit('\n')
            .next()
            .unwrap_or_default();
        if is_closing && !before.is_empty() && !before.contains('#') && out.ends_with('\n') {
            out.pop();
            out.push(' ');
            changed = true;
        }
        out.push_str(line);
    }
    changed.then_some(out)
}

fn documents(text: &str) -> (Vec<Node>, Vec<Mistake>) {
    let mut mistakes = Vec::new();
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        lines: Lines::of(text),
        anchors: HashMap::new(),
        nodes: 0,
    };
    let mut roots = Vec::new();
    loop {
        match reader.document() {
            Ok(Some(root)) => roots.push(root),
            Ok(None) => break,
            Err(mistake) => {
                mistakes.push(*mistake);
                break;
            }
        }
    }
    (roots, mistakes)
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    lines: Lines<'t>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

impl<'t> Reader<'t> {
    /// The next document; `None` at the end.
    fn document(&mut self) -> Result<Option<Node>, Box<Mistake>> {
        loop {
            let Some((event, span)) = self.next()? else {
                return Ok(None);
            };
            match event {
                Event::StreamEnd => return Ok(None),
                Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::Nothing => {}
                event => return self.node(event, span, 0).map(Some),
            }
        }
    }

    fn next(&mut self) -> Result<Option<(Event<'t>, Span)>, Box<Mistake>> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => {
                let from = self.lines.offset(&span.start);
                Ok(Some((event, from..self.lines.offset(&span.end).max(from))))
            }
            Some(Err(error)) => {
                let at = self.lines.offset(error.marker());
                let info = error.info();
                let message = say!("this is not YAML: {info}", "YAML として読めません: {info}");
                Err(Box::new(Mistake::new("yaml-syntax", at..at, message)))
            }
        }
    }

    fn count(&mut self, nodes: usize, depth: usize, span: &Span) -> Result<(), Box<Mistake>> {
        self.nodes += nodes;
        if self.nodes <= NODES_MAX && depth <= DEPTH_MAX {
            return Ok(());
        }
        let message = say!(
            "the document nests too deep or holds too much",
            "文書の入れ子が深すぎるか、要素が多すぎます"
        );
        Err(Box::new(Mistake::new("too-large", span.clone(), message)))
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, Box<Mistake>> {
        self.count(1, depth, &span)?;
        let (node, anchor, tag) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_null = style == ScalarStyle::Plain
                    && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if is_null {
                    Value::Null
                } else {
                    Value::Scalar(text.into_owned())
                };
                let span = self.written(span);
                (Node { span, value }, anchor, own(tag.as_deref()))
            }
            Event::SequenceStart(anchor, tag) => {
                let tag = own(tag.as_deref());
                (self.list(span, depth)?, anchor, tag)
            }
            Event::MappingStart(anchor, tag) => {
                let tag = own(tag.as_deref());
                (self.map(span, depth)?, anchor, tag)
            }
            Event::Alias(anchor) => {
                // One that stands within what it names has no value yet.
                let Some(named) = self.anchors.get(&anchor).cloned() else {
                    return Ok(Node {
                        span,
                        value: Value::Null,
                    });
                };
                self.count(size(&named), depth, &span)?;
                return Ok(named);
            }
            _ => {
                return Ok(Node {
                    span,
                    value: Value::Null,
                });
            }
        };
        let node = match tag {
            Some(name) => {
                let key = Key {
                    span: node.span.clone(),
                    name,
                };
                Node {
                    span: node.span.clone(),
                    value: Value::Map(vec![(key, node)]),
                }
            }
            None => node,
        };
        if anchor > 0 {
            self.count(size(&node), depth, &node.span)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    /// Where the value itself stands: without its tag, its anchor and the space around it.
    fn written(&self, span: Span) -> Span {
        let mut rest = self.lines.text.get(span.clone()).unwrap_or_default();
        while rest.starts_with(['!', '&']) {
            rest = rest
                .trim_start_matches(|c: char| !c.is_whitespace())
                .trim_start();
        }
        let start = span.end - rest.len();
        start..start + rest.trim_end().len()
    }

    fn list(&mut self, mut span: Span, depth: usize) -> Result<Node, Box<Mistake>> {
        let mut items = Vec::new();
        while let Some((event, at)) = self.next()? {
            if event == Event::SequenceEnd {
                break;
            }
            items.push(self.node(event, at, depth + 1)?);
        }
        span.end = items
            .last()
            .map_or(span.end, |last: &Node| last.span.end.max(span.start));
        Ok(Node {
            span,
            value: Value::List(items),
        })
    }

    fn map(&mut self, mut span: Span, depth: usize) -> Result<Node, Box<Mistake>> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut merged = Vec::new();
        while let Some((event, at)) = self.next()? {
            if event == Event::MappingEnd {
                break;
            }
            let key = self.node(event, at, depth + 1)?;
            let Some((event, at)) = self.next()? else {
                break;
            };
            let mut node = self.node(event, at, depth + 1)?;
            if node.value == Value::Null && node.span.is_empty() {
                node.span = key.span.clone();
            }
            let Value::Scalar(name) = key.value else {
                continue;
            };
            if name == "<<" {
                merged.push(node);
                continue;
            }
            // The first of two counts, as for most readers of configuration.
            if !known.contains_key(&name) {
                known.insert(name.clone(), entries.len());
                entries.push((
                    Key {
                        span: key.span,
                        name,
                    },
                    node,
                ));
            }
        }
        for source in merged {
            let sources = match source.value {
                Value::List(items) => items,
                _ => vec![source],
            };
            for (key, node) in sources
                .into_iter()
                .filter_map(|source| match source.value {
                    Value::Map(entries) => Some(entries),
                    _ => None,
                })
                .flatten()
            {
                if !known.contains_key(&key.name) {
                    known.insert(key.name.clone(), entries.len());
                    entries.push((key, node));
                }
            }
        }
        if let (Some((first, _)), false) = (
            entries.first(),
            self.lines.text[span.start..].starts_with('{'),
        ) {
            span.start = first.span.start;
        }
        span.end = entries
            .last()
            .map_or(span.end, |(_, last)| last.span.end.max(span.start));
        Ok(Node {
            span,
            value: Value::Map(entries),
        })
    }
}

/// The name of a tag that is not one of YAML's own.
fn own(tag: Option<&Tag>) -> Option<String> {
    let tag = tag.filter(|tag| tag.handle == "!")?;
    Some(format!("!{}", tag.suffix))
}

fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::Map(entries) => entries.iter().map(|(_, node)| size(node) + 1).sum(),
        Value::List(items) => items.iter().map(size).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(node: Option<&Node>) -> &str {
        match node.map(|node| &node.value) {
            Some(Value::Scalar(text)) => text,
            _ => "",
        }
    }

    #[test]
    fn a_closing_bracket_may_stand_as_far_left_as_its_key() {
        let yaml = "services:\n  web:\n    test: [\n        \"CMD\",\n        # why\n        \"true\",\n    ]\n    retries: 5\n";
        let (roots, mistakes) = parse_foreign_yaml(yaml);
        assert_eq!((roots.len(), mistakes), (1, Vec::new()));
        let web = roots[0].get("services").and_then(|it| it.get("web"));
        let retries = web.and_then(|web| web.get("retries"));
        assert_eq!(text(retries), "5");
        let at = retries.map_or(0, |it| it.span.start);
        assert_eq!(
            &yaml[at..=at],
            "5",
            "places are those of the text that was given"
        );
    }

    #[test]
    fn anchors_merge_keys_tags_and_documents_are_read() {
        let yaml = "x: &base { cpu: 1, memory: 2 }\ny:\n  <<: *base\n  cpu: 4\n---\nName: !Ref Vpc\nList: [!Sub 'a-${b}']\n";
        let (roots, mistakes) = parse_foreign_yaml(yaml);
        assert_eq!((roots.len(), mistakes), (2, Vec::new()));
        let y = roots[0].get("y");
        assert_eq!(
            text(y.and_then(|y| y.get("cpu"))),
            "4",
            "what is written counts before what is merged"
        );
        assert_eq!(text(y.and_then(|y| y.get("memory"))), "2");
        let name = roots[1].get("Name").and_then(|name| name.get("!Ref"));
        assert_eq!(text(name), "Vpc");
        assert_eq!(name.map(|name| &yaml[name.span.clone()]), Some("Vpc"));
    }

    #[test]
    fn a_bomb_of_aliases_meets_the_bound() {
        // Each line names the one before nine times: 9^9 is 387 million.
        let mut yaml = "a0: &a0 [x]\n".to_owned();
        for n in 1..=9 {
            let names = vec![format!("*a{}", n - 1); 9].join(", ");
            yaml += &format!("a{n}: &a{n} [{names}]\n");
        }
        let (_, mistakes) = parse_foreign_yaml(&yaml);
        assert_eq!(mistakes.first().map(|it| it.code), Some("too-large"));
    }

    #[test]
    fn what_is_no_yaml_is_noted_and_what_came_before_is_kept() {
        let (roots, mistakes) = parse_foreign_yaml("a: 1\n---\nb: [\n");
        assert_eq!((roots.len(), mistakes.len()), (1, 1));
        assert_eq!(parse_foreign_yaml(&"[".repeat(1_000)).1.len(), 1);
    }
}
