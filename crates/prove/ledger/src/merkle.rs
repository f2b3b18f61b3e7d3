//! The Merkle tree of RFC 9162, 2.1: hashes, roots, and proofs that anyone can check.
//!
//! Pure. Where the hashes of the tree come from is the caller's matter ([`Nodes`]).

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

/// A SHA-256 hash. Shown as Base64, as checkpoints write it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// `MTH({d}) = SHA-256(0x00 ‖ d)`.
    #[must_use]
    pub fn leaf(data: &[u8]) -> Self {
        Self(
            Sha256::new()
                .chain_update([0])
                .chain_update(data)
                .finalize()
                .into(),
        )
    }

    /// `SHA-256(0x01 ‖ left ‖ right)`.
    #[must_use]
    pub fn node(left: &Self, right: &Self) -> Self {
        Self(
            Sha256::new()
                .chain_update([1])
                .chain_update(left.0)
                .chain_update(right.0)
                .finalize()
                .into(),
        )
    }

    /// The root of the empty tree: `SHA-256()`.
    #[must_use]
    pub fn empty() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// Reads Base64, and nothing that only resembles it.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Self> {
        STANDARD.decode(text).ok()?.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A tree that can only grow, as the roots of its complete subtrees: at most 64 hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// From the largest subtree to the smallest; their sizes are the set bits of `size`.
    roots: Vec<Hash>,
}

impl Frontier {
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn push(&mut self, leaf: Hash) {
        self.push_subtree(0, leaf);
    }

    /// Adds a complete subtree of `2^height` leaves. The size must be a multiple of that.
    pub fn push_subtree(&mut self, height: u32, root: Hash) {
        debug_assert!(self.size.trailing_zeros() >= height || self.size == 0);
        let mut root = root;
        let mut carry = self.size >> height;
        while carry & 1 == 1 {
            if let Some(left) = self.roots.pop() {
                root = Hash::node(&left, &root);
            }
            carry >>= 1;
        }
        self.roots.push(root);
        self.size += 1 << height;
    }

    #[must_use]
    pub fn root(&self) -> Hash {
        let mut roots = self.roots.iter().rev();
        let Some(last) = roots.next() else {
            return Hash::empty();
        };
        roots.fold(*last, |right, left| Hash::node(left, &right))
    }
}

/// The root of a complete subtree over `leaves`, whose number is a power of two.
#[must_use]
pub fn subtree_root(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}

/// Gives the hashes of complete subtrees: `index`-th of those with `2^height` leaves.
pub trait Nodes {
    type Error;
    fn node(&mut self, height: u32, index: u64) -> Result<Hash, Self::Error>;
}

/// The root of the leaves `[from, to)`; `from` must be where RFC 9162's recursion splits.
pub fn range_root<N: Nodes>(nodes: &mut N, from: u64, to: u64) -> Result<Hash, N::Error> {
    let count = to - from;
    if count == 0 {
        return Ok(Hash::empty());
    }
    if count.is_power_of_two() {
        let height = count.trailing_zeros();
        return nodes.node(height, from >> height);
    }
    let split = from + largest_power_below(count);
    let left = range_root(nodes, from, split)?;
    let right = range_root(nodes, split, to)?;
    Ok(Hash::node(&left, &right))
}

/// `PATH(index, D_size)` of RFC 9162, 2.1.3.1. The caller has seen to it that `index < size`.
pub fn inclusion_proof<N: Nodes>(
    nodes: &mut N,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, N::Error> {
    let (mut from, mut to) = (0, size);
    let mut proof = Vec::new();
    while to - from > 1 {
        let split = from + largest_power_below(to - from);
        if index < split {
            proof.push(range_root(nodes, split, to)?);
            to = split;
        } else {
            proof.push(range_root(nodes, from, split)?);
            from = split;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// `PROOF(old, D_new)` of RFC 9162, 2.1.4.1. The caller has seen to it that `old <= new`.
pub fn consistency_proof<N: Nodes>(
    nodes: &mut N,
    old: u64,
    new: u64,
) -> Result<Vec<Hash>, N::Error> {
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let (mut from, mut to) = (0, new);
    let mut proof = Vec::new();
    // Whether the old tree is a subtree of the new one whose root the verifier already has.
    let mut whole = true;
    while to != old {
        let split = from + largest_power_below(to - from);
        if old <= split {
            proof.push(range_root(nodes, split, to)?);
            to = split;
        } else {
            proof.push(range_root(nodes, from, split)?);
            from = split;
            whole = false;
        }
    }
    if !whole {
        proof.push(range_root(nodes, from, to)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Whether `proof` shows that `leaf` is entry `index` of the tree with `size` entries and `root`.
/// RFC 9162, 2.1.3.2.
#[must_use]
pub fn verify_inclusion(index: u64, size: u64, leaf: &Hash, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = Hash::node(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = Hash::node(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether `proof` shows that the tree with `new` entries begins with the tree with `old` entries.
/// RFC 9162, 2.1.4.2; the empty tree is the beginning of every tree and needs no proof.
#[must_use]
pub fn verify_consistency(
    old: u64,
    new: u64,
    old_root: &Hash,
    new_root: &Hash,
    proof: &[Hash],
) -> bool {
    if old > new {
        return false;
    }
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    if old == 0 {
        return proof.is_empty() && *old_root == Hash::empty();
    }
    let (first, rest) = match (old.is_power_of_two(), proof.split_first()) {
        (true, _) => (*old_root, proof),
        (false, Some((first, rest))) => (*first, rest),
        (false, None) => return false,
    };
    let shift = (old - 1).trailing_ones();
    let (mut node, mut last) = ((old - 1) >> shift, (new - 1) >> shift);
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old_hash = Hash::node(sibling, &old_hash);
            new_hash = Hash::node(sibling, &new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = Hash::node(&new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}

/// The largest power of two smaller than `n`, which is at least 2.
fn largest_power_below(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}
