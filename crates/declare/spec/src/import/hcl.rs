//! HCL, the language of Terraform, as a tree: what is written is read, what is computed stays as its text.
//!
//! A block becomes a map under its type and labels, so `resource "aws_vpc" "main" { … }` stands at
//! `resource.aws_vpc.main`; a block that stands several times becomes a list. An expression that is no plain value
//! becomes `{ "${}": text }`. Nothing is evaluated here. Source: HashiCorp, "HCL Native Syntax Specification".

use promise::document::{Key, Mistake, Node, Span, Value};

/// Blocks and lists within each other; what people write nests about eight deep.
const DEPTH_MAX: usize = 64;
/// The key under which an expression stands.
pub(super) const EXPRESSION: &str = "${}";

/// Whether a fenced block is in this language.
pub(super) fn is_named(language: &str) -> bool {
    ["hcl", "terraform", "tf"].contains(&language)
}

/// What a text sets, up to its first mistake, where it is none of Terraform's: people write plain settings in its language.
pub(super) fn settings(text: &str) -> Option<(Node, Option<Box<Mistake>>)> {
    const BLOCKS: [&str; 8] = [
        "resource",
        "variable",
        "module",
        "provider",
        "data",
        "locals",
        "output",
        "terraform",
    ];
    let (root, mistake) = parse(text);
    let is_terraform = BLOCKS.iter().any(|block| root.get(block).is_some());
    (!is_terraform).then_some((root, mistake))
}

