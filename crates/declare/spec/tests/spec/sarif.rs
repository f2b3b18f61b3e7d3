//! What is printed for code review, held against what its standard requires of every object.

use std::{fs, path::Path};

use promise::Lang;
use spec::to_sarif;

use crate::load;

/// SARIF 2.1.0 (OASIS, errata 01), what each object must have: 3.13.2, 3.14.6, 3.18.2, 3.19.8, 3.27.11, 3.30.5, 3.55, 3.56, 3.57.
#[test]
fn every_object_of_a_sarif_log_has_what_the_standard_requires() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut results = 0;
    for folder in fs::read_dir(cases).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            let loaded = load(&text);
            let log = to_sarif(
                &loaded.diagnostics,
                &loaded.suppressed,
                &loaded.texts,
                "1",
                Lang::Ja,
            );
            assert_eq!(log["version"], "2.1.0");
            let run = &log["runs"][0];
            assert!(run["tool"]["driver"]["name"].is_string());
            let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
            for result in run["results"].as_array().unwrap() {
                results += 1;
                assert!(
                    result["message"]["text"]
                        .as_str()
                        .is_some_and(|text| !text.is_empty())
                );
                assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
                let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
                assert_eq!(rules[index]["id"], result["ruleId"]);
                for place in [&result["locations"], &result["relatedLocations"]] {
                    for place in place.as_array().into_iter().flatten() {
                        let place = &place["physicalLocation"];
                        assert!(place["artifactLocation"]["uri"].is_string());
                        in_order(&place["region"]);
                    }
                }
                for change in result["fixes"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .flat_map(|fix| fix["artifactChanges"].as_array().unwrap())
                {
                    assert!(change["artifactLocation"]["uri"].is_string());
                    let replacements = change["replacements"].as_array().unwrap();
                    assert!(!replacements.is_empty());
                    replacements
                        .iter()
                        .for_each(|it| in_order(&it["deletedRegion"]));
                }
            }
        }
    }
    assert!(results > 200, "{results}");
}

/// Lines and columns are counted from 1, and the end does not stand before the start.
fn in_order(region: &serde_json::Value) {
    let at = |line: &str, column: &str| {
        (
            region[line].as_u64().unwrap(),
            region[column].as_u64().unwrap(),
        )
    };
    let (start, end) = (at("startLine", "startColumn"), at("endLine", "endColumn"));
    assert!(start.0 >= 1 && start.1 >= 1 && start <= end, "{region}");
}
