//! From text to a spec, with everything that is wrong in it at once.
//!
//! The text is read once. When that finds mistakes, the parts that hold them are taken out and the rest
//! is read again, so that the rules of `check` still see all that is sound: a mistyped key does not hide
//! a contradiction three sections further down. A spec with any error is never handed out.

use std::collections::HashSet;

use promise::{
    Timestamp,
    document::{Key, Mistake, Node, Span, Value},
    record::Read,
    say,
};

use crate::{
    check::{self, Sight},
    diagnostic::{Diagnostic, Level},
    facts::Facts,
    include::{Gathered, Include, gather},
    mask,
    places::Places,
    section::{Document, SECTIONS, Spec, suppression::Day},
    texts::Texts,
};

/// The most bytes that are read, all files of a spec together: so that a caller need not load a larger file only to
/// hear so.
pub const TEXT_MAX: usize = 4 << 20;

/// Beyond this nobody reads on; the rest is counted in one last diagnostic.
pub const DIAGNOSTICS_MAX: usize = 1_000;

/// Whether a text is PromQL; otherwise the byte offset in it and what is wrong there.
pub type CheckQuery<'w> = dyn Fn(&str) -> Result<(), (usize, String)> + 'w;

/// What only the program around a pure crate can know.
#[derive(Clone, Copy)]
pub struct World<'w> {
    pub check_query: &'w CheckQuery<'w>,
    /// The files that `include` names.
    pub include: &'w Include<'w>,
    /// When it is read: suppressions end, and engines grow old.
    pub now: Timestamp,
    /// What providers offer, promise and charge.
    pub facts: &'w Facts,
}

impl<'w> World<'w> {
    /// Without files beside the text.
    #[must_use]
    pub fn without_files(check_query: &'w CheckQuery<'w>, now: Timestamp) -> Self {
        Self {
            check_query,
            include: &|_, _| Vec::new(),
            now,
            facts: Facts::built_in(),
        }
    }
}

/// What came of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// Only when no diagnostic is an error.
    pub spec: Option<Spec>,
    /// In the order of the texts.
    pub diagnostics: Vec<Diagnostic>,
    /// What was found and is borne for a while.
    pub suppressed: Vec<Suppressed>,
    /// What was read: the text itself, and the files that it includes.
    pub texts: Texts,
    /// The document as it was written, all files together; `None` where not even its outermost form could be read.
    pub root: Option<Node>,
}

/// A finding, and the suppression that covers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Suppressed {
    /// The suppression's name in the spec.
    pub name: String,
    pub reason: String,
    pub until: Day,
    pub finding: Diagnostic,
}

/// Reads `text`, which was found under the name `file`.
#[must_use]
pub fn load(text: &str, file: &str, world: &World<'_>) -> Loaded {
    let mut texts = Texts::one(file, text);
    let Gathered {
        root,
        sections,
        mut mistakes,
    } = gather(&mut texts, world.include);
    let (mut found, mut suppressed) = (Vec::new(), Vec::new());
    let mut spec = None;
    match &root {
        Some(root) => {
            if let Some(draft) = draft(root, &sections, &mut mistakes) {
                let sight = Sight::new(&draft.spec, Places::of(root), &texts, world, &draft.unread);
                (found, suppressed) = check::run(&sight);
                spec = Some(draft.spec);
            }
        }
        None if mistakes.is_empty() => mistakes.push(
            Mistake::new("empty", 0..0, say!("the spec is empty", "仕様が空です")).hint(say!(
                "`tegata init` writes one to start from",
                "`tegata init` でひな形を作れます"
            )),
        ),
        _ => {}
    }
    let mut diagnostics: Vec<Diagnostic> = mistakes.into_iter().map(Diagnostic::from).collect();
    diagnostics.append(&mut found);
    diagnostics.sort_by_key(|d| (d.span().start, d.level));
    let clean = diagnostics.iter().all(|d| d.level != Level::Error);
    bound(&mut diagnostics);
    mask::cover(&texts, &mut diagnostics);
    Loaded {
        spec: spec.filter(|_| clean),
        diagnostics,
        suppressed,
        texts,
        root,
    }
}

