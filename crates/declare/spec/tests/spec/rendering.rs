//! What a person reads in a terminal.

use promise::Lang;
use spec::{Style, Texts, render};

use crate::load;

const MANY: &str = include_str!("many_mistakes.yaml");

fn shown(text: &str, lang: Lang, style: Style) -> String {
    {
        let loaded = load(text);
        render(&loaded.diagnostics, &loaded.texts, lang, style)
    }
}

#[test]
fn a_file_with_many_mistakes_in_english() {
    insta::assert_snapshot!(shown(MANY, Lang::En, Style::default()));
}

#[test]
fn a_file_with_many_mistakes_in_japanese() {
    insta::assert_snapshot!(shown(MANY, Lang::Ja, Style::default()));
}

#[test]
fn a_clean_file_says_nothing() {
    assert_eq!(
        render(&[], &Texts::default(), Lang::En, Style::default()),
        ""
    );
}

#[test]
fn secrets_are_shown_nowhere() {
    for lang in Lang::ALL {
        let page = shown(
            MANY,
            lang,
            Style {
                color: true,
                width: 200,
            },
        );
        for secret in ["hunter2", "T0PSECRET", "opensesame"] {
            assert!(!page.contains(secret), "{secret} in {page}");
        }
    }
    let json = spec::to_json(&load(MANY).diagnostics, &load(MANY).texts).to_string();
    assert!(
        !json.contains("hunter2") && !json.contains("T0PSECRET"),
        "{json}"
    );
}

#[test]
fn a_password_in_an_address_is_covered_too() {
    let text = "service: { name: Shop, owner: sre }\npromises: {}\nsources:\n  scrape:\n    shop:\n      targets:\n        \
                - ada:hunter2@shop:80\n        - http://ada:hunter2@shop/m\n        - http://ada:hunter2@shop/m\n";
    let page = shown(text, Lang::En, Style::default());
    assert!(
        page.contains("not-an-address")
            && page.contains("not-a-url")
            && page.contains("duplicate-target")
    );
    assert!(!page.contains("hunter2"), "{page}");
}

#[test]
fn a_secret_is_covered_even_where_the_file_is_no_yaml() {
    let text =
        "service: { name: Shop, owner: sre }\nreceivers: { m: { kind: email, password: hunter2\n";
    assert!(!shown(text, Lang::En, Style::default()).contains("hunter2"));
}

#[test]
fn carets_stand_under_wide_letters() {
    let text = "service: { name: 決済, ownr: sre, owner: sre }\npromises: {}\n";
    let page = shown(text, Lang::En, Style::default());
    let caret = page.lines().find(|line| line.contains("^^^^")).unwrap();
    // `1 | ` and then `service: { name: ` (17) + 決済 (2 letters of 2 columns) + `, ` (2) = 23 columns.
    assert_eq!(caret, format!("  | {}^^^^", " ".repeat(23)));
}

#[test]
fn control_characters_never_reach_the_terminal() {
    let text = "service: { name: \"a\u{202e}b\", ownr\u{7f}: x }\npromises: {}\n";
    let page = shown(text, Lang::En, Style::default());
    assert!(
        !page.contains('\u{202e}') && !page.contains('\u{7f}'),
        "{page:?}"
    );
}

#[test]
fn long_lines_are_cut_around_what_is_underlined() {
    let filler = "x".repeat(500);
    let text =
        format!("service: {{ name: {filler}, ownr: sre, owner: {filler} }}\npromises: {{}}\n");
    let page = shown(
        &text,
        Lang::En,
        Style {
            color: false,
            width: 80,
        },
    );
    assert!(
        page.lines().all(|line| line.chars().count() <= 80),
        "{page}"
    );
    let lines: Vec<&str> = page.lines().collect();
    let row = lines.iter().position(|line| line.contains('^')).unwrap();
    let from = lines[row].find('^').unwrap();
    let under: String = lines[row - 1].chars().skip(from).take(4).collect();
    assert_eq!(under, "ownr");
}
