//! Personal values: committed to in the entry, kept beside it, and erased without a hash changing.

use std::{collections::BTreeSet, fs, path::Path};

use ledger::{Ledger, NewEntry, Proof, VerifyError, erased, personal, personal_words, prove};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{ORIGIN, append, check, copy, files};

fn deed(who: &str, from: &str) -> NewEntry {
    NewEntry {
        at: "2026-11-22T00:00:00Z".into(),
        kind: "deed".into(),
        about: "log_in".into(),
        body: json!({ "user": personal(who), "from": [personal(from)], "done": true }),
    }
}

fn erasure(fields: u64) -> NewEntry {
    NewEntry {
        at: "2026-11-23T00:00:00Z".into(),
        kind: ledger::ERASED.into(),
        about: String::new(),
        body: json!({ "fields": fields, "reason": "asked by the person" }),
    }
}

/// Whether any file of the ledger holds these bytes.
fn holds(dir: &Path, text: &str) -> bool {
    files(dir).iter().any(|path| {
        let bytes = fs::read(path).unwrap();
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    })
}

#[test]
fn a_sentence_goes_with_whoever_stands_in_it_and_with_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    let notes = [
        "told Ito at noon",
        "Itoh was there",
        "佐藤さんに連絡した",
        "nobody was told",
    ];
    let note = |text: &&str| NewEntry {
        body: json!({ "text": personal_words(text), "who": personal("Ito") }),
        ..deed("", "")
    };
    ledger.append(notes.iter().map(note).collect()).unwrap();
    assert_eq!(ledger.entry(0).unwrap().body["text"], notes[0]);
    // One sentence, and four fields that are the name itself.
    assert_eq!(ledger.erase("Ito", erasure).unwrap().unwrap().0, 5);
    assert_eq!(ledger.erase("佐藤", erasure).unwrap().unwrap().0, 1);
    assert_eq!(
        ledger.erase("o", erasure).unwrap(),
        None,
        "a letter is no name"
    );
    let texts = (0..4).map(|n| ledger.entry(n).unwrap().body["text"].clone());
    let expected = [erased(), json!(notes[1]), erased(), json!(notes[3])];
    assert_eq!(texts.collect::<Vec<_>>(), expected);
    drop(ledger);
    assert!(!holds(dir.path(), "noon") && !holds(dir.path(), "佐藤"));
    check(dir.path()).unwrap();
}

#[test]
fn a_value_is_read_until_it_is_erased_and_proofs_hold_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    ledger
        .append(vec![
            deed("佐藤 花子", "192.0.2.7"),
            deed("Ito", "192.0.2.7"),
        ])
        .unwrap();
    ledger.append(vec![deed("佐藤 花子", "192.0.2.8")]).unwrap();
    assert_eq!(ledger.entry(0).unwrap().body["user"], "佐藤 花子");
    let before: Vec<_> = (0..3).map(|n| ledger.leaf_hash(n).unwrap()).collect();
    assert_ne!(before[0], before[2]);

    assert_eq!(
        ledger.erase("佐藤", erasure).unwrap(),
        None,
        "only the whole value"
    );
    let (fields, entry) = ledger.erase("佐藤 花子", erasure).unwrap().unwrap();
    assert_eq!((fields, entry), (2, 3));
    assert_eq!(
        ledger.entry(0).unwrap().body,
        json!({ "user": erased(), "from": ["192.0.2.7"], "done": true })
    );
    assert_eq!(ledger.entry(1).unwrap().body["user"], "Ito");
    assert_eq!(ledger.erase("佐藤 花子", erasure).unwrap(), None);
    drop(ledger);
    assert!(!holds(dir.path(), "佐藤"), "nothing of it is left");

    let found = check(dir.path()).unwrap();
    assert_eq!(
        (
            found.personal.held,
            found.personal.gone,
            found.personal.erased
        ),
        (4, 2, 2)
    );
    let key = fs::read_to_string(dir.path().join("key.pub")).unwrap();
    let text = prove(dir.path(), 0).unwrap().unwrap().to_string();
    Proof::parse(&text)
        .unwrap()
        .verify(key.trim(), &[])
        .unwrap();
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    let after: Vec<_> = (0..3).map(|n| ledger.leaf_hash(n).unwrap()).collect();
    assert_eq!(before, after);
}

