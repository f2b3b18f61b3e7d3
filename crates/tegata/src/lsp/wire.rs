//! Messages as they travel: a header with the length, an empty line, and JSON.
//!
//! Source: Language Server Protocol 3.17, "Base Protocol".

use std::io::{BufRead as _, BufReader, Read, Write};

use serde_json::Value;

/// The largest message: a spec has at most 4 MiB, which JSON's escapes can double.
const BODY_MAX: usize = 16 << 20;
/// The longest line of a header, and the most of them; real ones have two of some thirty letters.
const LINE_MAX: u64 = 4_096;
const LINES_MAX: usize = 32;

/// What came in.
pub(super) enum Incoming {
    Message(Value),
    /// Something that is no message; what follows it is read.
    Broken(String),
}

pub(super) struct Reader<R> {
    input: BufReader<R>,
}

impl<R: Read> Reader<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input: BufReader::new(input),
        }
    }

    /// The next message; `None` where there will be none.
    pub(super) fn next(&mut self) -> Option<Incoming> {
        let length = match self.header()? {
            Ok(length) => length,
            Err(why) => return Some(Incoming::Broken(why)),
        };
        let mut body = vec![0; length];
        self.input.read_exact(&mut body).ok()?;
        Some(match serde_json::from_slice(&body) {
            Ok(message @ Value::Object(_)) => Incoming::Message(message),
            Ok(_) => Incoming::Broken("a message is an object".to_owned()),
            Err(error) => Incoming::Broken(error.to_string()),
        })
    }

    /// The length that a header tells. Lines that are none are passed over up to the empty one that ends it.
    fn header(&mut self) -> Option<Result<usize, String>> {
        let mut length = None;
        for _ in 0..LINES_MAX {
            let mut line = Vec::new();
            let read = (&mut self.input)
                .take(LINE_MAX)
                .read_until(b'\n', &mut line)
                .ok()?;
            if read == 0 {
                return None;
            }
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            let value = line
                .split_once(':')
                .filter(|(name, _)| name.eq_ignore_ascii_case("Content-Length"));
            if let Some((_, value)) = value {
                length = value.trim().parse::<usize>().ok();
            }
        }
        Some(match length {
            Some(length) if length <= BODY_MAX => Ok(length),
            Some(length) => {
                // Its body is passed over, so that the next header is found.
                let length = u64::try_from(length).unwrap_or(u64::MAX);
                std::io::copy(&mut (&mut self.input).take(length), &mut std::io::sink()).ok()?;
                Err(format!("a message has at most {BODY_MAX} bytes"))
            }
            None => Err("the header tells no Content-Length".to_owned()),
        })
    }
}

pub(super) fn write(output: &mut impl Write, message: &Value) -> anyhow::Result<()> {
    let body = serde_json::to_vec(message)?;
    write!(output, "Content-Length: {}\r\n\r\n", body.len())?;
    output.write_all(&body)?;
    Ok(output.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<Result<Value, String>> {
        let mut reader = Reader::new(bytes);
        std::iter::from_fn(|| reader.next())
            .map(|incoming| match incoming {
                Incoming::Message(message) => Ok(message),
                Incoming::Broken(why) => Err(why),
            })
            .collect()
    }

    #[test]
    fn what_is_no_message_does_not_hide_the_next() {
        let found = read(
            b"nonsense\r\n\r\nContent-Length: 3\r\n\r\n{]}content-length: 2\r\nContent-Type: x\r\n\r\n{}Content-Length: 99\r\n\r\n{",
        );
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].is_err() && found[1].is_err());
        assert_eq!(found[2], Ok(Value::Object(serde_json::Map::new())));
    }

    #[test]
    fn what_is_too_long_is_passed_over() {
        let long = BODY_MAX + 1;
        let mut bytes = format!("Content-Length: {long}\r\n\r\n").into_bytes();
        bytes.extend(std::iter::repeat_n(b'x', long));
        bytes.extend(b"Content-Length: 2\r\n\r\n{}");
        let found = read(&bytes);
        assert!(found[0].is_err() && found[1].is_ok() && found.len() == 2);
    }
}
