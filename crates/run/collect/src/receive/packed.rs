//! Bodies that come packed. A bomb is noticed at the limit, not after.

use std::io::Read;

use store::remote_write::{self, Encoding};

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    None,
    Gzip,
    /// A block, not the framed format.
    Snappy,
}

impl Packing {
    /// By `Content-Encoding`; `None` for what nobody here unpacks.
    #[must_use]
    pub fn of(encoding: Option<&str>) -> Option<Self> {
        match encoding.map(str::trim) {
            None | Some("" | "identity") => Some(Self::None),
            Some("gzip") => Some(Self::Gzip),
            Some("snappy") => Some(Self::Snappy),
            Some(_) => None,
        }
    }
}

/// Why a body cannot be unpacked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PackedError {
    #[error("it is larger than its limit")]
    TooLarge,
    #[error("{0}")]
    Broken(String),
}

/// The body as it was, at most `limit` bytes of it.
pub(crate) fn unpack(packing: Packing, body: &[u8], limit: usize) -> Result<Vec<u8>, PackedError> {
    if body.len() > limit {
        return Err(PackedError::TooLarge);
    }
    let unpacked = match packing {
        Packing::None => body.to_vec(),
        Packing::Gzip => {
            let mut unpacked = Vec::new();
            flate2::read::MultiGzDecoder::new(body)
                .take(limit as u64 + 1)
                .read_to_end(&mut unpacked)
                .map_err(|error| PackedError::Broken(error.to_string()))?;
            unpacked
        }
        Packing::Snappy => {
            let unpacked = remote_write::unpack(Encoding::Snappy, body);
            unpacked.map_err(|error| match error {
                remote_write::Error::TooLarge => PackedError::TooLarge,
                error => PackedError::Broken(error.to_string()),
            })?
        }
    };
    if unpacked.len() > limit {
        return Err(PackedError::TooLarge);
    }
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_bomb_is_refused_at_the_limit() {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(&vec![0; 1 << 20]).unwrap();
        let bomb = packer.finish().unwrap();
        assert!(bomb.len() < 2_000);
        assert_eq!(
            unpack(Packing::Gzip, &bomb, 1 << 16),
            Err(PackedError::TooLarge)
        );
        assert_eq!(
            unpack(Packing::Gzip, &bomb, 1 << 20).unwrap().len(),
            1 << 20
        );
        assert!(matches!(
            unpack(Packing::Gzip, &bomb[..bomb.len() / 2], 1 << 20),
            Err(PackedError::Broken(_))
        ));
        assert!(matches!(
            unpack(Packing::Snappy, b"\xff\xff\xff", 100),
            Err(PackedError::Broken(_))
        ));
    }
}
