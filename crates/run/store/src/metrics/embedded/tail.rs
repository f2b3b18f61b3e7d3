//! The newest samples of a series, before they make a chunk.
//!
//! ```text
//! time | value | change of the step | value | change of the step | value | …
//! ```
//!
//! A value that is a decimal with as many places as the one before it is its difference to that as an integer; any
//! other stands whole. So a sample of a counter or a gauge takes some three bytes while it waits, and a tail can be
//! long: the longer it is, the less often what a series has is encoded again.

use promise::Timestamp;

use crate::{
    Sample,
    numbers::values::Decimal,
    wire::{Reader, put_float, put_signed, put_varint, unzigzag, zigzag},
};

/// Samples of a full tail: half of a grown chunk, so that each sample is encoded twice at most.
const SAMPLES_MAX: u8 = 64;
/// Bytes of a full tail. Values that are no decimals take ten each.
const BYTES_MAX: usize = 224;
/// By how much a tail grows; there is one for each series, so room that is not used adds up.
const ROOM: usize = 32;
/// More than a sample takes: two numbers of ten bytes, a mark and a byte.
const SAMPLE_BYTES_MAX: usize = 22;

/// What stands in the place of a difference, which is even: the value follows whole,
const WHOLE: u64 = 1;
/// or its number of places and the integer.
const PLACES: u64 = 3;
/// A value that is no decimal was seen: those after it are not tried.
const NO_DECIMALS: u8 = u8::MAX;

pub(super) struct Tail {
    bytes: Vec<u8>,
    /// The newest sample's time, also after the tail was cleared; `i64::MIN` where there was none.
    last: i64,
    step: i64,
    /// The newest decimal.
    integer: i64,
    places: u8,
    samples: u8,
}

impl Tail {
    pub fn new() -> Self {
        Self {
            bytes: Vec::new(),
            last: i64::MIN,
            step: 0,
            integer: 0,
            places: 0,
            samples: 0,
        }
    }

    pub fn last(&self) -> i64 {
        self.last
    }

    pub fn is_empty(&self) -> bool {
        self.samples == 0
    }

    pub fn len(&self) -> usize {
        usize::from(self.samples)
    }

    pub fn is_full(&self) -> bool {
        self.samples >= SAMPLES_MAX || self.bytes.len() >= BYTES_MAX
    }

    /// What [`read`] reads.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The time of its first sample.
    pub fn first(&self) -> Option<i64> {
        Reader::new(&self.bytes).signed()
    }

    /// Adds a sample that is newer than [`Tail::last`].
    pub fn push(&mut self, at: i64, value: f64) {
        if self.bytes.capacity() - self.bytes.len() < SAMPLE_BYTES_MAX {
            self.bytes.reserve_exact(ROOM);
        }
        let decimal = if self.samples == 0 {
            (self.step, self.integer) = (0, 0);
            put_signed(&mut self.bytes, at);
            // The fewest places anew, for one odd value must not lengthen all that follow.
            let guess = std::mem::replace(&mut self.places, 0);
            Decimal::fewest(value, if guess == NO_DECIMALS { 0 } else { guess })
        } else {
            let step = at.wrapping_sub(self.last);
            put_signed(&mut self.bytes, step.wrapping_sub(self.step));
            self.step = step;
            if self.places == NO_DECIMALS {
                None
            } else {
                Decimal::of(value, self.places)
            }
        };
        self.last = at;
        self.samples += 1;
        match decimal {
            Some(Decimal { places, integer }) if places == self.places => {
                let by = integer.wrapping_sub(self.integer);
                put_varint(&mut self.bytes, zigzag(by) << 1);
                self.integer = integer;
            }
            Some(Decimal { places, integer }) => {
                put_varint(&mut self.bytes, PLACES);
                self.bytes.push(places);
                put_signed(&mut self.bytes, integer);
                (self.places, self.integer) = (places, integer);
            }
            None => {
                put_varint(&mut self.bytes, WHOLE);
                put_float(&mut self.bytes, value);
                // NaN and infinities stand among decimals too.
                if value.is_finite() {
                    self.places = NO_DECIMALS;
                }
            }
        }
    }

