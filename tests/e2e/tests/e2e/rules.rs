//! Unit tests of rules: `tegata test` says of a file what a real promtool says of it.

use std::{fs, path::Path};

use e2e::{peer, run};
use serde_json::Value;

#[test]
fn a_rule_test_has_promtools_verdict_and_exit_code() -> anyhow::Result<()> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/run/evaluate/tests/rules");
    let mut seen = 0;
    for entry in fs::read_dir(&folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !name.ends_with(".test.yml") {
            continue;
        }
        let mut promtool = peer("promtool")?;
        let theirs = promtool
            .args(["test", "rules", name.as_str()])
            .current_dir(&folder)
            .output()?;
        let ours = run(&["test", name.as_str()], &folder)?;
        let told = String::from_utf8_lossy(&theirs.stdout);
        assert_eq!(ours.status.code(), theirs.status.code(), "{name}: {told}");
        let json = run(&["test", "--json", name.as_str()], &folder)?;
        let report: Value = serde_json::from_slice(&json.stdout)?;
        assert_eq!(report["files"][0]["ok"], theirs.status.success(), "{name}");
        seen += 1;
    }
    assert!(seen >= 4);
    Ok(())
}
