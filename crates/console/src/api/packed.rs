//! Bodies packed by gzip, unpacked up to a bound: a bomb is noticed there, not after.

use std::io::{self, Read as _};

/// The body as it was; `None` where it is longer than `limit` bytes.
pub(crate) fn gunzip(packed: &[u8], limit: usize) -> io::Result<Option<Vec<u8>>> {
    let mut plain = Vec::new();
    // One byte more tells whether there is more.
    flate2::read::MultiGzDecoder::new(packed)
        .take(limit as u64 + 1)
        .read_to_end(&mut plain)?;
    Ok((plain.len() <= limit).then_some(plain))
}
