//! Specs of many shapes that are right, and what becomes of each when one mistake is planted in it.

use std::{fs, path::Path};

use promise::{
    document::{Node, Span, Value, parse_yaml},
    record::{Form, Read as _},
};
use spec::{Diagnostic, Level, section::Document};

use crate::load;

const EXAMPLE: &str = include_str!("../../../../../examples/card-payments.yaml");

fn corpus() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clean");
    let mut out: Vec<(String, String)> = fs::read_dir(root)
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    out.push(("example".to_owned(), EXAMPLE.to_owned()));
    out.sort();
    out
}

#[test]
fn what_is_right_is_accepted_without_an_error() {
    let all = corpus();
    assert!(all.len() >= 30, "{}", all.len());
    let mut failures = Vec::new();
    for (name, text) in all {
        let loaded = load(&text);
        let errors: Vec<_> = loaded
            .diagnostics
            .iter()
            .filter(|it| it.level == Level::Error)
            .map(|it| (it.code, &it.message.en))
            .collect();
        if !errors.is_empty() || loaded.spec.is_none() {
            failures.push(format!("{name}: {errors:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_layout_changes_nothing_that_is_said_and_is_the_same_the_second_time() {
    for (name, text) in corpus() {
        let once = spec::format(&text).unwrap();
        assert_eq!(spec::format(&once).as_deref(), Ok(once.as_str()), "{name}");
        // All but the places is the same.
        let promises = |text: &str| {
            load(text)
                .spec
                .map(|spec| serde_json::to_value(spec).unwrap())
        };
        assert_eq!(promises(&text), promises(&once), "{name}");
        assert_eq!(
            text.matches('#').count(),
            once.matches('#').count(),
            "{name}"
        );
    }
}

#[test]
fn a_spec_and_itself_differ_in_nothing() {
    for (name, text) in corpus() {
        let spec = load(&text).spec.unwrap();
        assert_eq!(spec::changes(&spec, &spec), [], "{name}");
    }
}

/// A place in a spec where a mistake can be planted.
#[derive(Debug, Clone)]
enum Site {
    /// A key of the language, and whether it must be there.
    Key {
        span: Span,
        name: String,
        entry: Span,
        required: bool,
    },
    /// One of a few words.
    Word { span: Span, text: String },
    /// A value of a sort, such as a duration.
    Value { span: Span, sort: &'static str },
    /// A name that is defined elsewhere.
    Name { span: Span },
}

fn sites(form: &Form, node: &Node, out: &mut Vec<Site>) {
    match (form, &node.value) {
        (Form::Record { fields, .. }, Value::Map(entries)) => {
            for (key, value) in entries {
                let Some(field) = fields.iter().find(|field| field.name == key.name) else {
                    continue;
                };
                out.push(Site::Key {
                    span: key.span.clone(),
                    name: key.name.clone(),
                    entry: key.span.start..value.span.end,
                    required: field.required && matches!(value.value, Value::Scalar(_)),
                });
                let is_reference = ["severity", "tier", "receivers", "severities", "rotation"]
                    .contains(&field.name)
                    && !matches!(value.value, Value::Map(_));
                if is_reference {
                    names(value, out);
                } else {
                    sites(&field.form, value, out);
                }
            }
        }
        (Form::Tagged { tag, cases }, Value::Map(entries)) => {
            let kind = entries.iter().find(|(key, _)| key.name == *tag);
            if let Some((
                _,
                Node {
                    value: Value::Scalar(kind),
                    span,
                },
            )) = kind
            {
                out.push(Site::Word {
                    span: span.clone(),
                    text: kind.clone(),
                });
                if let Some((_, case)) = cases.iter().find(|(name, _)| name == kind) {
                    sites(case, node, out);
                }
            }
        }
        (Form::Map(form), Value::Map(entries)) => {
            entries.iter().for_each(|(_, node)| sites(form, node, out));
        }
        (Form::List(form), Value::List(items)) => {
            items.iter().for_each(|node| sites(form, node, out));
        }
        (Form::OneOf(_), Value::Scalar(text)) => {
            out.push(Site::Word {
                span: node.span.clone(),
                text: text.clone(),
            });
        }
        (Form::Scalar { name, .. }, Value::Scalar(_)) => {
            out.push(Site::Value {
                span: node.span.clone(),
                sort: name,
            });
        }
        _ => {}
    }
}

fn names(node: &Node, out: &mut Vec<Site>) {
    match &node.value {
        Value::Scalar(_) => out.push(Site::Name {
            span: node.span.clone(),
        }),
        Value::List(items) => items.iter().for_each(|node| names(node, out)),
        _ => {}
    }
}

/// A planted mistake: the text, the lines one of which must be named, and what a useful answer says.
struct Planted {
    what: String,
    text: String,
    lines: std::ops::RangeInclusive<usize>,
    says: Vec<String>,
}

fn line(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

fn replaced(text: &str, span: &Span, new: &str) -> String {
    format!("{}{new}{}", &text[..span.start], &text[span.end..])
}

/// Two neighbouring letters change places, or the last goes where they are the same.
fn misspelt(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = letters.len() / 2;
    if letters.len() < 2 || letters[at - 1] == letters[at] {
        letters.pop();
    } else {
        letters.swap(at - 1, at);
    }
    letters.into_iter().collect()
}

/// Plants mistake number `n` of a spec, where its place fits the sort of mistake.
fn plant(name: &str, text: &str, site: &Site, way: usize) -> Option<Planted> {
    let (what, changed, lines, says) = match (site, way % 4) {
        (Site::Key { span, name, .. }, 0) if name.len() >= 4 => {
            let at = line(text, span.start);
            (
                "misspelt key",
                replaced(text, span, &misspelt(name)),
                at..=at,
                vec![name.clone()],
            )
        }
        (
            Site::Key {
                span,
                name,
                entry,
                required: true,
            },
            1,
        ) => {
            // The line of the record it is missing from; in brackets that is its own, in a block one near by.
            let (from, to) = (
                text[..span.start].rfind('\n').map_or(0, |at| at + 1),
                text[entry.end..]
                    .find('\n')
                    .map_or(text.len(), |at| entry.end + at + 1),
            );
            let is_block =
                text[from..span.start].trim().is_empty() && !text[entry.end..to].contains(',');
            if !is_block || text[from..span.start].contains('-') {
                return None;
            }
            let at = line(text, span.start);
            (
                "missing key",
                replaced(text, &(from..to), ""),
                at.saturating_sub(12)..=at + 1,
                vec![name.clone()],
            )
        }
        (
            Site::Key {
                span, name, entry, ..
            },
            2,
        ) => {
            let from = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
            let indent = &text[from..span.start];
            let rest = text[entry.end..].lines().next().unwrap_or_default();
            if !indent.trim().is_empty() || rest.contains(',') || text[entry.clone()].contains('\n')
            {
                return None;
            }
            let copy = format!("{}\n{indent}{}", &text[entry.clone()], &text[entry.clone()]);
            let at = line(text, span.start) + 1;
            (
                "duplicate key",
                replaced(text, entry, &copy),
                at..=at,
                vec![name.clone()],
            )
        }
        (Site::Key { span, .. }, 3) => {
            // A quote that is never closed before the key.
            let at = line(text, span.start);
            let changed = replaced(text, &(span.start..span.start), "\"");
            if !text[..span.start].ends_with(['\n', ' ']) {
                return None;
            }
            // Where it begins, or where the text ends without it.
            (
                "open quote",
                changed,
                at..=line(text, text.len()) + 1,
                vec![
                    "quote".into(),
                    ":".into(),
                    "closed".into(),
                    "YAML".into(),
                    "indentation".into(),
                ],
            )
        }
        (Site::Word { span, text: word }, _) if word.len() >= 4 => {
            let at = line(text, span.start);
            (
                "misspelt word",
                replaced(text, span, &misspelt(word)),
                at..=at,
                vec![word.clone(), "one of".into()],
            )
        }
        (Site::Value { span, sort }, way) => {
            let wrong = match (*sort, way) {
                ("duration", 0) => "5 mintues",
                ("duration", 1) => "15",
                ("duration", 2) => "soon",
                ("duration", _) => "[1, 2]",
                ("percentage", 0) => "99.5",
                ("percentage", 1) => "120 %",
                ("percentage", _) => "most",
                ("size", 0) => "64 megs",
                ("size", _) => "-1",
                ("whole number", _) => "some",
                ("number", _) => "lots",
                _ => return None,
            };
            let at = line(text, span.start);
            (
                "wrong value",
                replaced(text, span, wrong),
                at..=at,
                vec!["like".into(), "mean".into(), "one of".into()],
            )
        }
        (Site::Name { span }, way) => {
            let name = text[span.clone()].trim_matches('"').to_owned();
            let wrong = if way % 2 == 0 {
                misspelt(&name)
            } else {
                "nowhere".to_owned()
            };
            let at = line(text, span.start);
            (
                "missing reference",
                replaced(text, span, &wrong),
                at..=at,
                vec![name, "known".into(), "add".into(), "mean".into()],
            )
        }
        _ => return None,
    };
    let what = format!("{name}: {what} at line {lines:?}");
    Some(Planted {
        what,
        text: changed,
        lines,
        says,
    })
}

fn names_it(planted: &Planted, found: &[Diagnostic]) -> bool {
    found.iter().any(|it| {
        let span = it.span();
        let said = format!(
            "{} {}",
            it.message.en,
            it.hint.as_ref().map_or("", |hint| hint.en.as_str())
        );
        planted
            .lines
            .contains(&line(&planted.text, span.start.min(planted.text.len())))
            && (planted.says.iter().any(|word| said.contains(word.as_str()))
                || !it.fixes.is_empty())
    })
}

/// As many as were asked for, spread over all specs and all sorts of mistakes.
const PLANTED: usize = 500;
/// The share that must name the line and say something useful.
const NAMED_MIN: f64 = 0.95;

#[test]
fn planted_mistakes_are_refused_with_the_right_line_and_a_useful_word() {
    let form = Document::form();
    let mut all = Vec::new();
    for (name, text) in corpus() {
        let root = parse_yaml(&text).0.unwrap();
        let mut found = Vec::new();
        sites(&form, &root, &mut found);
        for way in 0..4 {
            all.extend(
                found
                    .iter()
                    .filter_map(|site| plant(&name, &text, site, way)),
            );
        }
    }
    assert!(all.len() >= PLANTED, "{}", all.len());
    // A step that shares no factor with the count walks through all sorts evenly.
    let step = all.len() / PLANTED;
    let chosen: Vec<&Planted> = all.iter().step_by(step.max(1)).take(PLANTED).collect();
    assert_eq!(chosen.len(), PLANTED);
    let (mut accepted, mut unnamed) = (Vec::new(), Vec::new());
    for planted in &chosen {
        let loaded = load(&planted.text);
        if loaded.spec.is_some() {
            accepted.push(planted.what.clone());
        } else if !names_it(planted, &loaded.diagnostics) {
            let said: Vec<_> = loaded
                .diagnostics
                .iter()
                .map(|it| {
                    (
                        it.code,
                        line(&planted.text, it.span().start),
                        &it.message.en,
                    )
                })
                .take(3)
                .collect();
            unnamed.push(format!("{}: {said:?}", planted.what));
        }
    }
    assert!(accepted.is_empty(), "accepted:\n{}", accepted.join("\n"));
    #[allow(clippy::cast_precision_loss)]
    let share = 1.0 - unnamed.len() as f64 / PLANTED as f64;
    println!(
        "{PLANTED} planted, {} accepted, {:.1} % named",
        accepted.len(),
        share * 100.0
    );
    assert!(share >= NAMED_MIN, "{share}:\n{}", unnamed.join("\n"));
}
