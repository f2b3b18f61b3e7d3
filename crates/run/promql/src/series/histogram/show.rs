//! A histogram as text: how `count_values` makes a label of it.

use std::fmt;

use super::{Bucket, Histogram};
use crate::number;

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{},{}{}:{}",
            if self.includes_lower { '[' } else { '(' },
            number::short(self.lower),
            number::short(self.upper),
            if self.includes_upper { ']' } else { ')' },
            number::short(self.count),
        )
    }
}

impl fmt::Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{{count:{}, sum:{}",
            number::short(self.count),
            number::short(self.sum)
        )?;
        let negative = self.side(&self.negative, false).rev();
        for bucket in negative.filter(|bucket| bucket.count != 0.0) {
            write!(f, ", {bucket}")?;
        }
        if self.zero_count != 0.0 && !self.has_custom_bounds() {
            write!(f, ", {}", self.zero_bucket())?;
        }
        let positive = self.side(&self.positive, true);
        for bucket in positive.filter(|bucket| bucket.count != 0.0) {
            write!(f, ", {bucket}")?;
        }
        f.write_str("}")
    }
}
