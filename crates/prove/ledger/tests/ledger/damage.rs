//! What `verify` says of a ledger that somebody or something has changed.

use std::{fs, io::Write, path::Path};

use ledger::{Entry, Error, Expect, Hash, Ledger, VerifyError, verify};

use crate::{ORIGIN, append, check, copy, entry, files, ledger_of};

/// Two full bundles and a tail of eight.
const SIZE: u64 = 520;

/// Where in a sequence of length-prefixed entries a byte belongs.
fn owner(bundle: &[u8], at: usize, first: u64) -> u64 {
    let (mut start, mut index) = (0, first);
    loop {
        let end = start + 2 + usize::from(u16::from_be_bytes([bundle[start], bundle[start + 1]]));
        if at < end {
            return index;
        }
        (start, index) = (end, index + 1);
    }
}

/// The number of the tile or partial tile at `path`.
fn first_of(path: &Path) -> u64 {
    let text = path.to_str().unwrap();
    let number = text.split(".p").next().unwrap().rsplit('/').next().unwrap();
    number.parse::<u64>().unwrap() * 256
}

/// Flips a bit of every `step`-th byte of every file. Returns how many flips were noticed, and how many of them
/// lay in an entry or a hash, and were named.
fn flip(dir: &Path, step: usize) -> (usize, usize) {
    let (mut flips, mut named) = (0, 0);
    for path in files(dir) {
        let original = fs::read(&path).unwrap();
        let text = path.to_str().unwrap().to_owned();
        for at in (0..original.len()).step_by(step) {
            let mut changed = original.clone();
            changed[at] ^= 1 << (at % 8);
            fs::write(&path, &changed).unwrap();
            let error = check(dir).expect_err(&format!("{text}: byte {at} was flipped unseen"));
            let expected = if text.contains("tile/entries") {
                Some(owner(&original, at, first_of(&path)))
            } else if text.contains("tile/0/") {
                Some(first_of(&path) + at as u64 / 32)
            } else if text.contains("tile/1/") {
                Some(at as u64 / 32 * 256)
            } else {
                None
            };
            if let Some(expected) = expected {
                assert_eq!(
                    error.first_bad(),
                    Some(expected),
                    "{text}: byte {at}: {error}"
                );
                named += 1;
            }
            flips += 1;
        }
        fs::write(&path, &original).unwrap();
    }
    check(dir).unwrap();
    (flips, named)
}

#[test]
fn a_flip_of_any_byte_is_noticed_and_the_entry_it_belongs_to_is_named() {
    let dir = ledger_of(8);
    let (flips, named) = flip(dir.path(), 1);
    println!("{flips} flips noticed, {named} of them named their entry");
    // 8 hashes and entries of at least 80 bytes lie in partial tiles, and again in the tail.
    assert!(
        named > 8 * (32 + 80) && flips > 2 * named,
        "{flips} flips, {named} named"
    );
}

#[test]
fn flips_in_full_tiles_and_the_tiles_above_them_are_noticed_and_named() {
    let dir = ledger_of(SIZE);
    // A prime, so that every position of an entry and every bit is met.
    let (flips, named) = flip(dir.path(), 97);
    assert!(named > 500 && flips > named, "{flips} flips, {named} named");
}

#[test]
fn a_flip_in_an_entry_of_the_tail_names_it_and_the_ledger_does_not_open() {
    let dir = ledger_of(8);
    let path = dir.path().join("tail");
    let tail = fs::read(&path).unwrap();
    for index in 0..8 {
        let needle = format!("{{\"index\":{index},");
        let at = tail
            .windows(needle.len())
            .position(|window| window == needle.as_bytes())
            .unwrap()
            + 40;
        let mut changed = tail.clone();
        changed[at] ^= 1;
        fs::write(&path, changed).unwrap();
        assert_eq!(check(dir.path()).unwrap_err().first_bad(), Some(index));
        let Err(Error::Damaged(error)) = Ledger::open(dir.path(), ORIGIN) else {
            panic!("it opened")
        };
        assert_eq!(error.first_bad(), Some(index));
    }
    fs::write(&path, tail).unwrap();
    Ledger::open(dir.path(), ORIGIN).unwrap();
}

