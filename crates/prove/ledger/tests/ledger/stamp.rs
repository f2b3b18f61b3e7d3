//! Time stamps, from a real authority: `openssl ts`, with keys of both kinds that authorities use.

use std::{fs, path::Path, process::Command};

use ledger::{Ledger, Proof, StampError, prove_at, stamp_request, stamped, stamps};

use crate::{ORIGIN, append};

const NONCE: [u8; 8] = [0xc0, 0xe9, 0x45, 0x55, 0x9f, 0x88, 0x1a, 0x6b];

/// What an authority needs: extensions of its certificates, and how it stamps.
const CONFIG: &str = "
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[tsa]
basicConstraints = critical, CA:false
extendedKeyUsage = critical, timeStamping
[stamps]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
";

struct Authority(tempfile::TempDir);

impl Authority {
    /// `key` is what `openssl req -newkey` takes.
    fn with(key: &[&str]) -> Self {
        let this = Self(tempfile::tempdir().unwrap());
        fs::write(this.0.path().join("conf"), CONFIG).unwrap();
        fs::write(this.0.path().join("serial"), "01").unwrap();
        let ca = "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj /CN=CA -days 99 -config conf -extensions ca";
        this.openssl(&ca.split(' ').collect::<Vec<_>>());
        let ask = "-nodes -keyout tsa.key -out tsa.csr -subj /CN=TSA -config conf";
        this.openssl(&[&["req"], key, &ask.split(' ').collect::<Vec<_>>()].concat());
        let sign = "x509 -req -in tsa.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out tsa.crt -days 99 -extfile conf -extensions tsa";
        this.openssl(&sign.split(' ').collect::<Vec<_>>());
        this
    }

    fn ec() -> Self {
        Self::with(&["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
    }

    fn openssl(&self, args: &[&str]) {
        let done = Command::new("openssl")
            .args(args)
            .current_dir(self.0.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "openssl {}: {said}", args.join(" "));
    }

    fn answer(&self, request: &[u8]) -> Vec<u8> {
        let at = |name: &str| self.0.path().join(name);
        fs::write(at("q.tsq"), request).unwrap();
        let reply = "ts -reply -queryfile q.tsq -config conf -section stamps -signer tsa.crt -inkey tsa.key -out r.tsr";
        self.openssl(&reply.split(' ').collect::<Vec<_>>());
        fs::read(at("r.tsr")).unwrap()
    }

    fn root(&self) -> Vec<u8> {
        fs::read(self.0.path().join("ca.crt")).unwrap()
    }
}

fn checkpoint(dir: &Path) -> String {
    fs::read_to_string(dir.join("checkpoint")).unwrap()
}

#[test]
fn a_stamped_checkpoint_proves_an_entry_and_its_time_offline() {
    let rsa = Authority::with(&["-newkey", "rsa:2048"]);
    let ec = Authority::ec();
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    append(&ledger, 0..300);
    let key = ledger.verifier();
    drop(ledger);
    let mut note = checkpoint(dir.path());
    let mut roots = Vec::new();
    for (authority, name) in [(&rsa, "rsa.example"), (&ec, "ec.example")] {
        let answer = authority.answer(&stamp_request(&note, NONCE).unwrap());
        let (with, stamp) = stamped(&note, &answer, NONCE, name, &authority.root()).unwrap();
        assert_eq!(stamp.authority, name);
        note = with;
        roots.extend(authority.root());
    }
    // Years later the ledger has grown; the proof is by the checkpoint that was stamped.
    let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
    append(&ledger, 300..600);
    drop(ledger);
    let text = prove_at(dir.path(), 77, &note)
        .unwrap()
        .unwrap()
        .to_string();
    assert_eq!(
        prove_at(dir.path(), 300, &note).unwrap(),
        None,
        "it came later"
    );
    let proof = Proof::parse(&text).unwrap();
    assert_eq!(proof.verify(&key, &[]).unwrap().0.index, 77);
    let found = stamps(&proof.checkpoint, &roots).unwrap();
    assert_eq!(found.len(), 2);
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    assert!(
        found
            .iter()
            .all(|stamp| now.abs_diff(stamp.unix_secs) < 120),
        "{found:?} {now}"
    );
    // The other's authority is not trusted.
    assert!(matches!(
        stamps(&note, &ec.root()),
        Err(StampError::Certificate(_))
    ));
    assert_eq!(stamps(&note, b"no certificate"), Err(StampError::Roots));
}

#[test]
fn a_stamp_of_something_else_or_by_somebody_else_is_none() {
    let authority = Authority::ec();
    let dir = crate::ledger_of(7);
    let note = checkpoint(dir.path());
    let request = stamp_request(&note, NONCE).unwrap();
    let answer = authority.answer(&request);
    let take = |note: &str, answer: &[u8], nonce| {
        stamped(note, answer, nonce, "ec.example", &authority.root()).map(drop)
    };
    take(&note, &answer, NONCE).unwrap();
    assert_eq!(
        take(&note.replace("\n7\n", "\n8\n"), &answer, NONCE),
        Err(StampError::OtherText)
    );
    assert_eq!(take(&note, &answer, [1; 8]), Err(StampError::OtherRequest));
    assert_eq!(
        stamped(&note, &answer, NONCE, "a b", &authority.root()).map(drop),
        Err(StampError::Name("a b".into()))
    );
    // Refused: openssl answers a request that it cannot read with a status.
    let refused = authority.answer(b"nonsense");
    assert_eq!(take(&note, &refused, NONCE), Err(StampError::Refused(2)));
}

#[test]
fn no_flipped_bit_of_a_stamp_is_believed_and_none_panics() {
    let authority = Authority::ec();
    let dir = crate::ledger_of(7);
    let note = checkpoint(dir.path());
    let answer = authority.answer(&stamp_request(&note, NONCE).unwrap());
    let (root, key) = (authority.root(), "ec.example");
    let (_, true_stamp) = stamped(&note, &answer, NONCE, key, &root).unwrap();
    let mut believed = 0;
    for at in 0..answer.len() {
        for bit in 0..8 {
            let mut changed = answer.clone();
            changed[at] ^= 1 << bit;
            if let Ok((_, stamp)) = stamped(&note, &changed, NONCE, key, &root) {
                // What is not signed may change (who the signer is, versions); what it says may not.
                assert_eq!(stamp, true_stamp, "byte {at}, bit {bit}");
                believed += 1;
            }
        }
        assert!(
            stamped(&note, &answer[..at], NONCE, key, &root).is_err(),
            "{at} bytes passed"
        );
    }
    assert!(
        believed < answer.len(),
        "{believed} of {} flips changed nothing",
        answer.len() * 8
    );
}
