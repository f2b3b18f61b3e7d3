//! Hash maps with a quick hash, whose seed no sender knows.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, Hasher, RandomState},
    sync::OnceLock,
};

use xxhash_rust::xxh3::xxh3_64_with_seed;

pub type QuickMap<K, V> = HashMap<K, V, Quick>;
pub type QuickSet<K> = HashSet<K, Quick>;

#[derive(Debug, Clone, Copy)]
pub struct Quick(u64);

impl Default for Quick {
    fn default() -> Self {
        static SEED: OnceLock<u64> = OnceLock::new();
        Self(*SEED.get_or_init(|| RandomState::new().hash_one(0)))
    }
}

impl BuildHasher for Quick {
    type Hasher = Hashing;

    fn build_hasher(&self) -> Hashing {
        Hashing(self.0)
    }
}

pub struct Hashing(u64);

impl Hasher for Hashing {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64_with_seed(bytes, self.0);
    }

    fn write_u8(&mut self, n: u8) {
        self.write_u64(u64::from(n));
    }

    fn write_u64(&mut self, n: u64) {
        // A multiplication whose halves are folded together mixes all bits (as in wyhash).
        let product = u128::from(self.0 ^ n) * 0x9e37_79b9_7f4a_7c15;
        let [.., high, low] = [(product >> 64), product & u128::from(u64::MAX)];
        self.0 = u64::try_from(high ^ low).unwrap_or(self.0);
    }

    fn write_i64(&mut self, n: i64) {
        self.write_u64(n.cast_unsigned());
    }

    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
