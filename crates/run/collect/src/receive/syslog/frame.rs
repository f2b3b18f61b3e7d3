//! Where one message ends and the next begins on a connection: RFC 6587, and RFC 5425 over TLS.
//!
//! A message that begins with a digit stands behind its length (octet counting); any other ends with a line feed.
//! Both may come on one connection, for relays mix them.

/// A length beyond this is no syslog but another protocol on the wrong port; the connection is closed.
const LENGTH_MAX: usize = 16 << 20;

/// What was found on the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Frame {
    Message(Vec<u8>),
    TooLong,
}

/// The sender does not speak syslog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Garbled;

/// Bytes on their way to become messages; holds no more than one message and what was read behind it.
#[derive(Debug)]
pub(super) struct Frames {
    line_max: usize,
    bytes: Vec<u8>,
    passing: Passing,
}

/// What of a message that was too long is still to be passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passing {
    Nothing,
    Bytes(usize),
    Line,
}

impl Frames {
    pub fn new(line_max: usize) -> Self {
        Self {
            line_max,
            bytes: Vec::new(),
            passing: Passing::Nothing,
        }
    }

    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Every message that has come whole.
    pub fn take(&mut self) -> Result<Vec<Frame>, Garbled> {
        let mut frames = Vec::new();
        let mut from = 0;
        while let Some((frame, length)) = self.next(from)? {
            frames.extend(frame);
            from += length;
        }
        self.bytes.drain(..from);
        Ok(frames)
    }

    /// The connection has ended: what is left is a message whose end was left out.
    pub fn end(mut self) -> Option<Frame> {
        let is_whole = self.passing == Passing::Nothing
            && !self.bytes.is_empty()
            && !self.bytes[0].is_ascii_digit();
        is_whole.then(|| Frame::Message(std::mem::take(&mut self.bytes)))
    }

    /// What stands at `from`, and how many bytes it takes; `None` where more must come first.
    fn next(&mut self, from: usize) -> Result<Option<(Option<Frame>, usize)>, Garbled> {
        let rest = &self.bytes[from..];
        let Some(first) = rest.first() else {
            return Ok(None);
        };
        match self.passing {
            Passing::Bytes(left) => {
                let passed = left.min(rest.len());
                self.passing = match left - passed {
                    0 => Passing::Nothing,
                    left => Passing::Bytes(left),
                };
                return Ok(Some((None, passed)));
            }
            Passing::Line => {
                let end = memchr::memchr(b'\n', rest);
                if end.is_some() {
                    self.passing = Passing::Nothing;
                }
                return Ok(Some((None, end.map_or(rest.len(), |end| end + 1))));
            }
            Passing::Nothing => {}
        }
        match first {
            // Some senders end a counted message with a line feed all the same.
            b'\n' | b'\r' | 0 => Ok(Some((None, 1))),
            b'1'..=b'9' => self.counted(from),
            _ => Ok(self.line(from)),
        }
    }

    /// `LENGTH SP MESSAGE`.
    fn counted(&mut self, from: usize) -> Result<Option<(Option<Frame>, usize)>, Garbled> {
        /// Digits of the largest length, and one more by which a larger one is known.
        const DIGITS_MAX: usize = 9;
        let rest = &self.bytes[from..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > DIGITS_MAX {
            return Err(Garbled);
        }
        let Some(behind) = rest.get(digits) else {
            return Ok(None);
        };
        let number = std::str::from_utf8(&rest[..digits]).ok();
        let length: usize = number.and_then(|text| text.parse().ok()).ok_or(Garbled)?;
        if *behind != b' ' || length > LENGTH_MAX {
            return Err(Garbled);
        }
        let start = digits + 1;
        if length > self.line_max {
            self.passing = Passing::Bytes(length);
            return Ok(Some((Some(Frame::TooLong), start)));
        }
        let message = rest.get(start..start + length);
        Ok(message.map(|message| (Some(Frame::Message(message.to_vec())), start + length)))
    }

    fn line(&mut self, from: usize) -> Option<(Option<Frame>, usize)> {
        let rest = &self.bytes[from..];
        match memchr::memchr(b'\n', rest) {
            Some(end) if end <= self.line_max => {
                Some((Some(Frame::Message(rest[..end].to_vec())), end + 1))
            }
            Some(end) => Some((Some(Frame::TooLong), end + 1)),
            None if rest.len() > self.line_max => {
                self.passing = Passing::Line;
                Some((Some(Frame::TooLong), rest.len()))
            }
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn message(text: &str) -> Frame {
        Frame::Message(text.as_bytes().to_vec())
    }

    #[test]
    fn both_kinds_of_frames_are_read_and_what_is_too_long_is_passed_over() {
        let mut frames = Frames::new(10);
        frames.push(b"5 <1>ab<2>line\n12 <1>too-long!3 <3>\n<4>far too long a line\n<5>ok\n<6>re");
        assert_eq!(
            frames.take().unwrap(),
            [
                message("<1>ab"),
                message("<2>line"),
                Frame::TooLong,
                message("<3>"),
                Frame::TooLong,
                message("<5>ok"),
            ]
        );
        assert_eq!(frames.end(), Some(message("<6>re")));
    }

    #[test]
    fn another_protocol_is_not_read() {
        for bytes in [&b"99999999999 x"[..], b"123abc", b"20000000 x"] {
            let mut frames = Frames::new(10);
            frames.push(bytes);
            assert_eq!(frames.take(), Err(Garbled), "{bytes:?}");
        }
    }

    proptest! {
        /// However the bytes are cut on their way, the messages are the same.
        #[test]
        fn where_reads_end_does_not_matter(
            texts in prop::collection::vec("<[0-9]{1,3}>[a-z]{0,12}", 0..8),
            counted in prop::collection::vec(any::<bool>(), 8),
            cut in 1usize..7,
        ) {
            let mut bytes = Vec::new();
            for (text, counted) in texts.iter().zip(counted) {
                match counted {
                    true => bytes.extend(format!("{} {text}", text.len()).bytes()),
                    false => bytes.extend(format!("{text}\n").bytes()),
                }
            }
            let mut frames = Frames::new(64);
            let mut found = Vec::new();
            for part in bytes.chunks(cut) {
                frames.push(part);
                found.extend(frames.take().unwrap());
            }
            let expected: Vec<Frame> = texts.iter().map(|text| message(text)).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut frames = Frames::new(16);
            frames.push(&bytes);
            let _ = frames.take();
            let _ = frames.end();
        }
    }
}
