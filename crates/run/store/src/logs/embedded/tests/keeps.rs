//! What goes and what stays: deleting, holding, merging; and what comes back as it was.

use super::*;

async fn delete(store: &EmbeddedLogs, query: &str) -> Deleted {
    let deletion = Deletion {
        query: LogQuery::parse(query).unwrap(),
        from: Timestamp::from_millis(i64::MIN),
        to: Timestamp::from_millis(i64::MAX),
    };
    store.delete(&deletion).await.unwrap()
}

#[tokio::test]
async fn what_is_deleted_is_gone_at_once_and_stays_gone_but_what_is_held_stays() {
    let dir = tempfile::tempdir().unwrap();
    let hold = Hold {
        name: "case 7".into(),
        stream: "b*".into(),
        from: Timestamp::from_millis(10),
        to: Timestamp::from_millis(19),
    };
    {
        let store = EmbeddedLogs::open(dir.path()).unwrap();
        for stream in ["a", "bb"] {
            let first = if stream == "a" { 0 } else { 100 };
            store
                .append(
                    (0..50)
                        .map(|n| record(first + n, i64::from(n), stream))
                        .collect(),
                )
                .await
                .unwrap();
        }
        store.hold(hold.clone()).await.unwrap();
        // Of `n` from 5 to 14 in `a` all ten; of 105 to 114 in `bb` the five whose times are 10 to 14 are held.
        let deleted = delete(&store, "n:[5 TO 14] OR n:[105 TO 114]").await;
        assert_eq!(
            (deleted.records, deleted.held, deleted.parts.len()),
            (15, 5, 2)
        );
        assert_eq!(
            deleted.by_stream,
            [("a".to_owned(), 10), ("bb".to_owned(), 5)].into()
        );
        assert_eq!(
            ids(&store, "a").await,
            (0..5).chain(15..50).collect::<Vec<_>>()
        );
        assert_eq!(
            delete(&store, "n:[5 TO 14]").await,
            Deleted::default(),
            "there is nothing left to delete"
        );
    }
    let store = EmbeddedLogs::open(dir.path()).unwrap();
    assert_eq!(
        ids(&store, "bb").await,
        (100..105).chain(110..150).collect::<Vec<_>>()
    );
    assert_eq!(store.holds().await.unwrap(), [hold]);
    let old = Timestamp::from_millis(10 * 24 * HOUR);
    assert_eq!(
        store.retain("bb", Duration::ZERO, old).await.unwrap(),
        0,
        "held"
    );
    assert!(store.release("case 7").await.unwrap() && !store.release("case 7").await.unwrap());
    assert!(store.retain("bb", Duration::ZERO, old).await.unwrap() > 0);
    assert!(ids(&store, "bb").await.is_empty());
}

#[tokio::test]
async fn merging_makes_one_part_of_many_and_leaves_out_what_was_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let rows: Vec<u32> = (0..40).collect();
    {
        let store = EmbeddedLogs::open_with(
            dir.path(),
            Options {
                seal_bytes: 1,
                ..eager()
            },
        )
        .unwrap();
        for n in &rows {
            store
                .append(vec![
                    record(*n, i64::from(*n), "a"),
                    record(1000 + n, 5, "b"),
                ])
                .await
                .unwrap();
        }
        assert_eq!(delete(&store, "n:7").await.records, 1);
        // The merger is at work meanwhile.
        while merge::choose(&store.shared.shelf.all()).is_some() {
            tokio::task::yield_now().await;
        }
        let seals = store.seal().await.unwrap().parts;
        // Four of a size are one, and so again: 40 parts of one row each cannot stay more than 3 of each size.
        assert!(seals.len() < 20, "{}", seals.len());
        assert_eq!(seals.iter().map(|seal| seal.records).sum::<u64>(), 79);
        assert!(seals.iter().all(|seal| seal.sha256.len() == 64));
        assert!(store.verify().await.unwrap().is_empty());
    }
    let store = EmbeddedLogs::open(dir.path()).unwrap();
    assert_eq!(
        ids(&store, "a").await,
        rows.iter().copied().filter(|n| *n != 7).collect::<Vec<_>>()
    );
    assert_eq!(ids(&store, "b").await.len(), 40);
    assert!(
        disk_names(dir.path())
            .iter()
            .all(|name| !name.ends_with(".gone")),
        "it is gone for good"
    );
    assert!(store.status().await.unwrap().recovered.is_empty());
}

#[tokio::test]
async fn a_kill_between_merging_and_removing_what_was_merged_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let keep = tempfile::tempdir().unwrap();
    {
        let store = EmbeddedLogs::open_with(
            dir.path(),
            Options {
                seal_bytes: 1,
                ..eager()
            },
        )
        .unwrap();
        for n in 0..3 {
            store
                .append(vec![record(n, i64::from(n), "a")])
                .await
                .unwrap();
        }
    }
    for name in disk_names(dir.path()) {
        fs::copy(
            dir.path().join("parts").join(&name),
            keep.path().join(&name),
        )
        .unwrap();
    }
    {
        // The fourth part of one size makes them merge.
        let store = EmbeddedLogs::open_with(
            dir.path(),
            Options {
                seal_bytes: 1,
                ..eager()
            },
        )
        .unwrap();
        store.append(vec![record(3, 3, "a")]).await.unwrap();
        let merged = || {
            disk_names(dir.path())
                .iter()
                .any(|name| name.ends_with(".merged"))
        };
        // What is merged goes when the writer is next asked and nobody reads it.
        while !merged() || store.shared.shelf.all().len() > 1 {
            tokio::task::yield_now().await;
        }
    }
    for entry in fs::read_dir(keep.path()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(
            entry.path(),
            dir.path().join("parts").join(entry.file_name()),
        )
        .unwrap();
    }
    let store = EmbeddedLogs::open(dir.path()).unwrap();
    assert_eq!(ids(&store, "a").await, [0, 1, 2, 3]);
    assert_eq!(disk_names(dir.path()).len(), 1);
}

