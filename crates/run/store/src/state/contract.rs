//! What every state store must do, whatever engine lies beneath. Panics where one does not.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use std::sync::Arc;

use super::{StateStore, Write, Written};

fn put(key: &str, value: &str) -> Write {
    Write::Put {
        table: "t",
        key: key.to_owned(),
        value: value.as_bytes().to_vec(),
    }
}

fn expect(key: &str, value: Option<&str>) -> Write {
    Write::Expect {
        table: "t",
        key: key.to_owned(),
        value: value.map(|v| v.as_bytes().to_vec()),
    }
}

/// Runs the suite; `make` gives an empty store each time.
pub async fn contract(make: impl AsyncFn() -> Arc<dyn StateStore>) {
    holds_what_was_put(&*make().await).await;
    scans_by_prefix(&*make().await).await;
    applies_all_or_nothing(&*make().await).await;
    lets_one_of_many_win(make().await).await;
}

async fn holds_what_was_put(store: &dyn StateStore) {
    assert_eq!(
        store.get("t", "a").await.unwrap(),
        None,
        "a table that was never written is empty"
    );
    assert_eq!(store.write(vec![]).await.unwrap(), Written::Done);
    store
        .write(vec![put("a", "1"), put("b", "")])
        .await
        .unwrap();
    store.write(vec![put("a", "2")]).await.unwrap();
    assert_eq!(
        store.get("t", "a").await.unwrap().as_deref(),
        Some(&b"2"[..])
    );
    assert_eq!(
        store.get("t", "b").await.unwrap().as_deref(),
        Some(&b""[..])
    );
    assert_eq!(store.get("other", "a").await.unwrap(), None);
    let delete = |key: &str| Write::Delete {
        table: "t",
        key: key.to_owned(),
    };
    store
        .write(vec![delete("a"), delete("never there")])
        .await
        .unwrap();
    assert_eq!(store.get("t", "a").await.unwrap(), None);
}

async fn scans_by_prefix(store: &dyn StateStore) {
    assert!(store.scan("t", "", 10).await.unwrap().is_empty());
    store
        .write(
            ["b/2", "a/1", "b/1", "b/10", "c", "手形/1"]
                .map(|key| put(key, key))
                .to_vec(),
        )
        .await
        .unwrap();
    let keys = async |prefix: &str, limit| -> Vec<String> {
        store
            .scan("t", prefix, limit)
            .await
            .unwrap()
            .into_iter()
            .map(|(key, _)| key)
            .collect()
    };
    assert_eq!(keys("b/", 10).await, ["b/1", "b/10", "b/2"]);
    assert_eq!(keys("b/", 2).await, ["b/1", "b/10"]);
    assert_eq!(keys("手", 9).await, ["手形/1"]);
    assert_eq!(keys("", 99).await.len(), 6);
    assert!(keys("b", 0).await.is_empty());
}

async fn applies_all_or_nothing(store: &dyn StateStore) {
    let first = store
        .write(vec![expect("a", None), put("a", "1"), put("b", "1")])
        .await
        .unwrap();
    assert_eq!(first, Written::Done);
    let again = store
        .write(vec![put("b", "2"), put("c", "2"), expect("a", None)])
        .await
        .unwrap();
    assert_eq!(again, Written::Conflict);
    assert_eq!(
        store.get("t", "b").await.unwrap().as_deref(),
        Some(&b"1"[..])
    );
    assert_eq!(store.get("t", "c").await.unwrap(), None);
    let next = store
        .write(vec![put("a", "2"), expect("a", Some("1"))])
        .await
        .unwrap();
    assert_eq!(
        next,
        Written::Done,
        "an expectation speaks of what was there before the list"
    );
    assert_eq!(
        store.get("t", "a").await.unwrap().as_deref(),
        Some(&b"2"[..])
    );
}

async fn lets_one_of_many_win(store: Arc<dyn StateStore>) {
    let mut racers = Vec::new();
    for racer in 0..16 {
        let store = store.clone();
        let value = racer.to_string();
        racers.push(tokio::spawn(async move {
            store
                .write(vec![expect("lease", None), put("lease", &value)])
                .await
                .map(|w| (value, w))
        }));
    }
    let mut winners = Vec::new();
    for racer in racers {
        let (value, written) = racer.await.unwrap().unwrap();
        if written == Written::Done {
            winners.push(value);
        }
    }
    assert_eq!(winners.len(), 1, "{winners:?} all hold the lease");
    assert_eq!(
        store.get("t", "lease").await.unwrap().as_deref(),
        Some(winners[0].as_bytes())
    );
}
