//! Seeded chance: what the simulated world draws its latencies, failures and arrivals from.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

/// A seeded generator that several tasks draw from.
pub(super) struct Chance(Mutex<Pcg64Mcg>);

impl Chance {
    pub(super) fn seeded(seed: u64) -> Self {
        Self(Mutex::new(Pcg64Mcg::seed_from_u64(seed)))
    }

    /// Uniform in `[0, 1)`.
    pub(super) fn unit(&self) -> f64 {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .random()
    }

    /// Whether something of this probability happens.
    pub(super) fn happens(&self, probability: f64) -> bool {
        self.unit() < probability
    }

    pub(super) fn below(&self, n: u64) -> u64 {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .random_range(0..n)
    }

    /// The gap to the next arrival of a Poisson process with this rate a second.
    pub(super) fn gap(&self, rate: f64) -> Duration {
        Duration::from_secs_f64((-(1.0 - self.unit()).ln() / rate).min(5.0))
    }

    /// A log-normal duration: `median`, and a 99th percentile of about `median * exp(2.33 * sigma)`.
    pub(super) fn around(&self, median: Duration, sigma: f64) -> Duration {
        // Box and Muller (1958): a normal from two uniforms.
        let normal =
            (-2.0 * (1.0 - self.unit()).ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos();
        Duration::from_secs_f64((median.as_secs_f64() * (sigma * normal).exp()).min(20.0))
    }
}
