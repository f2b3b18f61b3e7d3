//! How a message is packed on the wire: Snappy's block format, which every sender knows, or zstd, which vmagent
//! prefers.

use super::Error;

/// A larger message is refused, as Prometheus does.
pub const UNPACKED_MAX: usize = 32 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Snappy,
    Zstd,
}

impl Encoding {
    /// The value of `Content-Encoding`. `None`: one that is not known.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "snappy" => Some(Self::Snappy),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// The message in `body`, if it is no larger than [`UNPACKED_MAX`]: known before anything is allocated for it.
pub fn unpack(encoding: Encoding, body: &[u8]) -> Result<Vec<u8>, Error> {
    match encoding {
        Encoding::Snappy => unpack_snappy(body, UNPACKED_MAX),
        Encoding::Zstd => {
            let said = zstd::zstd_safe::get_frame_content_size(body).ok().flatten();
            let room = match said {
                Some(len) => usize::try_from(len).unwrap_or(usize::MAX),
                // A frame without its size is unpacked into what little room a small one would need.
                None => body
                    .len()
                    .saturating_mul(UNSAID_RATIO_MAX)
                    .min(UNPACKED_MAX),
            };
            if room > UNPACKED_MAX {
                return Err(Error::TooLarge);
            }
            zstd::bulk::decompress(body, room).map_err(|why| Error::Packed(why.to_string()))
        }
    }
}

/// A Snappy block says first how large it will be.
pub(crate) fn unpack_snappy(body: &[u8], max: usize) -> Result<Vec<u8>, Error> {
    let wrong = |why: snap::Error| Error::Packed(why.to_string());
    if snap::raw::decompress_len(body).map_err(wrong)? > max {
        return Err(Error::TooLarge);
    }
    snap::raw::Decoder::new()
        .decompress_vec(body)
        .map_err(wrong)
}

/// Label texts repeat, so a message is several times larger than its frame; rarely more than this.
const UNSAID_RATIO_MAX: usize = 64;

/// Packs as every receiver can read it.
#[must_use]
pub fn pack(message: &[u8]) -> Vec<u8> {
    // Fails only beyond 4 GiB, and a message is bounded far below.
    snap::raw::Encoder::new()
        .compress_vec(message)
        .unwrap_or_default()
}
