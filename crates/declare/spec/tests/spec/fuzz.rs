//! However a spec is broken, reading it ends with diagnostics whose places lie in the text.

use promise::Lang;
use proptest::prelude::*;
use spec::{Style, Texts, render, to_json};

use crate::load;

const EXAMPLE: &str = include_str!("../../../../../examples/card-payments.yaml");

/// What people and accidents put into a file.
fn scrap() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just(": ".to_owned()),
        Just("\n".to_owned()),
        Just("\t".to_owned()),
        Just("- ".to_owned()),
        Just("{".to_owned()),
        Just("]".to_owned()),
        Just("\"".to_owned()),
        Just("&a *a".to_owned()),
        Just("<<: x".to_owned()),
        Just("決済".to_owned()),
        Just("\u{1f600}".to_owned()),
        "[a-z0-9 %:{}\\[\\],\"'#-]{1,12}",
        any::<char>().prop_map(|c| c.to_string()),
    ]
}

proptest! {
    // A case reads the whole example; more of them would take half a minute in a debug build.
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_mutation_is_read_and_shown_without_a_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..40usize, scrap()), 1..4),
    ) {
        let mut letters: Vec<char> = EXAMPLE.chars().collect();
        for (at, length, scrap) in edits {
            let from = at.index(letters.len());
            let until = (from + length).min(letters.len());
            letters.splice(from..until, scrap.chars());
        }
        let text: String = letters.into_iter().collect();
        let loaded = load(&text);
        for diagnostic in &loaded.diagnostics {
            for span in diagnostic.labels.iter().map(|(span, _)| span).chain(&diagnostic.masked) {
                prop_assert!(text.get(span.clone()).is_some(), "{span:?} of {}: {diagnostic:?}", text.len());
            }
        }
        // A spec comes with no error, and no spec comes with at least one.
        let errors = loaded.diagnostics.iter().filter(|d| d.level == spec::Level::Error).count();
        prop_assert_eq!(loaded.spec.is_some(), errors == 0);
        for lang in Lang::ALL {
            let page = render(&loaded.diagnostics, &loaded.texts, &Texts::default(), lang, Style { color: false, width: 60 });
            prop_assert_eq!(page.is_empty(), loaded.diagnostics.is_empty());
        }
        let json = to_json(&loaded.diagnostics, &loaded.texts);
        prop_assert_eq!(json["diagnostics"].as_array().map(Vec::len), Some(loaded.diagnostics.len()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// However a spec is broken, laying it out keeps what it says, and doing so again changes nothing.
    #[test]
    fn the_layout_of_any_mutation_says_the_same_and_is_stable(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..12usize, scrap()), 1..4),
    ) {
        let mut letters: Vec<char> = EXAMPLE.chars().take(4_000).collect();
        for (at, length, scrap) in edits {
            let from = at.index(letters.len());
            let until = (from + length).min(letters.len());
            letters.splice(from..until, scrap.chars());
        }
        let text: String = letters.into_iter().collect();
        if let Ok(once) = spec::format(&text) {
            let twice = spec::format(&once);
            prop_assert_eq!(twice.as_deref(), Ok(once.as_str()));
            let codes = |text: &str| load(text).diagnostics.iter().map(|it| it.code).collect::<Vec<_>>();
            let (mut before, mut after) = (codes(&text), codes(&once));
            before.sort_unstable();
            after.sort_unstable();
            prop_assert_eq!(before, after);
        }
    }
}
