//! What others have signed and proven is accepted here, and what we write is accepted by others: the crates `signed_note` and
//! `tlog_tiles`, which share no code with ours, and public records of real logs.

use std::{fs, path::Path};

use ledger::{Hash, verify_consistency, verify_inclusion, verify_note};
use signed_note::{Note, StandardVerifier, VerifierList};
use tlog_tiles::{Tile, TileHashReader, TileReader};

use crate::ledger_of;

/// The Go checksum database's key, as the `go` command has it built in.
const GO_KEY: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
/// Tree heads that it has signed over the years: size, root, signature.
const GO_HEADS: [(&str, &str, &str); 6] = [
    (
        "756113",
        "k9nFMBuXq8uk+9SQNxs/Vadri2XDkaoo96u4uMa0qE0=",
        "Az3grgIHxiDLRpsKUElIX5vJMlFS79SqfQDSgHQmON922lNdJ5zxF8SSPPcah3jhIkpG8LSKNaWXiy7IldOSDCt4Pwk=",
    ),
    (
        "6476701",
        "mb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=",
        "Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=",
    ),
    (
        "10680630",
        "k1UQFwFXWQa7MF1BREWVQxIhScvUdgRepXuyRS3sRuE=",
        "Az3grqgyWctiMcdUtITQpkGSxEoEvbaAq7J3FpbaVlW1Zo47LX/jmeeE7LiBktpmR2d/1RsdocLU9HMXYXxHCVyf/AQ=",
    ),
    (
        "28891140",
        "++pUIeKTwGvykMUkmM3AT97PwQipMT6H/p7t86E0Sp0=",
        "Az3grqNvOILDz7xwAKugtVFZwd+I9IyB/mHrUYzcVaS9zKsRVdRLNGLFpnAcLhyoBBkdIYEzK/+7Eu4wanYttLrPsQo=",
    ),
    (
        "52544510",
        "+TGlZfnTizQCJgyZR56QixD8+X4dd8Wefy8U1w6k0Ig=",
        "Az3grn6d1PSjcypDf9bfcFVU5fvJB7VkLc0MAbz8jqeQVnSbAj9pKcsB5dJt5VdswPDUtiFar5LPRBu+uEQAT1CDfAc=",
    ),
    (
        "59045944",
        "LE6Lx+GNVyuFBv/jKcFIiPkG1WC7DHwG0clpfN/TBlA=",
        "Az3grk9ctaTv+CITXOwxCEHU3APAw5X7Ck14+fvFlh0GCktwX15+XPzy//GgL2G50ZgY05e8eXFTWcvW6pN5tozsLQQ=",
    ),
];

