//! Thrift's compact protocol, as far as Parquet's footers and page headers need it to be written.

use crate::wire::{put_signed, put_varint};

const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// One struct: fields are added in the order of their numbers.
#[derive(Default)]
pub(super) struct Struct {
    bytes: Vec<u8>,
    last: u8,
}

impl Struct {
    /// Numbers in Parquet's footers grow by less than 15 from field to field, so the short form always does.
    fn field(&mut self, number: u8, kind: u8) {
        self.bytes.push((number - self.last) << 4 | kind);
        self.last = number;
    }

    pub fn i32(mut self, number: u8, value: i32) -> Self {
        self.field(number, I32);
        put_signed(&mut self.bytes, i64::from(value));
        self
    }

    pub fn i64(mut self, number: u8, value: u64) -> Self {
        self.field(number, I64);
        put_signed(&mut self.bytes, i64::try_from(value).unwrap_or(i64::MAX));
        self
    }

    pub fn text(mut self, number: u8, text: &str) -> Self {
        self.field(number, BINARY);
        put_text(&mut self.bytes, text);
        self
    }

    pub fn of(mut self, number: u8, inner: Self) -> Self {
        self.field(number, STRUCT);
        self.bytes.append(&mut inner.end());
        self
    }

    pub fn structs(mut self, number: u8, all: Vec<Self>) -> Self {
        self.list(number, STRUCT, all.len());
        for one in all {
            self.bytes.append(&mut one.end());
        }
        self
    }

    pub fn i32s(mut self, number: u8, all: &[i32]) -> Self {
        self.list(number, I32, all.len());
        all.iter()
            .for_each(|n| put_signed(&mut self.bytes, i64::from(*n)));
        self
    }

    pub fn texts(mut self, number: u8, all: &[&str]) -> Self {
        self.list(number, BINARY, all.len());
        all.iter().for_each(|text| put_text(&mut self.bytes, text));
        self
    }

    fn list(&mut self, number: u8, kind: u8, len: usize) {
        self.field(number, LIST);
        match u8::try_from(len) {
            Ok(len) if len < 15 => self.bytes.push(len << 4 | kind),
            _ => {
                self.bytes.push(0xf0 | kind);
                put_varint(&mut self.bytes, len as u64);
            }
        }
    }

    pub fn end(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::Struct;

    #[test]
    fn a_struct_is_laid_out_as_the_compact_protocol_says() {
        // Field 1, i32 (type 5), zigzag of 1 is 2; field 4 is 3 further, binary (8) of one byte; field 5 a list
        // (9) of two i32: 2 << 4 | 5; the end is 0.
        let bytes = Struct::default()
            .i32(1, 1)
            .text(4, "a")
            .i32s(5, &[0, -1])
            .end();
        assert_eq!(bytes, [0x15, 2, 0x38, 1, b'a', 0x19, 0x25, 0, 1, 0]);
    }
}
