//! Roots and proofs: the eight-leaf tree of Certificate Transparency's own tests
//! (google/certificate-transparency, cpp/merkletree/merkle_tree_test.cc), and all small sizes.

use std::collections::HashMap;

use ledger::{
    Hash,
    merkle::{Frontier, Nodes, consistency_proof, inclusion_proof, range_root, subtree_root},
    verify_consistency, verify_inclusion,
};
use proptest::prelude::*;

const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const INCLUSION: [(u64, u64, &[&str]); 4] = [
    (
        0,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        &[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        3,
        &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    ),
    (
        1,
        5,
        &[
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
];
const CONSISTENCY: [(u64, u64, &[&str]); 4] = [
    (1, 1, &[]),
    (
        1,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        &[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        &[
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
];

/// Leaves, and the nodes that were asked for before.
struct Tree(Vec<Hash>, HashMap<(u32, u64), Hash>);

impl Nodes for Tree {
    type Error = std::convert::Infallible;
    fn node(&mut self, height: u32, index: u64) -> Result<Hash, Self::Error> {
        let (from, to) = ((index << height) as usize, ((index + 1) << height) as usize);
        Ok(*self
            .1
            .entry((height, index))
            .or_insert_with(|| subtree_root(&self.0[from..to])))
    }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
        .collect()
}

fn hash(text: &str) -> Hash {
    Hash(unhex(text).try_into().unwrap())
}

fn known() -> Tree {
    Tree(
        LEAVES.iter().map(|leaf| Hash::leaf(&unhex(leaf))).collect(),
        HashMap::new(),
    )
}

fn numbered(size: u64) -> Tree {
    Tree(
        (0..size).map(|n| Hash::leaf(&n.to_be_bytes())).collect(),
        HashMap::new(),
    )
}

#[test]
fn roots_are_those_of_certificate_transparency() {
    let mut tree = known();
    let mut frontier = Frontier::default();
    // SHA-256 of nothing, FIPS 180-4.
    assert_eq!(
        frontier.root(),
        hash("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    );
    for (size, root) in (1..).zip(ROOTS) {
        frontier.push(tree.0[size as usize - 1]);
        assert_eq!(frontier.root(), hash(root));
        assert_eq!(range_root(&mut tree, 0, size).unwrap(), hash(root));
    }
}

#[test]
fn proofs_are_those_of_certificate_transparency() {
    for (index, size, expected) in INCLUSION {
        let proof = inclusion_proof(&mut known(), index, size).unwrap();
        assert_eq!(proof, expected.iter().map(|h| hash(h)).collect::<Vec<_>>());
        assert!(verify_inclusion(
            index,
            size,
            &known().0[index as usize],
            &proof,
            &hash(ROOTS[size as usize - 1])
        ));
    }
    for (old, new, expected) in CONSISTENCY {
        let proof = consistency_proof(&mut known(), old, new).unwrap();
        assert_eq!(proof, expected.iter().map(|h| hash(h)).collect::<Vec<_>>());
        let (old_root, new_root) = (hash(ROOTS[old as usize - 1]), hash(ROOTS[new as usize - 1]));
        assert!(verify_consistency(old, new, &old_root, &new_root, &proof));
    }
}

#[test]
fn every_entry_of_every_tree_up_to_300_is_proven_included_and_every_growth_consistent() {
    let mut tree = numbered(300);
    let mut frontier = Frontier::default();
    let mut roots = vec![frontier.root()];
    for leaf in &tree.0 {
        frontier.push(*leaf);
        roots.push(frontier.root());
    }
    for size in 1..=300 {
        for other in 0..=size {
            if other < size {
                let proof = inclusion_proof(&mut tree, other, size).unwrap();
                assert!(verify_inclusion(
                    other,
                    size,
                    &tree.0[other as usize],
                    &proof,
                    &roots[size as usize]
                ));
            }
            let proof = consistency_proof(&mut tree, other, size).unwrap();
            assert!(verify_consistency(
                other,
                size,
                &roots[other as usize],
                &roots[size as usize],
                &proof
            ));
        }
    }
}

proptest! {
    #[test]
    fn a_proof_proves_nothing_else(size in 2u64..300, at in any::<prop::sample::Index>(), bit in 0usize..256, by in 1u64..300) {
        let mut tree = numbered(size);
        let index = at.index(size as usize) as u64;
        let root = range_root(&mut tree, 0, size).unwrap();
        let leaf = tree.0[index as usize];
        let proof = inclusion_proof(&mut tree, index, size).unwrap();
        let other = (index + by) % (size + 1);
        if other != index {
            prop_assert!(!verify_inclusion(other, size, &leaf, &proof, &root));
        }
        let mut flipped = leaf;
        flipped.0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!verify_inclusion(index, size, &flipped, &proof, &root));
        let mut longer = proof.clone();
        longer.push(leaf);
        prop_assert!(!verify_inclusion(index, size, &leaf, &longer, &root));
        prop_assert!(!verify_inclusion(index, size, &leaf, &proof[1..], &root));

        let old = index + 1;
        let old_root = range_root(&mut tree, 0, old).unwrap();
        let growth = consistency_proof(&mut tree, old, size).unwrap();
        let mut wrong = old_root;
        wrong.0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!verify_consistency(old, size, &wrong, &root, &growth));
        if old < size {
            prop_assert!(!verify_consistency(old, size, &old_root, &wrong, &growth));
            prop_assert!(!verify_consistency(old, size, &old_root, &root, &growth[1..]));
        }
    }
}