/// Google's CT log Argon 2020, nearly 10^9 entries: its signed root, the hash of entry 10000 and its audit path, an older
/// root and the proof that the tree grew from it. The log gave them over RFC 6962's `get-sth`, `get-proof-by-hash` and
/// `get-sth-consistency`; they are the test records of the crate `tlog_tiles`.
const CT_SIZE: u64 = 961984011;
const CT_ROOT: &str = "AWxD3p811N3m4WTinWRXPvBZHfT9IR9g/R4C7SKLPiU=";
const CT_LEAF: (u64, &str) = (10_000, "nCs3mfIydh9x4CKyQ+u2xtmpxmFggA5MLymHwNQSlLg=");
const CT_OLD: (u64, &str) = (3_654_490, "AuIZ5V6sDUj1vn3Y1K85oOaQ7y+FJJKtyRTl1edIKBQ=");
const CT_PATH: [&str; 30] = [
    "T46AmJsuOM/gFiGlUp+IJJebp+1Z5qratFNW7U0JyOQ=",
    "9Jj1Feodn42uRYEfffkV4HF/EIPFQ5Zo9IwkxbQ2uhk=",
    "D53/1oCNebF4J59HHgioovKZxrmrKcVuCVhy3Izg8Ck=",
    "wSFDgGSrsXRPA+1c8WHoAFCsWeUv8NDyP/Q/SgsyVyY=",
    "516/RcwsgdwdzHn18v1dJHqBkgFUbNhmCIWOGjsMJaE=",
    "naTFY2ajLFgrgs5XUl+zJYZnnlJksLGsA1VYwpLfqbY=",
    "mKBRJo6qao+0Kdh/rhGkZUbHUAxMhrtrclrTpIbNjIg=",
    "Co4ueOFE7lpifLio94irxxsv1wFMMaK3tPu2ZQkHlro=",
    "yRgy800K6JMYCC05sWfqF2kvCg2riT/pVM+nEa6V5+0=",
    "n2O38XJZC8/Wpbwi9HhgVizlUyeUHVZvYyQB1607MRc=",
    "go3tAjuNfNSCj87y2Rg1xOroDknGN1eaf3cgvzObf7Q=",
    "8D0Mj3/J7ySSnFb0afIHYXv6rlOhECnsebY6XKi1IR8=",
    "6rcez46ZU8M5vPiWVMAUfJfAOV0pPP/mch/lYzZhj/M=",
    "2rtIeXrPvSdUyHc5maIgSAVB2BzaKaupWxSAiVayDE4=",
    "nniW/IMFQPN5xw8UsHFn7CRStYbm1gLu7NNa6kkRqJQ=",
    "mRPPi7sQS22MduIEyvcNzCNFqIt6kLwYPkNKrVtIcu8=",
    "JvTivzESNS9wHI8aph5a7uieVmtS/p9PciMZ5D6GyOo=",
    "UTyQd+Ym0wY4zG+qK806bBORwi1CSVvFQ/KknnqoZj8=",
    "hXODrqN+ff+U6zPqRQ+ZQKs6im1fPcxIerDSfNwflhE=",
    "II6GE+WY/DrpZzfHztLwkR46o37zVkNLCyPYlf68zA0=",
    "d609kWWcNBllbA8Jb/ad4XAVVGnScLRmtP8FYyr+Dck=",
    "rikBsP0G0gioXRpBFED2CzQdSLrGPvRd0bEcbEZw1rI=",
    "GXIElfmnRuWfbA4z7ubV/UwlpSRUbUeec7oL5HDDnh0=",
    "pR0SH/NYP6s9+8azWwaeUXA4Ze/3WCIgMfh5YW6wvcE=",
    "f3GuAKYVrF8RBg3s15jvA/YvV9oAliWtzP/imwPhQVA=",
    "WHn8zDxlVgkV+lSlmzaOdfSBrTHoRr5nT3d76q0KKWE=",
    "f2uV2ZxVgULzLPKuZcowRY3ZY7fRlX59iDBjV1R8kNQ=",
    "NzQVjJsvQwbi7WStMr9oFkh9VbHfK7LB6o7WwAqwNTs=",
    "C0LttBeYHZHgL+032JIcJC3CTBIyza/hsbmJUgJfmDI=",
    "30HzZbwT4DdqHQi4f7+WRG6M4YwVGaKgGXicDvSFT6k=",
];
const CT_GROWTH: [&str; 30] = [
    "80Sfbj6UQEdVSZCSIgh9NMPj3vCBzcc1A48B2crJSWg=",
    "FZcrgAHUk6nNPviJZq8kEK6jCG1d18pJOFE45ZDc1TQ=",
    "Q67reWXmPBo1UfmwBap4Xi9PMPfFdUSSw3WGlRZdG7k=",
    "eJ7CyhR4PxzBxDIsWgrVYW1eFUb9ndgf46tFmiqVrxA=",
    "QrDwp062Grm5WY8KdrhFsBuuNjGzRox2Jb8PmVL5OYw=",
    "XM4YMjMEdLH/XJam/ZWyaP14k3cmsOtnPsOWQ54lW1s=",
    "SGiBh+jOTGccXU48ZzgQ88lRcBmtB4wz4oSDndv2QTg=",
    "WAS6txqNLYKGL1GdBdpqmV42TTfn6cJsuDsqLXuTCNI=",
    "QFmRS0rirUA7ZN3lxFjDncV+E1OCrn3NUB4RCp+5fzc=",
    "Hdbp7It2XBNZmNDBpCN/KPd7vfVqxgzwOosqVIaEA9E=",
    "mxvHL0ZiblBdD7j7pIa1jlfB0gSqfJ6oX0UGo7L0VsU=",
    "q5hjyvoW6TL/PThgcitpDcSTrnKX2p1+aqscqH2euRA=",
    "jTOWDqt3IHj2NVFeezyBz2ofpru+ztEywqKUAfFclKI=",
    "GIRn0w3HqJdvU9j1WVD//eR6lk2AaTVjyzjsJNP8U88=",
    "x52GJvxG81fnQBrgOTbll1A5tz95/LXK0Ag1NhB0r1I=",
    "6/0OqrcTgc3o5dD5PymmoC96lB9yLPFuTHVvLy8fSGk=",
    "Gf+iKLfcXO5l4JEFmsZvSdG5q1uEeWPfYLrds6pmjz0=",
    "DGuaco+McyM3AfRSF6qX7RwSetwe2ieYJmxw5e9rVx0=",
    "2tQJ9V32hnYp+fdpP6TcjmgJmLeNVOMKM0Ml1kk4cNU=",
    "3PapK+IkyJr8I9yAErAmzuZezzLMzsg+PfeRCgNW8NQ=",
    "s6xiYeejb+wtqHA+URJZ2I/SCPyIW8coP6aB00FJbMY=",
    "z9lSpmdTcr5M5ZzKlc4EPh3SrSypKFdk6JUF/UccaZU=",
    "GXIElfmnRuWfbA4z7ubV/UwlpSRUbUeec7oL5HDDnh0=",
    "pR0SH/NYP6s9+8azWwaeUXA4Ze/3WCIgMfh5YW6wvcE=",
    "f3GuAKYVrF8RBg3s15jvA/YvV9oAliWtzP/imwPhQVA=",
    "WHn8zDxlVgkV+lSlmzaOdfSBrTHoRr5nT3d76q0KKWE=",
    "f2uV2ZxVgULzLPKuZcowRY3ZY7fRlX59iDBjV1R8kNQ=",
    "NzQVjJsvQwbi7WStMr9oFkh9VbHfK7LB6o7WwAqwNTs=",
    "C0LttBeYHZHgL+032JIcJC3CTBIyza/hsbmJUgJfmDI=",
    "30HzZbwT4DdqHQi4f7+WRG6M4YwVGaKgGXicDvSFT6k=",
];

