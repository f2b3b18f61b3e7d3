//! A witness elsewhere, asked as C2SP tlog-witness says: what continues is cosigned, and nothing else.

use ledger::{
    CosignError, Cosigner, Ledger, Proof, cosign_request, cosigned, prove_at, take_cosignature,
};

use crate::{ORIGIN, append};

const NAME: &str = "witness.example/w1";

struct Pair {
    ledger: Ledger,
    witness: Cosigner,
    dir: tempfile::TempDir,
    folder: tempfile::TempDir,
}

fn pair(size: u64) -> Pair {
    let (dir, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    append(&ledger, 0..size);
    let witness = Cosigner::open(folder.path(), NAME, &ledger.verifier()).unwrap();
    Pair {
        ledger,
        witness,
        dir,
        folder,
    }
}

impl Pair {
    fn request(&self, old: u64) -> (String, String) {
        let now = self.ledger.checkpoint();
        let proof = self.ledger.consistency(old, now.size).unwrap();
        (cosign_request(old, &proof, &now.note), now.note)
    }
}

#[test]
fn a_ledger_that_grows_is_cosigned_again_and_again_and_a_proof_bears_it() {
    let pair = pair(300);
    let (request, note) = pair.request(0);
    assert!(request.starts_with("old 0\n\nledger.example/test\n300\n"));
    let answer = pair.witness.add(&request, 1_700_000_000).unwrap();
    let vkey = pair.witness.vkey();
    let (with, at) = take_cosignature(&note, &answer, &vkey).unwrap();
    assert_eq!(
        (at, cosigned(&with, &vkey)),
        (1_700_000_000, Ok(1_700_000_000))
    );
    append(&pair.ledger, 300..700);
    let (request, note) = pair.request(300);
    let answer = pair.witness.add(&request, 1_700_003_600).unwrap();
    let (newer, _) = take_cosignature(&note, &answer, &vkey).unwrap();
    // Again without anything new: the same tree, a newer time.
    let (request, note) = pair.request(700);
    let answer = pair.witness.add(&request, 1_700_007_200).unwrap();
    assert_eq!(
        take_cosignature(&note, &answer, &vkey).unwrap().1,
        1_700_007_200
    );

    let Pair { ledger, dir, .. } = pair;
    let key = ledger.verifier();
    drop(ledger);
    let proof = prove_at(dir.path(), 512, &newer)
        .unwrap()
        .unwrap()
        .to_string();
    let proof = Proof::parse(&proof).unwrap();
    assert_eq!(proof.verify(&key, &[&vkey]).unwrap().0.index, 512);
    assert_eq!(
        prove_at(dir.path(), 512, &with).unwrap(),
        None,
        "that one is older"
    );
}

#[test]
fn each_refusal_has_the_status_that_the_protocol_gives_it() {
    let pair = pair(300);
    let (first, note) = pair.request(0);
    pair.witness.add(&first, 1).unwrap();
    let status = |request: &str| pair.witness.add(request, 2).map_err(|error| error.status());
    // It has moved on; it says how far.
    assert!(matches!(
        pair.witness.add(&first, 2),
        Err(CosignError::Stale(300))
    ));
    assert_eq!(status("old 300\n"), Err(400));
    assert_eq!(status(&first.replace("old 0", "old 00")), Err(400));
    assert_eq!(status(&first.replace("old 0", "old 301")), Err(400));
    assert_eq!(
        status(&format!("old 300\n{}\n{note}", "AAAA\n".repeat(64))),
        Err(400)
    );
    assert_eq!(
        status(&first.replace("ledger.example/test\n", "other.example\n")),
        Err(404)
    );
    assert_eq!(status(&first.replace("\n300\n", "\n301\n")), Err(403));
    // A proof that proves nothing.
    append(&pair.ledger, 300..600);
    let (grown, _) = pair.request(300);
    let broken = grown.replacen(&grown[8..20], "AAAAAAAAAAAA", 1);
    assert_eq!(status(&broken), Err(422));
    assert_eq!(
        status(&grown),
        Ok(pair.witness.add(&pair.request(600).0, 2).unwrap())
    );
}

#[test]
fn a_rewrite_by_the_holder_of_the_key_is_refused() {
    let real = pair(300);
    real.witness.add(&real.request(0).0, 1).unwrap();
    let other = tempfile::tempdir().unwrap();
    for name in ["key", "key.pub"] {
        std::fs::copy(real.dir.path().join(name), other.path().join(name)).unwrap();
    }
    let (forged, _) = Ledger::open(other.path(), ORIGIN).unwrap();
    let shifted: Vec<_> = (1..=900).map(crate::entry).collect();
    let ask = |old| {
        let now = forged.checkpoint();
        let proof = forged.consistency(old, now.size).unwrap();
        real.witness.add(&cosign_request(old, &proof, &now.note), 2)
    };
    forged.append(shifted[..300].to_vec()).unwrap();
    assert!(matches!(ask(300), Err(CosignError::Forked(300))));
    forged.append(shifted[300..].to_vec()).unwrap();
    assert!(matches!(ask(300), Err(CosignError::Unproven(300))));
    assert!(matches!(ask(0), Err(CosignError::Stale(300))));
    // What it remembers outlives it, and a memory that is damaged is not an empty one.
    let vkey = real.ledger.verifier();
    let again = Cosigner::open(real.folder.path(), NAME, &vkey).unwrap();
    assert!(matches!(
        again.add(&real.request(0).0, 2),
        Err(CosignError::Stale(300))
    ));
    std::fs::write(real.folder.path().join("checkpoint"), "nothing\n").unwrap();
    assert_eq!(
        again
            .add(&real.request(0).0, 2)
            .map_err(|error| error.status()),
        Err(500)
    );
}

#[test]
fn an_answer_of_somebody_else_is_no_cosignature() {
    let (ours, theirs) = (pair(9), pair(10));
    let (request, note) = ours.request(0);
    let answer = ours.witness.add(&request, 5).unwrap();
    let vkey = ours.witness.vkey();
    assert!(take_cosignature(&note, &answer, &theirs.witness.vkey()).is_err());
    assert!(take_cosignature(&note, "", &vkey).is_err());
    assert!(take_cosignature(&note, "\u{2014} witness.example/w1 AAAA\n", &vkey).is_err());
    assert!(
        take_cosignature(&theirs.request(0).1, &answer, &vkey).is_err(),
        "another checkpoint"
    );
}
