//! Protocol buffers, read and written by hand: the few messages that metrics travel in are small and frozen,
//! and generated code for them would cost more to compile than all the rest of this crate.
//!
//! Source: the encoding as protobuf.dev describes it. Reading borrows from the bytes, so what a message may
//! cost is bounded by its length; groups, which nobody has written since 2008, are refused.

/// Why bytes are not a protocol buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the message is cut off")]
    CutOff,
    #[error("a number has more than 64 bits")]
    TooLong,
    #[error("a field has a wire type that does not exist")]
    NoSuchType,
    #[error("field {0} has another type than its message says")]
    WrongType(u32),
    #[error("the text of field {0} is not UTF-8")]
    NotUtf8(u32),
}

/// What stands in one field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'b> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    /// A text, a message, or packed numbers.
    Bytes(&'b [u8]),
}

/// One field of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field<'b> {
    pub number: u32,
    pub value: Value<'b>,
}

/// The fields of a message, in the order in which they were written.
#[derive(Debug, Clone)]
pub struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    #[must_use]
    pub fn new(message: &'b [u8]) -> Self {
        Self { rest: message }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Bytes that are not read yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rest.len()
    }

    /// The next message of a stream in which each stands behind its length.
    pub fn delimited(&mut self) -> Result<Option<&'b [u8]>, Error> {
        if self.is_empty() {
            return Ok(None);
        }
        self.bytes().map(Some)
    }

    pub fn varint(&mut self) -> Result<u64, Error> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or(Error::CutOff)?;
            self.rest = rest;
            let bits = u64::from(byte & 0x7f);
            // Of the tenth byte one bit is left.
            if shift == 63 && bits > 1 {
                return Err(Error::TooLong);
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Error::TooLong)
    }

    fn bytes(&mut self) -> Result<&'b [u8], Error> {
        let len = usize::try_from(self.varint()?).map_err(|_| Error::CutOff)?;
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(Error::CutOff)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Error::CutOff)?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn field(&mut self) -> Result<Field<'b>, Error> {
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).map_err(|_| Error::TooLong)?;
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(u64::from_le_bytes(self.fixed()?)),
            2 => Value::Bytes(self.bytes()?),
            5 => Value::Fixed32(u32::from_le_bytes(self.fixed()?)),
            _ => return Err(Error::NoSuchType),
        };
        Ok(Field { number, value })
    }
}

impl<'b> Iterator for Reader<'b> {
    type Item = Result<Field<'b>, Error>;

    /// Nothing comes after a mistake.
    fn next(&mut self) -> Option<Self::Item> {
        if self.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

impl<'b> Field<'b> {
    /// `uint64`, `uint32`, `bool`, an enum.
    pub fn uint(&self) -> Result<u64, Error> {
        match self.value {
            Value::Varint(value) => Ok(value),
            _ => Err(Error::WrongType(self.number)),
        }
    }

    /// `int64`, `int32`.
    pub fn int(&self) -> Result<i64, Error> {
        self.uint().map(u64::cast_signed)
    }

    /// `sint64`, `sint32`.
    pub fn zigzag(&self) -> Result<i64, Error> {
        self.uint().map(unzigzag)
    }

    pub fn fixed64(&self) -> Result<u64, Error> {
        match self.value {
            Value::Fixed64(value) => Ok(value),
            _ => Err(Error::WrongType(self.number)),
        }
    }

    pub fn double(&self) -> Result<f64, Error> {
        self.fixed64().map(f64::from_bits)
    }

    pub fn bytes(&self) -> Result<&'b [u8], Error> {
        match self.value {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(Error::WrongType(self.number)),
        }
    }

    pub fn message(&self) -> Result<Reader<'b>, Error> {
        self.bytes().map(Reader::new)
    }

    pub fn text(&self) -> Result<&'b str, Error> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Error::NotUtf8(self.number))
    }

    /// A repeated number, packed or not, such as `repeated sint64`: puts each through `make`.
    pub fn varints<T>(&self, out: &mut Vec<T>, make: impl Fn(u64) -> T) -> Result<(), Error> {
        match self.value {
            Value::Varint(value) => out.push(make(value)),
            Value::Bytes(bytes) => {
                let mut packed = Reader::new(bytes);
                while !packed.is_empty() {
                    out.push(make(packed.varint()?));
                }
            }
            _ => return Err(Error::WrongType(self.number)),
        }
        Ok(())
    }

    /// `repeated double` or `repeated fixed64`, packed or not.
    pub fn fixed64s<T>(&self, out: &mut Vec<T>, make: impl Fn(u64) -> T) -> Result<(), Error> {
        match self.value {
            Value::Fixed64(value) => out.push(make(value)),
            Value::Bytes(bytes) => {
                let mut packed = Reader::new(bytes);
                while !packed.is_empty() {
                    out.push(make(u64::from_le_bytes(packed.fixed()?)));
                }
            }
            _ => return Err(Error::WrongType(self.number)),
        }
        Ok(())
    }
}

/// Small numbers of either sign have few bits: 0, -1, 1, -2 are 0, 1, 2, 3.
#[must_use]
pub fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// A message being written. Numbers that are zero and texts that are empty are written too: whoever leaves
/// a field out does not call.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

/// Goes on after the fields in `bytes`.
impl From<Vec<u8>> for Writer {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }
}

