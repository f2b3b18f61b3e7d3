//! A Prometheus configuration, its lists of targets, and what a real Prometheus 3.5.3 made of them
//! (`/api/v1/targets`): ours must be the same targets.

use std::{path::Path, time::Duration};

use serde_json::Value;
use spec::{init::import_prometheus, section::source::Sources};

use crate::house::House;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/collect/relabel");

#[tokio::test]
async fn the_same_configuration_makes_the_targets_that_prometheus_makes() {
    let folder = tempfile::tempdir().unwrap();
    let lists = folder.path().join("sd");
    std::fs::create_dir(&lists).unwrap();
    for list in ["a.json", "b.yml"] {
        std::fs::copy(Path::new(FOLDER).join(list), lists.join(list)).unwrap();
    }
    let text = std::fs::read_to_string(Path::new(FOLDER).join("prometheus.yml")).unwrap();
    let sources = Sources {
        scrape: import_prometheus(&text).unwrap().jobs,
        ..Sources::default()
    };
    let answer = std::fs::read(Path::new(FOLDER).join("answer.json")).unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let house = House::in_folder(&sources, folder.path());
    let mut expected: Vec<String> = answer["active"]
        .as_array()
        .unwrap()
        .iter()
        .map(active)
        .collect();
    expected.sort();
    let found = || {
        let targets = house.handle.targets().into_iter();
        let mut found: Vec<String> = targets
            .filter_map(|row| {
                let target = row.target?;
                let labels: Vec<String> = target
                    .labels
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                let seconds = target.interval.as_secs();
                Some(format!("{} {labels:?} {} {seconds}s", target.job, row.url))
            })
            .collect();
        found.sort();
        found
    };
    wait(|| found() == expected).await;
    assert_eq!(found(), expected);
    let dropped: Vec<String> = {
        let all = house.handle.dropped().into_iter();
        let mut all: Vec<String> = all
            .map(|(_, labels)| labels.get("__address__").to_owned())
            .collect();
        all.sort();
        all
    };
    let theirs: Vec<&str> = answer["dropped"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(dropped, theirs);
    house.end().await;
}

/// As ours are shown: the query of a URL may hold secrets.
fn active(target: &Value) -> String {
    let labels: Vec<String> = target["labels"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap()))
        .collect();
    let text = |name: &str| target[name].as_str().unwrap();
    let url = text("url").split('?').next().unwrap();
    format!("{} {labels:?} {url} {}", text("job"), text("interval"))
}

/// Until it is so; a machine may be busy, and what is right comes long before.
pub async fn wait(is_so: impl Fn() -> bool) {
    let patience = tokio::time::Instant::now() + Duration::from_secs(20);
    while !is_so() && tokio::time::Instant::now() < patience {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
