//! YAML as a tree of [`Node`]s with byte spans.
//!
//! Only the part of YAML that a person means when writing a spec: one document of maps, lists and text.
//! Anchors, aliases, merge keys and tags are refused: whoever reads one promise must see the whole of it
//! there, and without them no small text can grow into a large tree.
//!
//! A section that is no YAML does not hide the mistakes of the others: it becomes
//! [`super::Value::Unreadable`] and the rest is read again without it.

mod build;
mod foreign;
mod lines;
mod recover;

use std::borrow::Cow;

use super::{Mistake, Node};
use crate::Say;
use build::Builder;
pub use foreign::parse_foreign_yaml;
use lines::Lines;
use recover::{Section, blank, same_section, spaces_for_tabs, with_unreadable};

/// Ten times the longest spec that we know of (3,000 lines).
const BYTES_MAX: usize = 4 << 20;
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{super::Value, build::NODES_MAX, *};

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
    fn a_section_whose_name_is_quoted_and_never_closed_is_found_behind_its_quote() {
        let text = "service: { name: a }\n\"ities決済:\n  a: { b: 1 }\nroutes:\n  - x: [y\n";
        let Value::Map(entries) = parse_yaml(text).0.unwrap().value else {
            panic!()
        };
        let unread = entries
            .iter()
            .filter(|(_, node)| node.value == Value::Unreadable);
        let names: Vec<&str> = unread.map(|(key, _)| &text[key.span.clone()]).collect();
        assert!(names.contains(&"ities決済"), "{names:?}");
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

    #[test]
    fn a_text_in_quotes_ends_with_them() {
        let text = "a: \"> 1 %, \\\"so\\\"\"   # why\nb: 'it''s'  # \"x\"\nc: [\"d\", 'e']\n";
        let (root, mistakes) = parse_yaml(text);
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let root = root.unwrap();
        let written = |name: &str| &text[root.get(name).unwrap().span.clone()];
        assert_eq!(written("a"), "\"> 1 %, \\\"so\\\"\"");
        assert_eq!(written("b"), "'it''s'");
        assert_eq!(written("c"), "[\"d\", 'e']");
    }
}
