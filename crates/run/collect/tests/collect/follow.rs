//! Files that grow, are rotated, cut and renamed: every line once, also over a restart.

use std::{collections::BTreeSet, fs, io::Write as _, path::Path, sync::Arc};

use promise::unit::Bytes;
use spec::section::source::{Logs, Sources};
use store::{Lines, StateStore};

use crate::house::{House, Memory, WallClock, value};

fn logs(pattern: &str) -> Sources {
    let logs = Logs {
        stream: "app".to_owned(),
        files: vec![pattern.to_owned()],
        post: false,
        time_field: "time".to_owned(),
        silent_for_max: None,
        line_max: Bytes(200),
    };
    Sources {
        logs: [("app".to_owned(), logs)].into(),
        ..Sources::default()
    }
}

fn append(path: &Path, text: &str) {
    fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
}

fn line(n: u32) -> String {
    format!("{{\"time\":\"2026-11-22T00:00:00Z\",\"n\":{n}}}\n")
}

/// Takes lines as the pipeline does: records first, then where to go on.
async fn take(house: &mut House, state: &Memory, count: usize) -> Vec<Lines> {
    let mut all: Vec<Lines> = Vec::new();
    while all.iter().map(|lines| lines.records.len()).sum::<usize>() < count {
        let mut lines = house.lines().await;
        state
            .write(std::mem::take(&mut lines.resume))
            .await
            .unwrap();
        all.push(lines);
    }
    all
}

fn numbers(lines: &[Lines]) -> Vec<u64> {
    lines
        .iter()
        .flat_map(|lines| &lines.records)
        .filter_map(|record| record.fields.get("n")?.as_u64())
        .collect()
}

fn start(dir: &Path, pattern: &str, state: &Arc<Memory>) -> House {
    House::over(&logs(pattern), dir, state.clone(), Arc::new(WallClock))
}

#[tokio::test]
async fn lines_are_read_once_they_are_whole() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("app.log");
    append(
        &file,
        &format!("{}{{\"time\":\"2026-11-22T00:00:00Z\",", line(1)),
    );
    let state = Arc::new(Memory::default());
    let mut house = start(dir.path(), "app.log", &state);
    let first = take(&mut house, &state, 1).await;
    assert_eq!(numbers(&first), [1]);
    append(&file, "\"n\":2}\nplain words 4242424242424242\n");
    let rest = take(&mut house, &state, 2).await;
    assert_eq!(numbers(&rest), [2]);
    let plain = rest.iter().flat_map(|lines| &lines.records).last().unwrap();
    assert_eq!(plain.fields["message"], "plain words [redacted:pan]");
    assert_eq!(plain.stream, "app");
}

#[tokio::test]
async fn rotation_by_rename_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("app.log");
    append(&file, &line(1));
    let state = Arc::new(Memory::default());
    let mut house = start(dir.path(), "app.log", &state);
    take(&mut house, &state, 1).await;
    fs::rename(&file, dir.path().join("app.log.1")).unwrap();
    // The writer has not heard of it yet.
    append(&dir.path().join("app.log.1"), &line(2));
    append(&file, &line(3));
    let both = take(&mut house, &state, 2).await;
    assert_eq!(BTreeSet::from_iter(numbers(&both)), [2, 3].into());
}

#[tokio::test]
async fn a_file_that_is_cut_is_read_from_its_start() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("app.log");
    append(&file, &(line(1) + &line(2)));
    let state = Arc::new(Memory::default());
    let mut house = start(dir.path(), "*.log", &state);
    let before = take(&mut house, &state, 2).await;
    fs::OpenOptions::new()
        .write(true)
        .open(&file)
        .unwrap()
        .set_len(0)
        .unwrap();
    append(&file, &line(1));
    let after = take(&mut house, &state, 1).await;
    assert_eq!(numbers(&after), [1]);
    // The same bytes at the same place of the same inode, and yet another record.
    assert_ne!(
        after.iter().flat_map(|l| &l.records).next().unwrap().id,
        before[0].records[0].id
    );
}

#[tokio::test]
async fn a_restart_goes_on_where_the_state_says_even_in_a_renamed_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("app.log");
    append(&file, &line(1));
    let state = Arc::new(Memory::default());
    let mut house = start(dir.path(), "app.log", &state);
    take(&mut house, &state, 1).await;
    house.end().await;
    append(&file, &line(2));
    fs::rename(&file, dir.path().join("app.log.1")).unwrap();
    append(&file, &line(3));
    let mut house = start(dir.path(), "app.log", &state);
    let rest = take(&mut house, &state, 2).await;
    assert_eq!(BTreeSet::from_iter(numbers(&rest)), [2, 3].into());
}

#[tokio::test]
async fn what_was_not_remembered_makes_the_same_ids_again() {
    let dir = tempfile::tempdir().unwrap();
    append(&dir.path().join("app.log"), &(line(1) + &line(1)));
    let ids = async || {
        let state = Arc::new(Memory::default());
        let mut house = start(dir.path(), "app.log", &state);
        let lines = take(&mut house, &state, 2).await;
        let ids: Vec<u128> = lines
            .iter()
            .flat_map(|lines| &lines.records)
            .map(|record| record.id)
            .collect();
        house.end().await;
        ids
    };
    let first = ids().await;
    assert_eq!(first, ids().await);
    assert_ne!(first[0], first[1], "two equal lines are two records");
}

#[tokio::test]
async fn what_is_refused_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("app.log");
    append(&file, &format!("{}\n{}", "x".repeat(201), line(1)));
    append(&file, &format!("{}\n", "y".repeat(3 << 20)));
    fs::OpenOptions::new()
        .append(true)
        .open(&file)
        .unwrap()
        .write_all(b"\xff\xff\n")
        .unwrap();
    append(&file, &line(2));
    let state = Arc::new(Memory::default());
    let mut house = start(dir.path(), "app.log", &state);
    let refused = |why: &str| {
        format!(
            "tegata_log_lines_refused_total{{instance=\"app\", job=\"logs\", source=\"app\", stream=\"app\", why=\"{why}\"}}"
        )
    };
    let mut read = Vec::new();
    loop {
        tokio::select! {
            lines = house.lines.recv() => {
                let lines = lines.unwrap();
                lines.ack.as_ref().unwrap().try_send(Ok(())).unwrap();
                read.extend(numbers(&[lines]));
            }
            round = house.rounds.recv() => {
                let round = round.unwrap();
                if value(&round, &refused("not_utf8")) == Some(1.0) {
                    assert_eq!(value(&round, &refused("too_long")), Some(2.0));
                    break;
                }
            }
        }
    }
    assert_eq!(read, [1, 2]);
}

#[tokio::test]
async fn a_pattern_that_fits_nothing_is_a_gap_and_a_full_disk_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let state = Arc::new(Memory::default());
    let mut house = start(dir.path(), "*.log", &state);
    let lines = house.lines().await;
    assert!(
        matches!(lines.failed, Some(promise::Cause::Failed { .. })),
        "{:?}",
        lines.failed
    );
    append(&dir.path().join("a.log"), &line(1));
    let mut tries = 0;
    loop {
        let lines = house.lines.recv().await.unwrap();
        let ack = lines.ack.as_ref().unwrap();
        if lines.records.is_empty() {
            ack.try_send(Ok(())).unwrap();
            continue;
        }
        assert_eq!(numbers(std::slice::from_ref(&lines)), [1]);
        tries += 1;
        if tries == 2 {
            ack.try_send(Ok(())).unwrap();
            break;
        }
        ack.try_send(Err("no space left".to_owned())).unwrap();
    }
}
