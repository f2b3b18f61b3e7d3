//! A native histogram: counts in buckets whose bounds follow from a schema.
//!
//! Source: the Prometheus specification of native histograms. Counts are floats here; those of integer
//! histograms are exact below 2^53.

mod arithmetic;
mod bounds;
mod iterate;
mod reset;
mod show;

pub use arithmetic::Incompatible;
pub use bounds::bound;
pub use iterate::Bucket;

/// How a counter histogram began, as its writer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Reset {
    /// Only its values tell.
    #[default]
    Unknown,
    Yes,
    No,
    /// A gauge is never reset.
    Gauge,
}

/// `len` buckets in a row, `offset` buckets after the end of the span before (the first: from bucket 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub offset: i32,
    pub len: u32,
}

/// The populated buckets of one sign.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Buckets {
    pub spans: Vec<Span>,
    /// Absolute, not cumulative; one for each bucket that the spans name.
    pub counts: Vec<f64>,
}

impl Buckets {
    /// Index and count of each bucket.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (i32, f64)> + '_ {
        self.indices().into_iter().zip(self.counts.iter().copied())
    }

    fn indices(&self) -> Vec<i32> {
        let mut indices = Vec::with_capacity(self.counts.len());
        let mut next = 0i32;
        for span in &self.spans {
            next = next.saturating_add(span.offset);
            for _ in 0..span.len {
                // What the counts do not reach names nothing.
                if indices.len() == self.counts.len() {
                    return indices;
                }
                indices.push(next);
                next = next.saturating_add(1);
            }
        }
        indices
    }

    /// Whether the spans name as many buckets as there are counts.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let named: u64 = self.spans.iter().map(|span| u64::from(span.len)).sum();
        named == self.counts.len() as u64
    }
}

/// From indices in rising order.
impl FromIterator<(i32, f64)> for Buckets {
    fn from_iter<I: IntoIterator<Item = (i32, f64)>>(pairs: I) -> Self {
        let mut out = Self::default();
        let mut next = 0i32;
        for (index, count) in pairs {
            match out.spans.last_mut() {
                Some(span) if index == next => span.len += 1,
                _ => out.spans.push(Span {
                    offset: index.saturating_sub(next),
                    len: 1,
                }),
            }
            out.counts.push(count);
            next = index.saturating_add(1);
        }
        out
    }
}

/// The schema of histograms whose bounds are listed instead of computed.
pub const CUSTOM_BOUNDS: i8 = -53;

/// Counts by size. With schema `n` from -4 to 8 bucket `i` is `(2^((i-1) / 2^n), 2^(i / 2^n)]`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Histogram {
    pub schema: i8,
    pub reset: Reset,
    pub count: f64,
    pub sum: f64,
    /// Observations of at most this size lie in the zero bucket.
    pub zero_threshold: f64,
    pub zero_count: f64,
    pub positive: Buckets,
    pub negative: Buckets,
    /// Upper bounds, with [`CUSTOM_BOUNDS`] only; bucket `i` ends at the `i`th, the last at infinity.
    pub custom_bounds: Vec<f64>,
}

impl Histogram {
    /// A marker that ends the series until its next sample.
    #[must_use]
    pub fn stale() -> Self {
        Self {
            sum: super::STALE,
            ..Self::default()
        }
    }

    #[must_use]
    pub fn is_stale(&self) -> bool {
        super::is_stale(self.sum)
    }

    #[must_use]
    pub fn has_custom_bounds(&self) -> bool {
        self.schema == CUSTOM_BOUNDS
    }

    /// Equal to the last bit, whatever its writer said of resets: how `==` compares in a query.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        let bits = |a: f64, b: f64| a.to_bits() == b.to_bits();
        let all =
            |a: &[f64], b: &[f64]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| bits(*a, *b));
        let side =
            |a: &Buckets, b: &Buckets| all(&a.counts, &b.counts) && a.indices() == b.indices();
        self.schema == other.schema
            && bits(self.count, other.count)
            && bits(self.sum, other.sum)
            && (!self.has_custom_bounds() || all(&self.custom_bounds, &other.custom_bounds))
            && self.zero_threshold == other.zero_threshold
            && bits(self.zero_count, other.zero_count)
            && side(&self.negative, &other.negative)
            && side(&self.positive, &other.positive)
    }
}