impl Writer {
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.bytes.push(value.to_le_bytes()[0]);
    }

    fn key(&mut self, number: u32, wire: u64) {
        self.varint(u64::from(number) << 3 | wire);
    }

    pub fn uint(&mut self, number: u32, value: u64) -> &mut Self {
        self.key(number, 0);
        self.varint(value);
        self
    }

    pub fn int(&mut self, number: u32, value: i64) -> &mut Self {
        self.uint(number, value.cast_unsigned())
    }

    pub fn zigzag(&mut self, number: u32, value: i64) -> &mut Self {
        self.uint(number, zigzag(value))
    }

    pub fn fixed64(&mut self, number: u32, value: u64) -> &mut Self {
        self.key(number, 1);
        self.bytes.extend(value.to_le_bytes());
        self
    }

    pub fn double(&mut self, number: u32, value: f64) -> &mut Self {
        self.fixed64(number, value.to_bits())
    }

    pub fn bytes(&mut self, number: u32, bytes: &[u8]) -> &mut Self {
        self.key(number, 2);
        self.varint(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub fn text(&mut self, number: u32, text: &str) -> &mut Self {
        self.bytes(number, text.as_bytes())
    }

    /// A message within this one. It is written in place and its length put before it.
    pub fn message(&mut self, number: u32, write: impl FnOnce(&mut Self)) -> &mut Self {
        self.key(number, 2);
        let start = self.bytes.len();
        write(self);
        let len = self.bytes.len() - start;
        let mut before = Self::default();
        before.varint(len as u64);
        self.bytes.splice(start..start, before.bytes);
        self
    }

    /// `repeated` numbers, packed.
    pub fn varints(&mut self, number: u32, values: impl IntoIterator<Item = u64>) -> &mut Self {
        self.message(number, |packed| {
            values.into_iter().for_each(|value| packed.varint(value));
        })
    }

    /// `repeated double`, packed.
    pub fn doubles(&mut self, number: u32, values: impl IntoIterator<Item = f64>) -> &mut Self {
        self.message(number, |packed| {
            for value in values {
                packed.bytes.extend(value.to_le_bytes());
            }
        })
    }
}

#[must_use]
pub fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The examples of protobuf.dev/programming-guides/encoding: `a = 150`, `b = "testing"`, packed
    /// `f = [3, 270, 86942]`, and the table of zigzag.
    #[test]
    fn the_examples_of_the_specification_are_read_and_written() {
        let mut written = Writer::default();
        written.uint(1, 150);
        written.text(2, "testing");
        written.varints(6, [3, 270, 86_942]);
        let bytes = b"\x08\x96\x01\x12\x07testing\x32\x06\x03\x8e\x02\x9e\xa7\x05";
        assert_eq!(written.into_bytes(), bytes);
        let fields: Result<Vec<_>, _> = Reader::new(bytes).collect();
        let fields = fields.unwrap();
        assert_eq!(fields[0].uint(), Ok(150));
        assert_eq!(fields[1].text(), Ok("testing"));
        let mut packed = Vec::new();
        fields[2].varints(&mut packed, |value| value).unwrap();
        assert_eq!(packed, [3, 270, 86_942]);
        for (plain, coded) in [(0, 0), (-1, 1), (1, 2), (-2, 3), (0x7fff_ffff, 0xffff_fffe)] {
            assert_eq!((zigzag(plain), unzigzag(coded)), (coded, plain));
        }
    }

    #[test]
    fn mistakes_are_told_and_nothing_follows_them() {
        for (bytes, error) in [
            (&b"\x08"[..], Error::CutOff),
            (b"\x12\x05abc", Error::CutOff),
            (
                b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                Error::CutOff,
            ),
            (
                b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
                Error::TooLong,
            ),
            (b"\x0b\x0c", Error::NoSuchType),
        ] {
            let mut reader = Reader::new(bytes);
            assert_eq!(reader.next(), Some(Err(error)));
            assert_eq!(reader.next(), None);
        }
        let field = Reader::new(b"\x12\x01\xff").next().unwrap().unwrap();
        assert_eq!(field.text(), Err(Error::NotUtf8(2)));
        assert_eq!(field.uint(), Err(Error::WrongType(2)));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(number in 1u32..1000, a: u64, b: i64, c: u64, text: String) {
            let mut writer = Writer::default();
            writer.uint(number, a);
            writer.zigzag(number, b);
            writer.message(number, |inner| { inner.fixed64(1, c); inner.text(2, &text); });
            let bytes = writer.into_bytes();
            let fields: Vec<_> = Reader::new(&bytes).collect::<Result<_, _>>().unwrap();
            prop_assert!(fields.iter().all(|field| field.number == number));
            prop_assert_eq!((fields[0].uint(), fields[1].zigzag()), (Ok(a), Ok(b)));
            let inner: Vec<_> = fields[2].message().unwrap().collect::<Result<_, _>>().unwrap();
            prop_assert_eq!((inner[0].fixed64(), inner[1].text()), (Ok(c), Ok(&*text)));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            for field in Reader::new(&bytes).flatten() {
                let _ = (field.text(), field.varints(&mut Vec::new(), |v| v), field.fixed64s(&mut Vec::new(), |v| v));
            }
        }
    }
}
