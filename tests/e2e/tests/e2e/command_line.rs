//! Commands that need no running instance, and their exit codes.

use std::process::Output;

use e2e::run;
use serde_json::Value;

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_spec_from_an_empty_directory_is_valid() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    for lang in ["en", "ja"] {
        let file = format!("{lang}.yaml");
        let init = run(&["init", &file, "--lang", lang], dir.path())?;
        assert_eq!(init.status.code(), Some(0), "{}", err(&init));
        let check = run(&["check", &file, "--strict", "--lang", lang], dir.path())?;
        assert_eq!(check.status.code(), Some(0), "{}", err(&check));
    }
    let twice = run(&["init", "en.yaml"], dir.path())?;
    assert_eq!(
        twice.status.code(),
        Some(69),
        "a file that is there is not replaced"
    );
    Ok(())
}

#[test]
fn every_mistake_is_told_at_once_with_its_place_and_nothing_starts() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let spec = "service: { name: Shop, owner: sre }\n\
                promises:\n\
                \x20 fast:\n\
                \x20   kind: latncy\n\
                \x20 many:\n\
                \x20   kind: ratio\n\
                \x20   total: a{\n\
                \x20   at_least: 99.5\n\
                \x20   windw: 30d\n";
    std::fs::write(dir.path().join("bad.yaml"), spec)?;
    let check = run(&["check", "bad.yaml"], dir.path())?;
    assert_eq!(check.status.code(), Some(78));
    let text = err(&check);
    for expected in [
        "bad.yaml:4:11",
        "latency",
        "bad.yaml:7:",
        "bad.yaml:8:",
        "bad.yaml:9:5",
        "window",
    ] {
        assert!(text.contains(expected), "{expected} in\n{text}");
    }
    let json = run(&["check", "bad.yaml", "--json"], dir.path())?;
    let findings: Value = serde_json::from_str(&out(&json))?;
    assert_eq!(findings["version"], 1, "{findings}");
    let ja = run(&["check", "bad.yaml", "--lang", "ja"], dir.path())?;
    assert!(err(&ja).contains("誤り"), "{}", err(&ja));

    let started = run(&["run", "bad.yaml", "--data", "data"], dir.path())?;
    assert_eq!(started.status.code(), Some(78));
    assert!(
        !dir.path().join("data").exists(),
        "a bad spec starts nothing"
    );
    Ok(())
}

#[test]
fn completions_manual_schema_and_version_are_printed() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    for (args, expected) in [
        (&["completions", "bash"][..], "tegata"),
        (&["completions", "zsh"], "compdef"),
        (&["completions", "fish"], "complete -c tegata"),
        (&["man"], ".TH"),
        (&["schema"], "https://json-schema.org/draft/2020-12/schema"),
        (&["--version"], "tegata"),
    ] {
        let output = run(args, dir.path())?;
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", err(&output));
        assert!(out(&output).contains(expected), "{args:?}");
    }
    assert_eq!(run(&["--nonsense"], dir.path())?.status.code(), Some(2));
    Ok(())
}

#[test]
fn what_nothing_runs_on_is_said_clearly() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let verdict = run(&["verdict", "--data", "nowhere"], dir.path())?;
    assert_eq!(verdict.status.code(), Some(69));
    assert!(err(&verdict).contains("nowhere"), "{}", err(&verdict));
    let outage = run(
        &["demo", "outage", "provider", "--data", "nowhere"],
        dir.path(),
    )?;
    assert_eq!(outage.status.code(), Some(69));
    Ok(())
}

#[test]
fn a_place_that_cannot_be_written_is_said_clearly() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    run(&["init", "shop.yaml"], dir.path())?;
    // Not even root can make a folder here.
    let started = run(&["run", "shop.yaml", "--data", "/proc/tegata"], dir.path())?;
    assert_eq!(started.status.code(), Some(69), "{}", err(&started));
    assert!(err(&started).contains("/proc/tegata"), "{}", err(&started));
    Ok(())
}

#[test]
fn a_port_that_is_taken_is_said_clearly() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    run(&["init", "shop.yaml"], dir.path())?;
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    let started = run(
        &["run", "shop.yaml", "--data", "data", "--listen", &address],
        dir.path(),
    )?;
    assert_eq!(started.status.code(), Some(69), "{}", err(&started));
    assert!(err(&started).contains(&address), "{}", err(&started));
    Ok(())
}

#[test]
fn the_doctor_finds_a_missing_secret_and_says_which() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let spec = "service: { name: Shop, owner: sre }\n\
                promises:\n\
                \x20 up: { kind: freshness, series: up, within: 1m }\n\
                receivers:\n\
                \x20 chat: { kind: slack, url: \"${env:TEGATA_TEST_NOT_SET}\" }\n";
    std::fs::write(dir.path().join("tegata.yaml"), spec)?;
    let doctor = run(&["doctor", "--data", "data", "--json"], dir.path())?;
    assert_eq!(doctor.status.code(), Some(69), "{}", err(&doctor));
    let findings: Value = serde_json::from_str(&out(&doctor))?;
    let bad: Vec<&str> = findings["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|finding| finding["found"] == "bad")
        .filter_map(|finding| finding["text"]["en"].as_str())
        .collect();
    assert!(
        bad.iter().any(|text| text.contains("TEGATA_TEST_NOT_SET")),
        "{bad:?}"
    );
    assert!(
        !dir.path().join("data").exists(),
        "a doctor changes nothing"
    );
    Ok(())
}