#[test]
fn swapped_entries_are_named_even_when_their_hashes_were_swapped_too() {
    let dir = ledger_of(SIZE);
    let (bundle, tile) = (
        dir.path().join("tile/entries/001"),
        dir.path().join("tile/0/001"),
    );
    let bytes = fs::read(&bundle).unwrap();
    let mut entries = Vec::new();
    let mut rest = bytes.as_slice();
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (entry, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
        entries.push(entry);
        rest = after;
    }
    entries.swap(10, 20);
    let swapped = entries
        .iter()
        .flat_map(|e| [&(e.len() as u16).to_be_bytes()[..], e].concat())
        .collect::<Vec<_>>();
    fs::write(&bundle, swapped).unwrap();
    assert_eq!(check(dir.path()).unwrap_err().first_bad(), Some(266));

    let mut hashes = fs::read(&tile).unwrap();
    for byte in 0..32 {
        hashes.swap(10 * 32 + byte, 20 * 32 + byte);
    }
    fs::write(&tile, hashes).unwrap();
    assert_eq!(check(dir.path()).unwrap_err().first_bad(), Some(266));
}

#[test]
fn entries_taken_from_the_end_are_missed_by_the_signed_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    append(&ledger, 0..3);
    let short = fs::read(dir.path().join("tail")).unwrap();
    append(&ledger, 3..9);
    drop(ledger);
    fs::write(dir.path().join("tail"), short).unwrap();
    let error = check(dir.path()).unwrap_err();
    assert_eq!(error.first_bad(), Some(3), "{error}");
    let Err(Error::Damaged(error)) = Ledger::open(dir.path(), ORIGIN) else {
        panic!("it opened")
    };
    assert_eq!(error.first_bad(), Some(3));
}

#[test]
fn a_tail_cut_anywhere_inside_what_was_signed_is_damage() {
    let dir = ledger_of(5);
    let path = dir.path().join("tail");
    let tail = fs::read(&path).unwrap();
    for length in 0..tail.len() {
        fs::write(&path, &tail[..length]).unwrap();
        assert!(check(dir.path()).is_err(), "{length} bytes passed");
        assert!(
            matches!(Ledger::open(dir.path(), ORIGIN), Err(Error::Damaged(_))),
            "{length} bytes opened"
        );
        assert_eq!(
            fs::read(&path).unwrap().len(),
            length,
            "refusing changed the tail"
        );
    }
}

#[test]
fn a_torn_commit_that_nothing_signed_covers_is_cut_and_reported() {
    let dir = ledger_of(5);
    let path = dir.path().join("tail");
    let whole = fs::read(&path).unwrap();
    for torn in [&[0_u8, 0, 1, 0, 0, 0, 0, 1, 0, 9, b'{'][..], &[0xff; 700]] {
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(torn).unwrap();
        assert_eq!(check(dir.path()).unwrap().unfinished, torn.len() as u64);
        let (ledger, opened) = Ledger::open(dir.path(), ORIGIN).unwrap();
        assert_eq!(opened.recovered.len(), 1);
        assert_eq!(ledger.len(), 5);
        drop(ledger);
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
}

#[test]
fn zeros_behind_the_last_commit_are_room_and_go_when_the_ledger_is_closed() {
    let dir = ledger_of(5);
    let path = dir.path().join("tail");
    let whole = fs::read(&path).unwrap();
    for zeros in [3, 4_096] {
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(&vec![0; zeros]).unwrap();
        assert_eq!(check(dir.path()).unwrap().unfinished, 0);
        let (ledger, opened) = Ledger::open(dir.path(), ORIGIN).unwrap();
        assert!(opened.recovered.is_empty(), "{:?}", opened.recovered);
        drop(ledger);
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
}

/// The disk may write the sectors of a commit in any order before the power goes: whichever are missing, that commit
/// alone is cut, unless another follows it.
#[test]
fn a_commit_of_which_any_sector_is_missing_is_cut_and_one_before_it_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    append(&ledger, 0..5);
    let path = dir.path().join("tail");
    let end_of = |tail: &[u8]| tail.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    // Room lies behind what is committed as long as the ledger is open.
    let (before, before_checkpoint) = {
        let tail = fs::read(&path).unwrap();
        (
            end_of(&tail),
            fs::read(dir.path().join("checkpoint")).unwrap(),
        )
    };
    append(&ledger, 5..30);
    let tail = fs::read(&path).unwrap();
    let after = end_of(&tail);
    append(&ledger, 30..40);
    let longer = fs::read(&path).unwrap();
    drop(ledger);
    let crashed = |tail: &[u8], from: usize, to: usize| {
        let other = tempfile::tempdir().unwrap();
        for name in ["key", "key.pub"] {
            fs::copy(dir.path().join(name), other.path().join(name)).unwrap();
        }
        fs::write(other.path().join("checkpoint"), &before_checkpoint).unwrap();
        let mut tail = tail.to_vec();
        tail[from..to].fill(0);
        fs::write(other.path().join("tail"), tail).unwrap();
        other
    };
    for start in (before..after).step_by(512) {
        let end = (start + 512).min(after);
        let other = crashed(&tail, start, end);
        let (ledger, opened) = Ledger::open(other.path(), ORIGIN).unwrap();
        assert_eq!(
            (ledger.len(), opened.recovered.len()),
            (5, 1),
            "without {start}..{end}"
        );
        drop(ledger);
        check(other.path()).unwrap();

        let other = crashed(&longer, start, end);
        let Err(Error::Damaged(_)) = Ledger::open(other.path(), ORIGIN) else {
            panic!("without {start}..{end} of a commit that was acknowledged it opened")
        };
    }
}

#[test]
fn a_ledger_rewritten_with_another_key_is_not_the_one_whose_key_was_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    let vkey = ledger.verifier();
    append(&ledger, 0..9);
    drop(ledger);
    let kept = Expect {
        vkey: Some(&vkey),
        checkpoint: None,
    };
    verify(dir.path(), &kept).unwrap();

    let forged = ledger_of(9);
    check(forged.path()).unwrap();
    assert!(matches!(
        verify(forged.path(), &kept),
        Err(VerifyError::OtherKey { .. })
    ));
    fs::remove_file(forged.path().join("key.pub")).unwrap();
    assert!(matches!(
        verify(forged.path(), &kept),
        Err(VerifyError::Checkpoint { .. })
    ));
    // What an auditor gets has no private key, and needs none.
    fs::remove_file(dir.path().join("key")).unwrap();
    verify(dir.path(), &kept).unwrap();
}

