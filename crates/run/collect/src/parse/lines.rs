//! A text answer, line by line: what describes a family is kept, a line with a sample is handed out unread,
//! because whoever saw its series before need not read it again.

use promise::say;

use super::{Cursor, Exposed, Format, Limits, Metadata, ParseError, metadata, number, sample};

pub(crate) struct Lines<'b> {
    text: &'b str,
    format: Format,
    number: usize,
    /// Whether `# EOF` was seen.
    ended: bool,
    /// In the order of the text.
    pub metadata: Vec<Metadata<'b>>,
    /// The newest type that was said.
    kind: &'b str,
}

impl<'b> Lines<'b> {
    pub fn new(body: &'b [u8], format: Format) -> Result<Self, ParseError> {
        Ok(Self {
            text: utf8(body)?,
            format,
            number: 0,
            ended: false,
            metadata: Vec::new(),
            kind: "",
        })
    }

    /// The next line that holds a sample.
    pub fn next(&mut self) -> Result<Option<Line<'b>>, ParseError> {
        while !self.text.is_empty() {
            let end = memchr::memchr(b'\n', self.text.as_bytes());
            let (line, rest) = end.map_or((self.text, ""), |end| {
                (&self.text[..end], &self.text[end + 1..])
            });
            self.text = rest;
            self.number += 1;
            let mut cursor = Cursor::new(line, self.number);
            if self.ended {
                return Err(cursor.wrong(say!(
                    "there is text after `# EOF`",
                    "`# EOF` の後に文字があります"
                )));
            }
            let is_open = self.format == Format::OpenMetrics;
            if !is_open {
                cursor.skip_space();
                if cursor.at_end() {
                    continue;
                }
            }
            if cursor.peek() != Some(b'#') {
                return Ok(Some(Line {
                    cursor,
                    format: self.format,
                    kind: self.kind,
                }));
            }
            let said = if is_open {
                let told = metadata::openmetrics(&mut cursor, &mut self.metadata)?;
                self.ended = told == metadata::Told::End;
                told
            } else {
                metadata::prometheus(&mut cursor, &mut self.metadata)?
            };
            if said == metadata::Told::Kind {
                self.kind = self.metadata.last().map_or("", |last| last.kind);
            }
        }
        if self.format == Format::OpenMetrics && !self.ended {
            return Err(Cursor::new("", self.number.max(1)).wrong(say!(
                "the answer ends without `# EOF`: it was cut off",
                "`# EOF` がありません。応答が途中で切れています"
            )));
        }
        Ok(None)
    }
}

/// A line with a sample, not yet read.
pub(crate) struct Line<'b> {
    cursor: Cursor<'b>,
    format: Format,
    kind: &'b str,
}

impl<'b> Line<'b> {
    /// Series and value, if the line holds nothing else. The series is unread: it is one only if the same
    /// text was read as one before.
    pub fn halves(&self) -> Option<(&'b str, f64)> {
        let text = self.cursor.rest();
        let blank = memchr::memrchr(b' ', text.as_bytes())?;
        Some((&text[..blank], number::value(&text[blank + 1..])?))
    }

    pub fn read(self, limits: &Limits) -> Result<Exposed<'b>, ParseError> {
        sample::line(self.cursor, self.format, self.kind, limits)
    }
}

fn utf8(body: &[u8]) -> Result<&str, ParseError> {
    std::str::from_utf8(body).map_err(|error| {
        let good = &body[..error.valid_up_to()];
        let line = memchr::memchr_iter(b'\n', good).count() + 1;
        let start = memchr::memrchr(b'\n', good).map_or(0, |i| i + 1);
        let column = String::from_utf8_lossy(&good[start..]).chars().count() + 1;
        ParseError {
            line,
            column,
            what: say!("the bytes are not UTF-8", "UTF-8 ではありません"),
            is_limit: false,
        }
    })
}