    pub fn clear(&mut self) {
        self.bytes = Vec::new();
        self.samples = 0;
    }
}

/// Adds the samples of [`Tail::bytes`] to `out`. What is in memory is what `push` wrote, so nothing else is looked for.
pub(super) fn read(bytes: &[u8], out: &mut Vec<Sample>) {
    let mut reader = Reader::new(bytes);
    let Some(mut at) = reader.signed() else {
        return;
    };
    let (mut step, mut newest) = (0i64, Decimal::ZERO);
    while let Some(value) = read_value(&mut reader, &mut newest) {
        out.push(Sample {
            at: Timestamp::from_millis(at),
            value,
        });
        let Some(change) = reader.signed() else {
            return;
        };
        step = step.wrapping_add(change);
        at = at.wrapping_add(step);
    }
}

fn read_value(reader: &mut Reader<'_>, newest: &mut Decimal) -> Option<f64> {
    match reader.varint()? {
        WHOLE => return reader.float(),
        PLACES => {
            newest.places = reader.byte()?;
            newest.integer = reader.signed()?;
        }
        by => newest.integer = newest.integer.wrapping_add(unzigzag(by >> 1)),
    }
    newest.value()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::metrics::STALE;

    fn bytes_of(samples: &[(i64, f64)]) -> usize {
        let mut tail = Tail::new();
        for (at, value) in samples {
            tail.push(*at, *value);
        }
        let mut back = Vec::new();
        read(tail.bytes(), &mut back);
        let bits = |at: i64, value: f64| (at, value.to_bits());
        let back: Vec<_> = back
            .iter()
            .map(|s| bits(s.at.as_millis(), s.value))
            .collect();
        let wanted: Vec<_> = samples
            .iter()
            .map(|(at, value)| bits(*at, *value))
            .collect();
        assert_eq!(back, wanted);
        assert_eq!(tail.first(), samples.first().map(|(at, _)| *at));
        tail.bytes().len()
    }

    #[test]
    fn a_steady_counter_takes_two_bytes_a_sample() {
        // The first: a time of 6 bytes and an integer of 2; the second: a step of 3. Then a byte for the time that
        // changes nothing, and one for a rise of 7.
        let counter: Vec<(i64, f64)> = (0..64u32)
            .map(|n| {
                (
                    1_767_571_200_000 + i64::from(n) * 15_000,
                    f64::from(1000 + n * 7),
                )
            })
            .collect();
        assert_eq!(bytes_of(&counter), 6 + 2 + 3 + 1 + 62 * 2);
    }

    #[test]
    fn places_change_and_values_that_are_no_decimals_keep_their_bits() {
        let odd = [
            1.0,
            1.5,
            1.25,
            STALE,
            1.5,
            f64::INFINITY,
            1e300,
            3.0,
            -0.0,
            0.1 + 0.2,
            f64::MIN_POSITIVE,
            9e15,
            -9e15,
        ];
        for start in 0..odd.len() {
            let turned = odd.iter().cycle().skip(start).take(odd.len());
            let samples: Vec<(i64, f64)> = (0..).map(|n| n * 1000).zip(turned.copied()).collect();
            bytes_of(&samples);
        }
    }

    proptest! {
        #[test]
        fn any_samples_read_back(samples in prop::collection::vec((0i64..1 << 40, any::<f64>(), 0u8..3), 1..64)) {
            let mut at = -5;
            let all: Vec<(i64, f64)> = samples
                .into_iter()
                .map(|(step, value, kind)| {
                    at += 1 + step;
                    let value = match kind {
                        0 => value,
                        1 => (value % 1e6).round() / 100.0,
                        _ => (value % 1e9).round(),
                    };
                    (at, value)
                })
                .collect();
            bytes_of(&all);
        }
    }
}
