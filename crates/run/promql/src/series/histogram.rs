//! A native histogram: counts in buckets whose bounds follow from a schema.
//!
//! Source: the Prometheus specification of native histograms. Counts are floats here; those of integer
//! histograms are exact below 2^53.

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
    pub fn iter(&self) -> impl Iterator<Item = (i32, f64)> + '_ {
        let mut next = 0i32;
        let indices = self.spans.iter().flat_map(move |span| {
            let first = next.saturating_add(span.offset);
            next = first.saturating_add_unsigned(span.len);
            first..next
        });
        indices.zip(self.counts.iter().copied())
    }

    /// Whether the spans name as many buckets as there are counts.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let named: u64 = self.spans.iter().map(|span| u64::from(span.len)).sum();
        named == self.counts.len() as u64
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
}