#[test]
fn a_checkpoint_kept_elsewhere_shows_a_rollback_and_a_rewrite_by_the_holder_of_the_key() {
    let dir = tempfile::tempdir().unwrap();
    let early = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    append(&ledger, 0..300);
    let older = ledger.checkpoint().note;
    drop(ledger);
    copy(dir.path(), early.path());
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    append(&ledger, 300..700);
    let newer = ledger.checkpoint().note;
    drop(ledger);
    let with = |dir: &Path, note: &str| {
        verify(
            dir,
            &Expect {
                vkey: None,
                checkpoint: Some(note),
            },
        )
    };
    assert_eq!(with(dir.path(), &older).unwrap().size, 700);
    assert_eq!(with(dir.path(), &newer).unwrap().size, 700);
    assert!(matches!(
        with(early.path(), &newer),
        Err(VerifyError::RolledBack {
            size: 300,
            signed: 700
        })
    ));

    // The holder of the key writes another history of the same length.
    let other = tempfile::tempdir().unwrap();
    for name in ["key", "key.pub"] {
        fs::copy(dir.path().join(name), other.path().join(name)).unwrap();
    }
    let (ledger, _) = Ledger::open(other.path(), ORIGIN).unwrap();
    for n in 0..700 {
        let mut forged = entry(n);
        forged.about = "nothing happened".to_owned();
        if n % 100 == 0 {
            ledger
                .append((n..n + 100).map(|_| forged.clone()).collect())
                .unwrap();
        }
    }
    drop(ledger);
    assert_eq!(check(other.path()).unwrap().size, 700);
    assert!(matches!(
        with(other.path(), &older),
        Err(VerifyError::Rewritten { signed: 300, .. })
    ));
}

#[test]
fn a_deleted_file_is_missed() {
    let dir = ledger_of(SIZE);
    for path in files(dir.path()) {
        let name = path
            .strip_prefix(dir.path())
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        if ["lock", "key"].contains(&name.as_str()) {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(check(dir.path()).is_err(), "{name} was not missed");
        fs::write(&path, bytes).unwrap();
    }
    check(dir.path()).unwrap();
}

#[test]
fn reading_a_changed_entry_says_so() {
    let dir = ledger_of(SIZE);
    let path = dir.path().join("tile/entries/000");
    let mut bytes = fs::read(&path).unwrap();
    bytes[30] ^= 1;
    fs::write(&path, bytes).unwrap();
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    assert!(
        matches!(ledger.entry(200), Err(Error::Damaged(error)) if error.first_bad() == Some(0))
    );
    let read: Entry = ledger.entry(300).unwrap();
    assert_eq!(read.index, 300);
    assert_ne!(ledger.leaf_hash(300).unwrap(), Hash::empty());
}