fn bound(diagnostics: &mut Vec<Diagnostic>) {
    let rest = diagnostics.len().saturating_sub(DIAGNOSTICS_MAX);
    if rest > 0 {
        // Errors are what must not be lost.
        diagnostics.sort_by_key(|d| d.level);
        diagnostics.truncate(DIAGNOSTICS_MAX);
        let message = say!("{rest} more are not shown", "ほかに {rest} 件あります");
        diagnostics.push(Diagnostic::new(Level::Error, "too-many", 0..0, message));
    }
}

/// As much of a spec as could be read.
struct Draft {
    spec: Spec,
    /// Sections in which something could not be.
    unread: Vec<&'static str>,
}

/// Taking a bad value out can make the record around it incomplete, and so on outward. Nothing in a spec
/// lies deeper than this.
const READINGS_MAX: usize = 8;

fn draft(root: &Node, sections: &[(String, Node)], mistakes: &mut Vec<Mistake>) -> Option<Draft> {
    let mut found = Vec::new();
    let whole = Document::read(root, &mut found);
    // With the mistakes of the YAML itself, such as a section that could not be parsed at all.
    found.append(mistakes);
    if let (Some(document), true) = (whole, found.is_empty()) {
        return Some(Draft {
            spec: document.into(),
            unread: Vec::new(),
        });
    }
    let is_bad = |section: &Node| {
        section.value == Value::Unreadable
            || found
                .iter()
                .any(|mistake| within(&mistake.span, &section.span))
    };
    let holds = |name: &&str| {
        let mut parts = sections
            .iter()
            .filter(|(section, _)| section == name)
            .peekable();
        let is_missing = parts.peek().is_none();
        (is_missing && *name == "service") || parts.any(|(_, section)| is_bad(section))
    };
    let unread = SECTIONS.iter().copied().filter(holds).collect();
    let mut rest = found.clone();
    mistakes.append(&mut found);
    let mut sound = root.clone();
    for _ in 0..READINGS_MAX {
        sound = without(&sound, &rest);
        rest.clear();
        if let Some(document) = Document::read(&sound, &mut rest) {
            return Some(Draft {
                spec: document.into(),
                unread,
            });
        }
    }
    None
}

fn within(inner: &Span, outer: &Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// The document without the parts that mistakes speak of, and with stand-ins for sections that must be there.
fn without(root: &Node, mistakes: &[Mistake]) -> Node {
    let bad = mistakes
        .iter()
        .map(|mistake| (mistake.span.start, mistake.span.end))
        .collect();
    let mut entries = match kept(root, &bad).map(|node| node.value) {
        Some(Value::Map(entries)) => entries,
        _ => Vec::new(),
    };
    for (name, stand_in) in [
        ("service", service_stand_in()),
        ("promises", Value::Map(Vec::new())),
    ] {
        if !entries.iter().any(|(key, _)| key.name == name) {
            entries.push(entry(name, stand_in));
        }
    }
    Node {
        span: root.span.clone(),
        value: Value::Map(entries),
    }
}

/// Rules that would look at it do not run: `service` is then unread.
fn service_stand_in() -> Value {
    let text = || Value::Scalar("-".to_owned());
    Value::Map(vec![entry("name", text()), entry("owner", text())])
}

fn entry(name: &str, value: Value) -> (Key, Node) {
    (
        Key {
            span: 0..0,
            name: name.to_owned(),
        },
        Node { span: 0..0, value },
    )
}

fn kept(root: &Node, bad: &HashSet<(usize, usize)>) -> Option<Node> {
    let is_bad = |span: &Span| bad.contains(&(span.start, span.end));
    let below = |node: &Node| {
        let drop = is_bad(&node.span) || node.value == Value::Unreadable;
        if drop { None } else { kept(node, bad) }
    };
    let value = match &root.value {
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .filter(|(key, _)| !is_bad(&key.span))
                .filter_map(|(key, node)| Some((key.clone(), below(node)?)))
                .collect(),
        ),
        Value::List(items) => Value::List(items.iter().filter_map(below).collect()),
        flat => flat.clone(),
    };
    Some(Node {
        span: root.span.clone(),
        value,
    })
}