#[test]
fn a_value_that_vanishes_or_is_changed_without_an_entry_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    ledger
        .append(vec![deed("Sato", "192.0.2.7"), deed("Ito", "192.0.2.8")])
        .unwrap();
    append_more(&ledger);
    drop(ledger);
    let beside = dir.path().join("personal/0000000000");
    let whole = fs::read_to_string(&beside).unwrap();
    let without: String = whole
        .lines()
        .skip(1)
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(&beside, without).unwrap();
    let error = check(dir.path()).unwrap_err();
    assert!(
        matches!(error, VerifyError::Vanished { gone: 1, erased: 0 }),
        "{error}"
    );

    fs::write(&beside, whole.replace("Sato", "Kato")).unwrap();
    assert_eq!(check(dir.path()).unwrap_err().first_bad(), Some(0));
    fs::write(&beside, &whole).unwrap();
    check(dir.path()).unwrap();

    // An auditor may get a copy without any of them.
    let given = tempfile::tempdir().unwrap();
    copy(dir.path(), given.path());
    fs::remove_dir_all(given.path().join("personal")).unwrap();
    let found = check(given.path()).unwrap().personal;
    assert_eq!((found.held, found.gone), (0, 4));
}

fn append_more(ledger: &Ledger) {
    let size = ledger.len();
    append(ledger, size..size + 1);
}

#[test]
fn a_field_that_only_looks_like_ours_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    let hash = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    let mut entry = deed("Sato", "192.0.2.7");
    entry.body["label"] = json!({ "personal_sha256": hash });
    ledger.append(vec![entry]).unwrap();
    assert_eq!(
        ledger.entry(0).unwrap().body["label"],
        json!({ "_personal_sha256": hash })
    );
    drop(ledger);
    assert_eq!(check(dir.path()).unwrap().personal.gone, 0);
}

#[test]
fn a_line_torn_by_a_power_loss_does_not_swallow_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    ledger.append(vec![deed("Sato", "192.0.2.7")]).unwrap();
    let beside = dir.path().join("personal/0000000000");
    let mut text = fs::read(&beside).unwrap();
    text.extend(b"abcd efgh \"Kat");
    fs::write(&beside, text).unwrap();
    ledger.append(vec![deed("Ito", "192.0.2.8")]).unwrap();
    assert_eq!(ledger.entry(0).unwrap().body["user"], "Sato");
    assert_eq!(ledger.entry(1).unwrap().body["user"], "Ito");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whoever_is_erased_in_whatever_order_the_rest_stays_and_the_ledger_is_whole(
        deeds in proptest::collection::vec((0..6_usize, 0..4_usize), 1..40),
        gone in proptest::collection::vec(0..6_usize, 0..6),
    ) {
        let names = ["Sato", "佐藤 \"花子\"", "a\nb", "", "Ito", "\u{1F600} ok"];
        let dir = tempfile::tempdir().unwrap();
        let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
        let address = |n: usize| format!("192.0.2.{n}");
        for (name, from) in &deeds {
            ledger.append(vec![deed(names[*name], &address(*from))]).unwrap();
        }
        let roots: Vec<_> = (0..deeds.len() as u64).map(|n| ledger.leaf_hash(n).unwrap()).collect();
        // Each leaf is another, even of the same deed: nobody can tell who did two of them.
        prop_assert_eq!(roots.iter().collect::<BTreeSet<_>>().len(), roots.len());
        let mut expected = 0;
        let once: BTreeSet<usize> = gone.iter().copied().collect();
        for who in &gone {
            ledger.erase(names[*who], erasure).unwrap();
        }
        for (n, (name, from)) in (0..).zip(&deeds) {
            let body = ledger.entry(n).unwrap().body;
            let is_gone = once.contains(name);
            expected += u64::from(is_gone);
            let shown = if is_gone { erased() } else { Value::from(names[*name]) };
            prop_assert_eq!(&body["user"], &shown);
            prop_assert_eq!(&body["from"][0], &Value::from(address(*from)));
            prop_assert_eq!(ledger.leaf_hash(n).unwrap(), roots[usize::try_from(n).unwrap()]);
        }
        drop(ledger);
        let found = check(dir.path()).unwrap().personal;
        prop_assert_eq!((found.gone, found.erased), (expected, expected));
        prop_assert_eq!(found.held, 2 * deeds.len() as u64 - expected);
    }
}
