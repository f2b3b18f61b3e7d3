//! As much of DER (X.690) as a time stamp needs: reading values one after the other, and writing a request.

/// Tags, as X.690 and RFC 5652 number them.
pub const BOOLEAN: u8 = 0x01;
pub const INTEGER: u8 = 0x02;
pub const OCTETS: u8 = 0x04;
pub const OID: u8 = 0x06;
pub const GENERALIZED_TIME: u8 = 0x18;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;
/// `[0]`, constructed.
pub const CONTEXT_0: u8 = 0xa0;

/// One value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value<'a> {
    pub tag: u8,
    pub body: &'a [u8],
    /// With its tag and length.
    pub whole: &'a [u8],
}

/// Values that follow each other.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The next value; `None` where there is none, or none that is DER.
    pub fn read(&mut self) -> Option<Value<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        // Tags of more than one byte stand nowhere in a time stamp.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let count = usize::from(first & 0x7f);
            // Neither an endless length nor one that no file of ours has.
            if !(1..=4).contains(&count) {
                return None;
            }
            let (bytes, rest) = rest.split_at_checked(count)?;
            let length = bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            // DER writes a length in as few bytes as it takes.
            if length < 0x80 || bytes.first() == Some(&0) {
                return None;
            }
            (length, rest)
        };
        let (body, after) = rest.split_at_checked(length)?;
        let whole = &self.0[..self.0.len() - after.len()];
        self.0 = after;
        Some(Value { tag, body, whole })
    }

    /// The next value, if it is of this tag.
    pub fn take(&mut self, tag: u8) -> Option<Value<'a>> {
        if self.peek() == Some(tag) {
            self.read()
        } else {
            None
        }
    }

    /// What the next value of this tag holds.
    pub fn enter(&mut self, tag: u8) -> Option<Self> {
        self.take(tag).map(|value| Self(value.body))
    }

    /// A value that may stand here.
    pub fn skip(&mut self, tag: u8) {
        if self.peek() == Some(tag) {
            self.read();
        }
    }
}

/// Writes a value.
pub fn write(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = vec![tag];
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let bytes = length.to_be_bytes();
        let lead = bytes.iter().take_while(|byte| **byte == 0).count();
        out.push(0x80 | (bytes.len() - lead) as u8);
        out.extend(&bytes[lead..]);
    }
    parts.iter().for_each(|part| out.extend(*part));
    out
}

/// A number that is not negative.
pub fn number(bytes: &[u8]) -> Vec<u8> {
    let lead = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = &bytes[lead.min(bytes.len().saturating_sub(1))..];
    let sign: &[u8] = if digits.first().is_some_and(|byte| *byte >= 0x80) {
        &[0]
    } else {
        &[]
    };
    write(INTEGER, &[sign, digits])
}

/// `YYYYMMDDHHMMSS[.f…]Z` in seconds since 1970.
pub fn seconds(time: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(time).ok()?.strip_suffix('Z')?;
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 14 || !digits(whole) || !digits(part) {
        return None;
    }
    let at = |from: usize, to: usize| whole[from..to].parse::<u64>().ok();
    let (year, month, day) = (at(0, 4)?, at(4, 6)?, at(6, 8)?);
    let (hour, minute, second) = (at(8, 10)?, at(10, 12)?, at(12, 14)?);
    let is_real = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    // Days before the month, in a year that begins in March: its leap day is the last.
    let (years, months) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days =
        years * 365 + years / 4 - years / 100 + years / 400 + (months * 153 + 2) / 5 + day - 1;
    // 1970-01-01 by the same count: 719,468.
    is_real.then(|| (days - 719_468) * 86_400 + hour * 3_600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_since_1970() {
        // date -u -d '2026-11-22T15:30:34Z' +%s
        assert_eq!(seconds(b"20261122153034Z"), Some(1_795_361_434));
        assert_eq!(seconds(b"20261122153034.25Z"), Some(1_795_361_434));
        assert_eq!(seconds(b"19700101000000Z"), Some(0));
        // date -u -d '2000-02-29T23:59:59Z' +%s
        assert_eq!(seconds(b"20000229235959Z"), Some(951_868_799));
        for bad in [
            "20261122153034",
            "20261322153034Z",
            "2026112215303Z",
            "20261122153034.Z",
            "Z",
            "１Z",
        ] {
            assert_eq!(seconds(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn values_are_read_and_what_is_no_der_is_not() {
        let inner = write(OCTETS, &[&[7; 200]]);
        assert_eq!(&inner[..3], &[4, 0x81, 200]);
        let bytes = write(SEQUENCE, &[&number(&[0, 0, 0xff]), &inner]);
        let mut reader = Reader::new(&bytes);
        let mut inside = reader.enter(SEQUENCE).unwrap_or(Reader::new(&[]));
        assert_eq!(
            inside.take(INTEGER).map(|it| it.body),
            Some([0, 0xff].as_slice())
        );
        assert_eq!(inside.take(OCTETS).map(|it| it.body.len()), Some(200));
        assert!(inside.is_empty() && reader.is_empty());
        for bad in [
            &[0x30][..],
            &[0x30, 5, 1],
            &[0x30, 0x80],
            &[0x30, 0x81, 1, 0],
            &[0x1f, 1, 0],
        ] {
            assert_eq!(Reader::new(bad).read(), None, "{bad:?}");
        }
    }
}