/// Reads a file; what comes after the first mistake is not read.
pub(super) fn parse(text: &str) -> (Node, Option<Box<Mistake>>) {
    let mut reader = Reader { text, at: 0 };
    let mut entries = Vec::new();
    let mistake = reader.body(&mut entries, 0).err();
    (
        Node {
            span: 0..text.len(),
            value: Value::Map(entries),
        },
        mistake,
    )
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

type Entries = Vec<(Key, Node)>;

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn eat(&mut self, c: char) -> bool {
        let is_next = self.peek() == Some(c);
        if is_next {
            self.at += c.len_utf8();
        }
        is_next
    }

    fn wrong(&self, at: usize, en: &str, ja: &str) -> Box<Mistake> {
        Box::new(Mistake::new(
            "hcl-syntax",
            at..at,
            promise::Say::new(en, ja),
        ))
    }

    /// Spaces and comments, with line ends where those mean nothing.
    fn skip(&mut self, with_lines: bool) {
        loop {
            let rest = self.rest();
            let space = rest.len()
                - rest
                    .trim_start_matches(|c: char| c.is_whitespace() && (with_lines || c != '\n'))
                    .len();
            self.at += space;
            let rest = self.rest();
            if rest.starts_with('#') || rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            } else if space == 0 {
                return;
            }
        }
    }

    /// Attributes and blocks up to the brace that closes them, or the end.
    fn body(&mut self, entries: &mut Entries, depth: usize) -> Result<(), Box<Mistake>> {
        if depth > DEPTH_MAX {
            return Err(self.wrong(self.at, "the file nests too deep", "入れ子が深すぎます"));
        }
        loop {
            self.skip(true);
            let Some(c) = self.peek() else {
                return if depth == 0 {
                    Ok(())
                } else {
                    Err(self.wrong(self.at, "a block is not closed", "ブロックが閉じていません"))
                };
            };
            if c == '}' {
                if depth == 0 {
                    return Err(self.wrong(
                        self.at,
                        "`}` closes nothing",
                        "対応する `{` がありません",
                    ));
                }
                return Ok(());
            }
            let key = self.name()?;
            self.skip(false);
            if self.eat('=') {
                let node = self.expression(depth, false)?;
                entries.push((key, node));
                // People part the settings of one line with commas, which the language does in objects alone.
                self.skip(false);
                self.eat(',');
                continue;
            }
            let mut path = vec![key];
            while !self.eat('{') {
                path.push(self.name()?);
                self.skip(false);
            }
            let (start, mut inner) = (path[0].span.start, Vec::new());
            self.body(&mut inner, depth + 1)?;
            self.eat('}');
            let block = Node {
                span: start..self.at,
                value: Value::Map(inner),
            };
            insert(entries, path, block);
        }
    }

    /// A word, or a label in quotes.
    fn name(&mut self) -> Result<Key, Box<Mistake>> {
        let start = self.at;
        if self.eat('"') {
            let end = self.rest().find(['"', '\n']).unwrap_or(0);
            let name = self.rest()[..end].to_owned();
            self.at += end;
            return if self.eat('"') {
                Ok(Key {
                    span: start..self.at,
                    name,
                })
            } else {
                Err(self.wrong(start, "a label is not closed", "ラベルが閉じていません"))
            };
        }
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || "_-.".contains(c)))
            .unwrap_or(rest.len());
        if end == 0 {
            return Err(self.wrong(start, "a name was expected here", "ここには名前が必要です"));
        }
        self.at += end;
        Ok(Key {
            span: start..self.at,
            name: rest[..end].to_owned(),
        })
    }

    /// A value; in brackets it may go on behind the end of its line.
    fn expression(&mut self, depth: usize, in_brackets: bool) -> Result<Node, Box<Mistake>> {
        self.skip(in_brackets);
        let start = self.at;
        let plain = self.plain(depth)?;
        let after = self.at;
        self.skip(false);
        let ends = self.peek().is_none_or(|c| "\n,]})".contains(c));
        if let (Some(value), true) = (plain, ends) {
            return Ok(Node {
                span: start..after,
                value,
            });
        }
        // Something is computed: it stays as it is written.
        self.at = start;
        self.computed(in_brackets)?;
        let raw = self.text.get(start..self.at).unwrap_or_default().trim_end();
        Ok(expression(raw, start..start + raw.len()))
    }

    /// A literal; `None` where it is something else.
    fn plain(&mut self, depth: usize) -> Result<Option<Value>, Box<Mistake>> {
        if depth > DEPTH_MAX {
            return Err(self.wrong(self.at, "the file nests too deep", "入れ子が深すぎます"));
        }
        let rest = self.rest();
        match self.peek() {
            Some('"') => self.string().map(Some),
            Some('<') if rest.starts_with("<<") => Ok(self.heredoc()),
            Some('[') => self.list(depth),
            Some('{') => self.object(depth),
            Some(c) if c.is_ascii_digit() || c == '-' => {
                let end = rest[1..]
                    .find(|c: char| !(c.is_ascii_digit() || c == '.'))
                    .map_or(rest.len(), |end| end + 1);
                self.at += end;
                Ok(Some(Value::Scalar(rest[..end].to_owned())))
            }
            Some(_) => {
                for (word, value) in [
                    ("true", Value::Scalar("true".into())),
                    ("false", Value::Scalar("false".into())),
                    ("null", Value::Null),
                ] {
                    let is_word = |rest: &str| {
                        !rest.starts_with(|c: char| c.is_alphanumeric() || "_.[(".contains(c))
                    };
                    if rest.strip_prefix(word).is_some_and(is_word) {
                        self.at += word.len();
                        return Ok(Some(value));
                    }
                }
                Ok(None)
            }
            None => Err(self.wrong(self.at, "a value was expected here", "ここには値が必要です")),
        }
    }

    fn string(&mut self) -> Result<Value, Box<Mistake>> {
        let start = self.at;
        let end = string_end(self.rest())
            .ok_or_else(|| self.wrong(start, "a text is not closed", "文字列が閉じていません"))?;
        let raw = &self.rest()[1..end - 1];
        self.at += end;
        if raw.contains("${") || raw.contains("%{") {
            return Ok(expression(raw, start..self.at).value);
        }
        Ok(Value::Scalar(unescaped(raw)))
    }

    fn heredoc(&mut self) -> Option<Value> {
        let rest = self.rest();
        let (first, body) = rest.split_once('\n')?;
        let word = first.trim_start_matches('<').trim_start_matches('-').trim();
        let mut length = first.len() + 1;
        let mut lines = Vec::new();
        for line in body.split_inclusive('\n') {
            if line.trim() == word {
                self.at += length + line.trim_end().len();
                return Some(Value::Scalar(lines.concat()));
            }
            length += line.len();
            lines.push(line);
        }
        None
    }

    fn list(&mut self, depth: usize) -> Result<Option<Value>, Box<Mistake>> {
        self.eat('[');
        let mut items = Vec::new();
        loop {
            self.skip(true);
            if self.eat(']') {
                return Ok(Some(Value::List(items)));
            }
            if self.rest().starts_with("for ") {
                return Ok(None);
            }
            items.push(self.expression(depth + 1, true)?);
            self.skip(true);
            if !self.eat(',') && self.peek() != Some(']') {
                return Err(self.wrong(self.at, "a list is not closed", "リストが閉じていません"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Option<Value>, Box<Mistake>> {
        self.eat('{');
        let mut entries = Vec::new();
        loop {
            self.skip(true);
            if self.eat('}') {
                return Ok(Some(Value::Map(entries)));
            }
            if self.rest().starts_with("for ") || self.peek() == Some('(') {
                return Ok(None);
            }
            let key = self.name()?;
            self.skip(false);
            if !self.eat('=') && !self.eat(':') {
                return Err(self.wrong(
                    self.at,
                    "`=` was expected here",
                    "ここには `=` が必要です",
                ));
            }
            let node = self.expression(depth + 1, true)?;
            entries.push((key, node));
            self.skip(true);
            self.eat(',');
        }
    }

    /// Passes over an expression: to the end of its line, or to what ends it within brackets.
    fn computed(&mut self, in_brackets: bool) -> Result<(), Box<Mistake>> {
        let start = self.at;
        let mut open = 0usize;
        while let Some(c) = self.peek() {
            match c {
                '"' => {
                    let end = string_end(self.rest()).ok_or_else(|| {
                        self.wrong(start, "a text is not closed", "文字列が閉じていません")
                    })?;
                    self.at += end;
                    continue;
                }
                '\n' if open == 0 => break,
                ',' if open == 0 && in_brackets => break,
                '(' | '[' | '{' => open += 1,
                ')' | ']' | '}' if open == 0 => break,
                ')' | ']' | '}' => open -= 1,
                '#' if open == 0 => break,
                _ => {}
            }
            self.at += c.len_utf8();
        }
        if self.at == start {
            return Err(self.wrong(start, "a value was expected here", "ここには値が必要です"));
        }
        Ok(())
    }
}

fn expression(raw: &str, span: Span) -> Node {
    let key = Key {
        span: span.clone(),
        name: EXPRESSION.to_owned(),
    };
    let text = Node {
        span: span.clone(),
        value: Value::Scalar(raw.to_owned()),
    };
    Node {
        span,
        value: Value::Map(vec![(key, text)]),
    }
}

/// Where a text in quotes ends, behind its last quote; quotes within `${…}` are those of inner texts.
fn string_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut open) = (1, 0usize);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'$' | b'%' if bytes.get(at + 1) == Some(&b'{') => {
                open += 1;
                at += 1;
            }
            b'}' if open > 0 => open -= 1,
            b'"' if open == 0 => return Some(at + 1),
            b'\n' if open == 0 => return None,
            _ => {}
        }
        at += 1;
    }
    None
}

