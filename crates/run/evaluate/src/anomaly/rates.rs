//! Which of many does more than it used to, and more than the others do.
//!
//! Counts of one are held against a rate that is its own as far as it is known, and that of all where it is not: the
//! gamma-Poisson shrinker (DuMouchel, "Bayesian Data Mining in Large Frequency Tables", American Statistician 53, 1999).
//! One that nobody knows may do what the others do; one with a long past is held to that past. How many at least are too
//! many follows from the negative binomial that is left when the rate itself is uncertain.

use std::collections::BTreeMap;

use promise::stat::at_least_so_many;
use serde::{Deserialize, Serialize};

/// Of whom the rate is remembered; the ones not seen for longest are forgotten.
const ENTITIES_MAX: usize = 10_000;
/// Fewer do not say what others do.
const OTHERS_LEAST: usize = 8;
/// Stretches after which anything is said: nobody is judged by a first impression.
const STRETCHES_LEAST: u64 = 12;
/// What is so many stretches old counts half: a week of five minutes.
const HALF_LIFE: f64 = 2_016.0;

/// The counts of many, stretch by stretch.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    stretches: u64,
    of: BTreeMap<String, Rate>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Rate {
    /// Events, and stretches in which they were counted; old ones count less.
    events: f64,
    stretches: f64,
    last: u64,
}

/// One that does more than it should.
#[derive(Debug, Clone, PartialEq)]
pub struct Odd {
    pub name: String,
    pub count: u32,
    /// What it did in a stretch before; `None` where nothing is known of it.
    pub own: Option<f64>,
    /// What the others do in a stretch, on average.
    pub others: f64,
    /// By chance as many or more.
    pub chance: f64,
}

impl Rates {
    /// Takes what each did in a stretch, those that did nothing left out. Tells whom chance explains less often than
    /// `risk` in a stretch, over all of them together, and learns from the others.
    #[allow(clippy::cast_precision_loss)]
    pub fn observe(&mut self, counts: &BTreeMap<String, u32>, risk: f64) -> Vec<Odd> {
        self.stretches += 1;
        let now = self.stretches;
        let prior = self.prior();
        let bound = risk / (counts.len().max(1) as f64);
        let mut odd = Vec::new();
        for (name, count) in counts {
            let known = self.of.get(name).map(|rate| rate.aged(now));
            if let Some((shape, weight, others)) = prior.filter(|_| now > STRETCHES_LEAST) {
                let own = known.unwrap_or_default();
                // Of a shape below one the tail has no closed form here; one is the more cautious.
                let shape = (shape + own.events).max(1.0);
                let weight = weight + own.stretches;
                let many = f64::from(*count);
                let chance = at_least_so_many(many, many + shape - 1.0, 1.0 / (weight + 1.0));
                if chance < bound && many > 1.0 {
                    odd.push(Odd {
                        name: name.clone(),
                        count: *count,
                        own: known.map(|own| own.events / own.stretches.max(1.0)),
                        others,
                        chance,
                    });
                    // What was told is not what it does by itself.
                    continue;
                }
            }
            if self.of.len() >= ENTITIES_MAX && !self.of.contains_key(name) {
                self.forget();
            }
            let mut rate = known.unwrap_or_default();
            rate.events += f64::from(*count);
            rate.stretches += 1.0;
            rate.last = now;
            self.of.insert(name.clone(), rate);
        }
        odd
    }

    /// The gamma distribution of rates: its shape, its weight in stretches, and its mean; by its moments.
    #[allow(clippy::cast_precision_loss)]
    fn prior(&self) -> Option<(f64, f64, f64)> {
        let n = self.of.len();
        if n < OTHERS_LEAST {
            return None;
        }
        let now = self.stretches;
        let rates = || {
            self.of.values().map(move |rate| {
                let rate = rate.aged(now);
                rate.events / rate.stretches.max(1.0)
            })
        };
        let mean = rates().sum::<f64>() / n as f64;
        let variance = rates().map(|rate| (rate - mean).powi(2)).sum::<f64>() / n as f64;
        // Rates that hardly differ would make a prior that nothing of one's own could move.
        let variance = variance.max(mean * mean / 10.0);
        (mean > 0.0).then(|| (mean * mean / variance, mean / variance, mean))
    }

    fn forget(&mut self) {
        let mut last: Vec<u64> = self.of.values().map(|rate| rate.last).collect();
        last.sort_unstable();
        // A quarter at once, so that this is seldom; all of them where all are of now.
        let floor = last.get(last.len() / 4).copied().unwrap_or_default();
        self.of.retain(|_, rate| rate.last > floor);
    }
}

impl Rate {
    /// As it counts now, with the stretches in which nothing was counted.
    #[allow(clippy::cast_precision_loss)]
    fn aged(self, now: u64) -> Self {
        let gap = now.saturating_sub(self.last).saturating_sub(1) as f64;
        let each = 0.5_f64.powf(1.0 / HALF_LIFE);
        let faded = each.powf(gap + 1.0);
        Self {
            events: self.events * faded,
            // A geometric series: the empty stretches, older ones counting less.
            stretches: self.stretches * faded + (1.0 - each.powf(gap)) / (1.0 - each),
            last: self.last,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn counts(of: &[(&str, u32)]) -> BTreeMap<String, u32> {
        of.iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect()
    }

    /// A month in which twenty log in once or twice now and then, and a batch job five hundred times.
    fn lived_through() -> Rates {
        let mut rates = Rates::default();
        for n in 0..2_000_u32 {
            let mut now = counts(&[("batch", 480 + n * 7 % 40)]);
            for user in 0..20 {
                if (n + user * 13) % 20 < 2 {
                    now.insert(format!("user{user}"), 1 + (n + user) % 2);
                }
            }
            assert_eq!(rates.observe(&now, 1e-4), [], "{n}");
        }
        rates
    }

    #[test]
    fn each_is_held_to_what_it_did_before() {
        let mut rates = lived_through();
        // 520 is what the job does; of a user with one login in ten stretches it is an attack, and so is 30.
        assert_eq!(rates.observe(&counts(&[("batch", 520)]), 1e-4), []);
        let odd = rates.observe(
            &counts(&[("user3", 30), ("user4", 2), ("batch", 510)]),
            1e-4,
        );
        assert_eq!(odd.len(), 1, "{odd:?}");
        assert_eq!((odd[0].name.as_str(), odd[0].count), ("user3", 30));
        // One or two in a tenth of the stretches are 0.15 in each.
        assert!((0.12..0.18).contains(&odd[0].own.unwrap()), "{odd:?}");
        // What was told was not learned: it is told again.
        assert_eq!(rates.observe(&counts(&[("user3", 30)]), 1e-4).len(), 1);
    }

    #[test]
    fn nobody_is_judged_where_little_is_known() {
        let mut rates = Rates::default();
        assert_eq!(rates.observe(&counts(&[("a", 5_000)]), 1e-4), []);
        assert_eq!(rates.observe(&counts(&[("b", 1)]), 1e-4), []);
    }

    #[test]
    fn names_without_end_stay_within_their_bound() {
        let mut rates = Rates::default();
        for batch in 0..15 {
            let many: BTreeMap<String, u32> = (0..1_000)
                .map(|n| (format!("user{batch}-{n}"), 1))
                .collect();
            rates.observe(&many, 1e-4);
        }
        assert!(rates.of.len() <= ENTITIES_MAX);
    }
}