fn hash(text: &str) -> Hash {
    Hash::from_base64(text).unwrap()
}

#[test]
fn what_the_go_checksum_database_signed_is_accepted_and_nothing_else() {
    for (size, root, signature) in GO_HEADS {
        let text = format!("go.sum database tree\n{size}\n{root}\n");
        let note = format!("{text}\n\u{2014} sum.golang.org {signature}\n");
        assert_eq!(verify_note(&note, GO_KEY), Ok(text.as_str()));
        for other in [
            note.replacen(&size[..1], "7", 1),
            note.replacen("database", "Database", 1),
        ] {
            assert!(
                other == note || verify_note(&other, GO_KEY).is_err(),
                "{other}"
            );
        }
    }
}

#[test]
fn proofs_of_a_certificate_log_of_a_billion_entries_hold_and_are_below_a_kilobyte() {
    let path: Vec<Hash> = CT_PATH.iter().map(|text| hash(text)).collect();
    let (root, leaf) = (hash(CT_ROOT), hash(CT_LEAF.1));
    assert!(verify_inclusion(CT_LEAF.0, CT_SIZE, &leaf, &path, &root));
    assert!(!verify_inclusion(
        CT_LEAF.0 + 1,
        CT_SIZE,
        &leaf,
        &path,
        &root
    ));
    // 2^29 < 961,984,011 < 2^30: thirty levels, 32 bytes each.
    assert_eq!(path.len() * 32, 960);
    let growth: Vec<Hash> = CT_GROWTH.iter().map(|text| hash(text)).collect();
    let old = hash(CT_OLD.1);
    assert!(verify_consistency(CT_OLD.0, CT_SIZE, &old, &root, &growth));
    assert!(!verify_consistency(
        CT_OLD.0 - 1,
        CT_SIZE,
        &old,
        &root,
        &growth
    ));
}

