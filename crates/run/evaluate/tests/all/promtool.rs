//! Rule tests in promtool's format. The first line of each file says what promtool 3.5.3 makes of it.

use std::{fs, path::Path};

use evaluate::rule::{self, unit_test};

#[tokio::test]
async fn a_rule_test_comes_out_as_from_promtool() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut seen = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".test.yml") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let succeeds = match text.lines().next() {
            Some("# promtool: success") => true,
            Some("# promtool: failed") => false,
            other => panic!("{name} begins with {other:?}"),
        };
        let failures = play(&folder, &text).await;
        assert_eq!(failures.is_empty(), succeeds, "{name}: {failures:#?}");
        seen += 1;
    }
    assert!(seen >= 4);
}

/// What is wrong, in whatever part.
async fn play(folder: &Path, text: &str) -> Vec<String> {
    let said = |mistakes: Vec<promise::document::Mistake>| -> Vec<String> {
        mistakes
            .iter()
            .map(|mistake| mistake.message.en.clone())
            .collect()
    };
    let file = match unit_test::read(text) {
        Ok(file) => file,
        Err(mistakes) => return said(mistakes),
    };
    let mut groups = Vec::new();
    for name in &file.rule_files {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        match rule::read(&text, name) {
            Ok(read) => groups.extend(read),
            Err(mistakes) => return said(mistakes),
        }
    }
    let reports = unit_test::run(&file, &groups).await;
    let failures = reports.into_iter().flat_map(|report| report.failures);
    failures.map(|failure| format!("{failure:#?}")).collect()
}
