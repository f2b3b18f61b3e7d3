//! Numbers and texts as bytes: LEB128 varints, zigzag for signed numbers, length-prefixed strings.
//!
//! A reader never trusts a length: beyond the end there is `None`, and no allocation is made from a
//! number that was read.

pub(crate) fn put_varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(low_byte(n) | 0x80);
        n >>= 7;
    }
    out.push(low_byte(n));
}

pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

pub(crate) fn put_signed(out: &mut Vec<u8>, n: i64) {
    put_varint(out, zigzag(n));
}

/// The bits of a float, shorter the rounder it is: 1 byte for 0, 3 for 1, 9 at most.
pub(crate) fn put_float(out: &mut Vec<u8>, value: f64) {
    let bytes = value.to_bits().to_be_bytes();
    let zeros = value.to_bits().trailing_zeros() / 8;
    let len = 8 - zeros as usize;
    out.push(low_byte(len as u64));
    out.extend_from_slice(&bytes[..len]);
}

/// Small numbers of either sign become small numbers: 0, -1, 1, -2 become 0, 1, 2, 3.
pub(crate) fn zigzag(n: i64) -> u64 {
    (n.cast_unsigned() << 1) ^ (n >> 63).cast_unsigned()
}

pub(crate) fn unzigzag(n: u64) -> i64 {
    (n >> 1).cast_signed() ^ -((n & 1).cast_signed())
}

pub(crate) fn low_byte(n: u64) -> u8 {
    n.to_le_bytes()[0]
}

/// Bytes being read.
pub(crate) struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn take(&mut self, n: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(n)?;
        self.rest = rest;
        Some(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub fn varint(&mut self) -> Option<u64> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = u64::from(self.byte()?);
            n |= (byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(n);
            }
        }
        None
    }

    pub fn len(&mut self) -> Option<usize> {
        usize::try_from(self.varint()?).ok()
    }

    pub fn signed(&mut self) -> Option<i64> {
        self.varint().map(unzigzag)
    }

    pub fn float(&mut self) -> Option<f64> {
        let len = usize::from(self.byte()?);
        let mut bytes = [0; 8];
        bytes.get_mut(..len)?.copy_from_slice(self.take(len)?);
        Some(f64::from_bits(u64::from_be_bytes(bytes)))
    }

    /// What is left, without reading it.
    pub fn rest(&self) -> &'b [u8] {
        self.rest
    }

    pub fn text(&mut self) -> Option<&'b str> {
        let n = self.len()?;
        std::str::from_utf8(self.take(n)?).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn varints_are_leb128() {
        // 624485 = 0x98765 is the worked example of the DWARF 4 standard, figure 22 and section 7.6.
        let mut out = Vec::new();
        put_varint(&mut out, 624_485);
        assert_eq!(out, [0xe5, 0x8e, 0x26]);
        assert_eq!(Reader::new(&out).varint(), Some(624_485));
    }

    #[test]
    fn signed_numbers_of_any_size_read_back() {
        for n in [0, -1, 1, i64::MAX, i64::MIN, -624_485] {
            let mut out = Vec::new();
            put_signed(&mut out, n);
            assert_eq!(Reader::new(&out).signed(), Some(n));
        }
    }

    #[test]
    fn floats_of_any_bits_read_back() {
        for (value, len) in [
            (0.0, 1),
            (1.0, 3),
            (-0.0, 2),
            (f64::NAN, 3),
            (0.1, 9),
            (f64::from_bits(0x7ff0_0000_0000_0002), 9),
        ] {
            let mut out = Vec::new();
            put_float(&mut out, value);
            assert_eq!(out.len(), len, "{value}");
            assert_eq!(
                Reader::new(&out).float().map(f64::to_bits),
                Some(value.to_bits())
            );
        }
        assert_eq!(Reader::new(&[9; 20]).float(), None);
    }

    #[test]
    fn what_is_cut_off_is_not_read() {
        assert_eq!(Reader::new(&[0x80]).varint(), None);
        assert_eq!(Reader::new(&[0xff; 11]).varint(), None);
        assert_eq!(Reader::new(&[5, b'a']).text(), None);
        assert_eq!(Reader::new(&[2, 0xc3, 0x28]).text(), None, "not UTF-8");
    }
}