/// Our tiles, read by `tlog_tiles`, whose paths name the height too.
struct Files<'d>(&'d Path);

impl TileReader for Files<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        let read = |tile: &Tile| {
            let path = self.0.join(tile.path().replacen("tile/8/", "tile/", 1));
            fs::read(&path).map_err(|error| tlog_tiles::Error::InvalidInput(error.to_string()))
        };
        tiles.iter().map(read).collect()
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

/// The entries as C2SP tlog-tiles lays them out, read without our code.
fn entries(dir: &Path, size: u64) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for n in 0..size.div_ceil(256) {
        let whole = dir.join(format!("tile/entries/{n:03}"));
        let part = dir.join(format!("tile/entries/{n:03}.p/{}", size % 256));
        let bytes = fs::read(&whole).or_else(|_| fs::read(part)).unwrap();
        let mut rest = bytes.as_slice();
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let (entry, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
            all.push(entry.to_vec());
            rest = after;
        }
    }
    all
}

#[test]
fn our_files_are_verified_whole_by_crates_that_share_no_code_with_ours() {
    for size in [1, 255, 256, 257, 700] {
        let dir = ledger_of(size);
        let key = fs::read_to_string(dir.path().join("key.pub")).unwrap();
        let note = fs::read(dir.path().join("checkpoint")).unwrap();
        let verifier = StandardVerifier::new(key.trim()).unwrap();
        let note = Note::from_bytes(&note).unwrap();
        let (verified, others) = note
            .verify(&VerifierList::new(vec![Box::new(verifier)]))
            .unwrap();
        assert_eq!((verified.len(), others.len()), (1, 0));
        let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
        assert_eq!(
            (checkpoint.origin(), checkpoint.size()),
            (crate::ORIGIN, size)
        );

        // It compares every tile that it reads with the root before it believes it.
        let files = Files(dir.path());
        let reader = TileHashReader::new(size, *checkpoint.hash(), &files);
        for (index, entry) in (0..).zip(entries(dir.path(), size)) {
            let leaf = tlog_tiles::record_hash(&entry);
            let proof = tlog_tiles::prove_record(size, index, &reader).unwrap();
            tlog_tiles::check_record(&proof, size, *checkpoint.hash(), index, leaf).unwrap();
        }
    }
}

#[test]
fn the_proofs_that_we_give_are_accepted_by_others_and_hold_for_nothing_else() {
    let dir = ledger_of(700);
    let (ledger, _) = ledger::Ledger::open(dir.path(), crate::ORIGIN).unwrap();
    let theirs = |hash: &Hash| tlog_tiles::Hash(hash.0);
    let root = theirs(&ledger.checkpoint().root);
    let files = Files(dir.path());
    let reader = TileHashReader::new(700, root, &files);

    for (index, entry) in (0..).zip(entries(dir.path(), 700)) {
        let leaf = tlog_tiles::record_hash(&entry);
        let proof = ledger.inclusion(index, 700).unwrap();
        let proof = proof.iter().map(theirs).collect();
        tlog_tiles::check_record(&proof, 700, root, index, leaf).unwrap();
        assert!(tlog_tiles::check_record(&proof, 700, root, (index + 1) % 700, leaf).is_err());
    }

    for old in 1_u64..700 {
        let old_root = tlog_tiles::tree_hash(old, &reader).unwrap();
        let proof = ledger.consistency(old, 700).unwrap();
        let proof = proof.iter().map(theirs).collect();
        assert_eq!(proof, tlog_tiles::prove_tree(700, old, &reader).unwrap());
        tlog_tiles::check_tree(&proof, 700, root, old, old_root).unwrap();
        let other = tlog_tiles::record_hash(b"another tree");
        assert!(tlog_tiles::check_tree(&proof, 700, root, old, other).is_err());
    }
}
