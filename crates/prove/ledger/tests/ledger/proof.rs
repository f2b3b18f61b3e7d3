//! Proofs in one file, and witnesses.

use std::fs;

use ledger::{
    Error, Hash, Proof, ProofError, VerifyError, cosigned,
    merkle::{Nodes, inclusion_proof, range_root},
    prove, verify_inclusion, witness,
};

use crate::{append, copy, ledger_of};

fn vkey(dir: &std::path::Path) -> String {
    fs::read_to_string(dir.join("key.pub"))
        .unwrap()
        .trim()
        .to_owned()
}

#[test]
fn each_entry_is_proven_by_one_text_and_no_other_entry_is() {
    // 600 entries: two whole tiles and a part of one.
    let dir = ledger_of(600);
    let vkey = vkey(dir.path());
    for index in [0, 1, 255, 256, 511, 599] {
        let proof = prove(dir.path(), index).unwrap().unwrap();
        let text = proof.to_string();
        let read = Proof::parse(&text).unwrap();
        assert_eq!(read, proof);
        let (entry, checkpoint) = read.verify(&vkey, &[]).unwrap();
        assert_eq!((entry.index, checkpoint.size), (index, 600));
        // A level for each doubling: 2^10 is the first power of two above 600.
        assert!(read.hashes.len() <= 10);

        let mut other = read.clone();
        other.index = (index + 1) % 600;
        assert_eq!(other.verify(&vkey, &[]), Err(ProofError::NotIncluded));
        let mut changed = read.clone();
        changed.line[9] ^= 1;
        assert_eq!(changed.verify(&vkey, &[]), Err(ProofError::NotIncluded));
        let mut resigned = read;
        resigned.checkpoint = resigned.checkpoint.replace("\n600\n", "\n601\n");
        assert!(matches!(
            resigned.verify(&vkey, &[]),
            Err(ProofError::Checkpoint(_))
        ));
    }
    assert_eq!(prove(dir.path(), 600).unwrap(), None);
    let text = prove(dir.path(), 7).unwrap().unwrap().to_string();
    for cut in (0..text.len()).step_by(37) {
        // Nothing that was cut is a proof, and nothing panics.
        let cut = text.get(..cut).and_then(|text| Proof::parse(text).ok());
        assert!(cut.is_none_or(|proof| proof.verify(&vkey, &[]).is_err()));
    }
}

#[test]
fn a_witness_cosigns_what_continues_what_it_saw_and_nothing_else() {
    let dir = ledger_of(10);
    let log = vkey(dir.path());
    let (kept, before) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    copy(dir.path(), before.path());
    let see = |dir: &std::path::Path, now| witness(dir, &log, kept.path(), "witness.example", now);
    let first = see(dir.path(), 1_700_000_000).unwrap();
    assert_eq!(cosigned(&first.note, &first.vkey), Ok(1_700_000_000));

    let (ledger, _) = ledger::Ledger::open(dir.path(), super::ORIGIN).unwrap();
    append_from(&ledger, 10..300);
    drop(ledger);
    let second = see(dir.path(), 1_700_003_600).unwrap();
    assert_eq!(
        (second.verified.size, second.vkey == first.vkey),
        (300, true)
    );
    let mut proof = prove(dir.path(), 42).unwrap().unwrap();
    let without = proof.verify(&log, &[&second.vkey]);
    assert!(matches!(without, Err(ProofError::Witness { .. })));
    proof.checkpoint = second.note.clone();
    assert_eq!(proof.verify(&log, &[&second.vkey]).unwrap().0.index, 42);

    // The same key, and another history behind the same beginning: only who saw the first one can tell.
    let (fork, _) = ledger::Ledger::open(before.path(), super::ORIGIN).unwrap();
    append_from(&fork, 11..320);
    drop(fork);
    assert!(ledger::verify(before.path(), &ledger::Expect::default()).is_ok());
    let refused = see(before.path(), 1_700_007_200).unwrap_err();
    assert!(
        matches!(refused, Error::Damaged(VerifyError::Rewritten { .. })),
        "{refused}"
    );
    // Nor does it cosign a ledger that was cut back.
    let short = ledger_of(5);
    assert!(see(short.path(), 1_700_007_200).is_err());
    let still = fs::read_to_string(kept.path().join("checkpoint")).unwrap();
    assert_eq!(still, second.note);
}

/// A tree of as many equal entries as one likes: each complete subtree of a height has the same root.
struct Same(Vec<Hash>);

impl Same {
    fn new() -> Self {
        let leaf = Hash::leaf(b"the same");
        let above = |below: &Hash| Some(Hash::node(below, below));
        Self(std::iter::successors(Some(leaf), above).take(64).collect())
    }
}

impl Nodes for Same {
    type Error = std::convert::Infallible;
    fn node(&mut self, height: u32, _: u64) -> Result<Hash, Self::Error> {
        Ok(self.0[height as usize])
    }
}

fn append_from(ledger: &ledger::Ledger, range: std::ops::Range<u64>) {
    for n in range {
        ledger.append(vec![super::entry(n)]).unwrap();
    }
}

#[test]
fn a_proof_stays_small_however_long_the_ledger_is() {
    // One hash a level: 2^29 < 10^9 < 2^30, so thirty of 32 bytes each.
    let (index, size) = (123_456_789, 1_000_000_000);
    let mut tree = Same::new();
    let root = range_root(&mut tree, 0, size).unwrap();
    let proof = inclusion_proof(&mut tree, index, size).unwrap();
    assert_eq!(proof.len() * 32, 960);
    assert!(verify_inclusion(index, size, &tree.0[0], &proof, &root));
    let dir = ledger_of(0);
    let (ledger, _) = ledger::Ledger::open(dir.path(), super::ORIGIN).unwrap();
    append(&ledger, 0..1_024);
    assert_eq!(ledger.inclusion(77, 1_024).unwrap().len(), 10);
}