#[tokio::test]
async fn a_record_comes_back_letter_by_letter() {
    let dir = tempfile::tempdir().unwrap();
    let texts = [
        r#"{"z":1,"a":1.0,"b":-0.0,"big":18446744073709551615,"small":-9223372036854775808,"e":1e300,"none":null,"empty":{},"list":[],"text":""}"#,
        r#"{"a.b":1,"a":{"b":2,"c":{"d":null,"e":{}},"f":[1,1.0,{"g":"\"\\\n"},[null]]},"":"no name","t":"00:00 \u0000 甲"}"#,
        "{}",
    ];
    for seal_bytes in [1, 64 << 20] {
        let store = EmbeddedLogs::open_with(
            dir.path().join(seal_bytes.to_string()),
            Options {
                seal_bytes,
                ..eager()
            },
        )
        .unwrap();
        for (n, text) in texts.iter().cycle().take(30).enumerate() {
            let fields = serde_json::from_str(text).unwrap();
            let at = Timestamp::from_millis(i64::try_from(n).unwrap());
            store
                .append(vec![Record {
                    id: n as u128,
                    at,
                    stream: "a".into(),
                    fields,
                }])
                .await
                .unwrap();
        }
        let search = Search {
            query: LogQuery::all(),
            from: Timestamp::from_millis(-1),
            to: Timestamp::from_millis(99),
            newest_first: false,
            after: None,
            limit: 99,
        };
        let found = store.search(&search).await.unwrap();
        assert_eq!(found.len(), 30);
        for (record, text) in found.iter().zip(texts.iter().cycle()) {
            let right: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(
                serde_json::to_string(&record.fields).unwrap(),
                right.to_string()
            );
        }
    }
}

#[tokio::test]
async fn what_is_too_much_for_a_record_is_refused_and_leaves_no_trace() {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedLogs::open(dir.path()).unwrap();
    let mut wide = record(1, 1, "a");
    wide.fields = (0..10_000).map(|n| (format!("f{n}"), n.into())).collect();
    let mut long = record(2, 1, "a");
    long.fields
        .insert("text".into(), "x".repeat(2 << 20).into());
    for bad in [wide, long] {
        let id = bad.id;
        let error = store
            .append(vec![record(9, 1, "a"), bad])
            .await
            .unwrap_err();
        assert!(matches!(error, Error::OverLimit { .. }), "{error}");
        let mut good = record(3, 1, "a");
        good.id = id;
        assert_eq!(
            store.append(vec![good]).await.unwrap().stored,
            1,
            "its id was not learned"
        );
    }
    assert_eq!(ids(&store, "a").await, [1, 2]);
}

#[tokio::test]
async fn a_sealed_part_that_leaves_says_why_and_one_that_is_changed_or_taken_away_cannot() {
    let dir = tempfile::tempdir().unwrap();
    let parts = dir.path().join("parts");
    let store = EmbeddedLogs::open(dir.path()).unwrap();
    let append = async |id: u32, stream: &str| {
        store
            .append(vec![record(id, i64::from(id), stream)])
            .await
            .unwrap();
        store.seal().await.unwrap()
    };
    for id in 0..3 {
        append(id, "a").await;
    }
    let sealed = append(9, "b").await;
    assert_eq!((sealed.parts.len(), sealed.departed.len()), (4, 0));
    for part in &sealed.parts {
        assert_eq!(
            holds(&parts.join(&part.name), &part.sha256).unwrap(),
            Some(true)
        );
    }
    // The fourth part of one size makes them merge.
    append(3, "a").await;
    let departed = loop {
        let sealed = store.seal().await.unwrap();
        if sealed.parts.len() == 2 {
            break sealed.departed;
        }
        tokio::task::yield_now().await;
    };
    let merged = store.seal().await.unwrap().parts;
    let into = merged.iter().find(|part| part.stream == "a").unwrap();
    assert_eq!(into.records, 4);
    let why = Why::Merged {
        into: Some(into.sha256.clone()),
    };
    let of_a: Vec<&str> = sealed
        .parts
        .iter()
        .filter(|p| p.stream == "a")
        .map(|p| &*p.sha256)
        .collect();
    assert!(
        of_a.iter()
            .all(|sum| departed.iter().any(|d| d.sha256 == *sum && d.why == why))
    );

    let old = Timestamp::from_millis(10 * 24 * HOUR);
    store.retain("b", Duration::ZERO, old).await.unwrap();
    drop(store);
    let store = EmbeddedLogs::open(dir.path()).unwrap();
    let after = store.seal().await.unwrap();
    assert_eq!(after.departed.last().unwrap().why, Why::Retention);
    let file = parts.join(&into.name);
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    assert_eq!(holds(&file, &into.sha256).unwrap(), Some(false));
    fs::remove_file(&file).unwrap();
    assert_eq!(holds(&file, &into.sha256).unwrap(), None);
}