fn unescaped(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut letters = raw.chars();
    while let Some(c) = letters.next() {
        match (c, c == '\\') {
            (_, true) => match letters.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some(other) => out.push(other),
                None => {}
            },
            (c, false) => out.push(c),
        }
    }
    out
}

/// Puts a block below its type and labels; one that is there already makes a list of both.
fn insert(entries: &mut Entries, path: Vec<Key>, block: Node) {
    let mut here = entries;
    let last = path.len().saturating_sub(1);
    for (depth, key) in path.into_iter().enumerate() {
        let at = here.iter().position(|(known, _)| known.name == key.name);
        if depth == last {
            match at.map(|at| &mut here[at].1) {
                None => here.push((key, block)),
                Some(Node {
                    value: Value::List(items),
                    ..
                }) => items.push(block),
                Some(first) => {
                    let both = vec![first.clone(), block];
                    first.value = Value::List(both);
                }
            }
            return;
        }
        let at = at.unwrap_or_else(|| {
            let span = block.span.clone();
            here.push((
                key,
                Node {
                    span,
                    value: Value::Map(Vec::new()),
                },
            ));
            here.len() - 1
        });
        // Where a value of that name stands already, the block has no place.
        let Value::Map(below) = &mut here[at].1.value else {
            return;
        };
        here = below;
    }
}

#[cfg(test)]
mod tests {
    use super::{super::taking, *};

    fn find<'n>(root: &'n Node, path: &str) -> Option<&'n Node> {
        taking::at(root, &path.split('.').collect::<Vec<_>>())
    }

    fn text<'n>(root: &'n Node, path: &str) -> &'n str {
        find(root, path).and_then(taking::text).unwrap_or("-")
    }

    #[test]
    fn blocks_values_and_expressions_are_told_apart() {
        let hcl = r#"
# a comment
resource "aws_db_instance" "main" {
  engine    = "postgres" // another
  storage   = 100
  multi_az  = true
  tags      = { Name = "db", "Team" : "sre", }
  zones     = ["a", "b"]
  subnet    = aws_subnet.a.id
  name      = "db-${var.env}"
  size      = 60 * 60
  all       = [for x in y : x]
  policy    = <<-EOF
    { "a": 1 }
  EOF
  ingress { from_port = 80 }
  ingress { from_port = 443 }
}
"#;
        let (root, mistake) = parse(hcl);
        assert_eq!(mistake, None);
        let db = find(&root, "resource.aws_db_instance.main")
            .cloned()
            .unwrap_or(Node {
                span: 0..0,
                value: Value::Null,
            });
        assert_eq!(
            (
                text(&db, "engine"),
                text(&db, "storage"),
                text(&db, "multi_az")
            ),
            ("postgres", "100", "true")
        );
        assert_eq!(
            (text(&db, "tags.Name"), text(&db, "tags.Team")),
            ("db", "sre")
        );
        assert_eq!(find(&db, "zones").map(taking::texts), Some(vec!["a", "b"]));
        for (path, raw) in [
            ("subnet", "aws_subnet.a.id"),
            ("name", "db-${var.env}"),
            ("size", "60 * 60"),
            ("all", "[for x in y : x]"),
        ] {
            assert_eq!(text(&db, &format!("{path}.${{}}")), raw);
        }
        assert_eq!(text(&db, "policy").trim(), "{ \"a\": 1 }");
        assert_eq!(
            find(&db, "ingress").map(|it| taking::items(it).len()),
            Some(2)
        );
    }

    #[test]
    fn what_is_no_hcl_ends_with_a_mistake_and_no_panic() {
        for wrong in [
            "a {",
            "}",
            "a = ",
            "a = [1, 2",
            "a = \"x",
            "= 1",
            "a = {b}",
            "決済 \"",
            &"a {".repeat(100),
            &format!("a = {}", "[".repeat(100)),
        ] {
            assert!(parse(wrong).1.is_some(), "{wrong}");
        }
        assert!(parse("").1.is_none());
    }
}
