//! How often terms stand in the passages.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// In how many passages a term stands, by its hash.
pub(super) type Frequency = HashMap<u64, u32, BuildHasherDefault<Hashed>>;

/// Terms are hashes already.
#[derive(Default)]
pub(super) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes
            .iter()
            .for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
