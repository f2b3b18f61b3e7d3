//! Files that grow, are rotated, cut and renamed: every line once, also over a restart.

use std::{collections::BTreeSet, fs, io::Write as _, path::Path, sync::Arc};

use promise::unit::Bytes;
use spec::section::source::{LogFormat, Logs, Sources};
use store::{Lines, StateStore};

use crate::house::{House, Memory, WallClock, value};

fn logs(pattern: &str) -> Sources {
    let logs = Logs {
        stream: "app".to_owned(),
        files: vec![pattern.to_owned()],
        format: LogFormat::Json,
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
        .flat_map(|lines| lines.records.iter())
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
    let plain = rest
        .iter()
        .flat_map(|lines| lines.records.iter())
        .last()
        .unwrap();
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
        after
            .iter()
            .flat_map(|l| l.records.iter())
            .next()
            .unwrap()
            .id,
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
            .flat_map(|lines| lines.records.iter())
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

fn packed(text: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

/// As a program that packs old files does it: whole under its name at once.
fn put(path: &Path, bytes: &[u8]) {
    let new = path.with_extension("new");
    fs::write(&new, bytes).unwrap();
    fs::rename(&new, path).unwrap();
}

#[tokio::test]
async fn a_file_that_was_packed_meanwhile_is_read_on_where_it_had_ended() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("app.log");
    append(&file, &(line(1) + &line(2)));
    let state = Arc::new(Memory::default());
    let mut house = start(dir.path(), "app.log*", &state);
    let before = take(&mut house, &state, 2).await;
    house.end().await;
    // While we did not run two lines came, and the file was packed.
    let all: String = (1..=4).map(line).collect();
    put(&dir.path().join("app.log.1.gz"), &packed(&all));
    fs::remove_file(&file).unwrap();
    let mut house = start(dir.path(), "app.log*", &state);
    let after = take(&mut house, &state, 2).await;
    assert_eq!(numbers(&after), [3, 4]);
    house.end().await;
    // It is not read again; what was never seen is read whole.
    put(
        &dir.path().join("app.log.2.gz"),
        &packed(&(line(9) + &line(8))),
    );
    let mut house = start(dir.path(), "app.log*", &state);
    let rest = take(&mut house, &state, 2).await;
    assert_eq!(numbers(&rest), [9, 8]);
    let ids = |all: &[Lines]| -> BTreeSet<u128> {
        let records = all.iter().flat_map(|lines| lines.records.iter());
        records.map(|record| record.id).collect()
    };
    assert_eq!([before, after, rest].map(|all| ids(&all).len()), [2, 2, 2]);
}

#[tokio::test]
async fn a_packed_file_that_is_not_whole_yet_is_read_on_once_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log.gz");
    let all: String = (1..=200).map(line).collect();
    let bytes = packed(&all);
    fs::write(&path, &bytes[..bytes.len() - 12]).unwrap();
    let state = Arc::new(Memory::default());
    let mut house = start(dir.path(), "*.gz", &state);
    let first = house.lines().await;
    append_bytes(&path, &bytes[bytes.len() - 12..]);
    let mut found = numbers(&[first]);
    let rest = take(&mut house, &state, 200 - found.len()).await;
    found.extend(numbers(&rest));
    assert_eq!(found, (1..=200).collect::<Vec<u64>>());
}

fn append_bytes(path: &Path, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

#[tokio::test]
async fn the_files_of_aws_become_records() {
    let trail = r#"{"Records":[{"eventTime":"2023-07-19T21:17:28Z","eventName":"StartInstances",
        "requestParameters":{"password":"x"}},{"eventTime":"2023-07-19T21:17:29Z","eventName":"StopInstances"}]}"#;
    let trail = trail.replace('\n', "");
    let flows =
        "version srcaddr dstport start action\n3 10.0.0.1 22 1418530010 REJECT\nnot a flow\n";
    let entry = "http 2018-07-02T22:23:00.186641Z app/lb/1 192.168.131.39:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 \
         \"GET http://example.com/?card=4242424242424242 HTTP/1.1\" \"curl/7.46.0\" - -\n";
    for (format, name, bytes, fields) in [
        (
            LogFormat::Cloudtrail,
            "a.json.gz",
            packed(&trail),
            vec![
                ("eventName", "StartInstances"),
                ("eventName", "StopInstances"),
            ],
        ),
        (
            LogFormat::VpcFlow,
            "b.log.gz",
            packed(flows),
            vec![("action", "REJECT")],
        ),
        (
            LogFormat::Alb,
            "c.log",
            entry.as_bytes().to_vec(),
            vec![(
                "request",
                "GET http://example.com/?card=[redacted:pan] HTTP/1.1",
            )],
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(name), bytes).unwrap();
        let mut sources = logs("*");
        for one in sources.logs.values_mut() {
            one.format = format;
            one.line_max = Bytes(1_000);
        }
        let state = Arc::new(Memory::default());
        let mut house = House::over(&sources, dir.path(), state.clone(), Arc::new(WallClock));
        let lines = take(&mut house, &state, fields.len()).await;
        let records: Vec<_> = lines
            .iter()
            .flat_map(|lines| lines.records.iter())
            .collect();
        for (record, (name, value)) in records.iter().zip(fields) {
            assert_eq!(record.fields[name], value);
            assert!(
                record.at.as_millis() < 1_700_000_000_000,
                "its own time counts"
            );
        }
    }
}
