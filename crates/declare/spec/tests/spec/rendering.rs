//! What a person reads in a terminal.

use promise::Lang;
use spec::{Style, Texts, render};

use crate::load;

const MANY: &str = include_str!("many_mistakes.yaml");

fn shown(text: &str, lang: Lang, style: Style) -> String {
    {
        let loaded = load(text);
        render(
            &loaded.diagnostics,
            &loaded.texts,
            &Texts::default(),
            lang,
            style,
        )
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
        render(
            &[],
            &Texts::default(),
            &Texts::default(),
            Lang::En,
            Style::default()
        ),
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

/// A design as somebody wrote it, and the spec that was imported from it, as far as it matters here.
const DESIGN: &str = "# 決済基盤\n\n- RTO: 5分以内\n- 可用性は 99.99% とする。DB の password: hunter2 は金庫にある\n";
const IMPORTED: &str = "\
service:
  owner: sre                        # guess: no file says it
  name: Shop
  tiers:
    payments:
      rto: 5m                       # docs/design.md:3
      availability: 99.99 %         # docs/design.md:4 guess: told by the words around it
promises: {}
";

fn with_design(lang: Lang, documents: &Texts) -> String {
    let loaded = load(IMPORTED);
    let about_the_rto = |it: &spec::Diagnostic| it.code == "rto-against-availability";
    let found: Vec<_> = loaded
        .diagnostics
        .into_iter()
        .filter(about_the_rto)
        .collect();
    render(&found, &loaded.texts, documents, lang, Style::default())
}

#[test]
fn the_lines_of_the_design_stand_below_those_of_the_spec() {
    let documents = Texts::one("docs/design.md", DESIGN);
    let page = with_design(Lang::En, &documents);
    assert!(!page.contains("hunter2"), "{page}");
    insta::assert_snapshot!(page);
    insta::assert_snapshot!(with_design(Lang::Ja, &documents));
}

#[test]
fn a_design_that_is_gone_or_was_cut_is_only_named() {
    let gone = with_design(Lang::En, &Texts::default());
    assert!(gone.contains("= from: docs/design.md:3\n"), "{gone}");
    // The lines are no longer there; nothing else of the document is shown in their place.
    let cut = with_design(Lang::En, &Texts::one("docs/design.md", "# 決済基盤"));
    assert!(
        cut.contains("= from: docs/design.md:3\n") && !cut.contains("決済"),
        "{cut}"
    );
}

#[test]
fn a_program_is_told_where_a_line_came_from() {
    let loaded = load(IMPORTED);
    let is_it = |it: &&spec::Diagnostic| it.code == "rto-against-availability";
    let found: Vec<_> = loaded.diagnostics.iter().filter(is_it).cloned().collect();
    let json = spec::to_json(&found, &loaded.texts);
    let from = &json["diagnostics"][0]["labels"][1]["from"];
    assert_eq!(
        *from,
        serde_json::json!({ "file": "docs/design.md", "line": 4, "guess": "told by the words around it" })
    );
    let sarif = spec::to_sarif(&found, &[], &loaded.texts, "1", Lang::En);
    let related = &sarif["runs"][0]["results"][0]["relatedLocations"];
    let lines: Vec<_> = related
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| &it["physicalLocation"])
        .filter(|it| it["artifactLocation"]["uri"] == "docs/design.md")
        .map(|it| it["region"]["startLine"].as_u64())
        .collect();
    assert_eq!(lines, [Some(3), Some(4)]);
}

#[test]
fn what_lies_far_apart_in_a_long_line_is_shown_in_two_cuts() {
    let design = format!(
        "RTO は 5分、{}可用性は 99.99% とする",
        "長い説明。".repeat(20)
    );
    let spec = IMPORTED
        .replace("docs/design.md:3", "d.md:1")
        .replace("docs/design.md:4", "d.md:1");
    let loaded = load(&spec);
    let is_it = |it: &spec::Diagnostic| it.code == "rto-against-availability";
    let found: Vec<_> = loaded.diagnostics.into_iter().filter(is_it).collect();
    let documents = Texts::one("d.md", design);
    let page = render(
        &found,
        &loaded.texts,
        &documents,
        Lang::En,
        Style::default(),
    );
    let rows: Vec<&str> = page
        .lines()
        .skip_while(|line| !line.contains("::: d.md"))
        .collect();
    assert!(
        rows[2].starts_with("1 | RTO は 5分") && rows[3].ends_with(" ^^^"),
        "{page}"
    );
    assert!(
        rows[4].ends_with("可用性は 99.99% とする") && rows[5].ends_with(" ------"),
        "{page}"
    );
}
