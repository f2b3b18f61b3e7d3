//! Low traffic, simulated: `cargo run --release -p tegata-promise --example low_traffic [MONTHS]`.
//!
//! 60 requests an hour (a Poisson process) under a promise of 99.9 % over 30 days. Each request fails with a
//! probability of its own (a real draw, no average). Every minute both ways of alerting look at the same counters:
//!
//! * plain: the page alert of the SRE workbook, chapter 5, as Prometheus evaluates it: 14.4 times over 1 h and 5 min,
//!   or 6 times over 6 h and 30 min. With and without `for: 2m`.
//! * ours: a ratio promise with the same two burn alerts.
//!
//! A page is an alert that was not firing a minute before.

use std::{collections::VecDeque, time::Duration};

use promise::{Evidence, Fact, Promise, Seen, State, Timestamp, document::parse_yaml};

const SPEC: &str =
    "{ kind: ratio, total: all, bad: failed, at_least: 99.9 %, window: 30d, fresh_for: 5m,
    burn: [{ rate: 14.4, over: 1h, severity: page }, { rate: 6, over: 6h, severity: page }] }";
const MINUTE: Duration = Duration::from_secs(60);
const PER_MINUTE: f64 = 1.0;
const DAY: usize = 1_440;
/// Before a fault begins, so that windows are full.
const QUIET: usize = 7 * DAY;

/// PCG XSH RR 64/32 (O'Neill, 2014).
struct Chance(u64);

impl Chance {
    fn uniform(&mut self) -> f64 {
        let old = self.0;
        self.0 = old
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let shifted = (((old >> 18) ^ old) >> 27) as u32;
        f64::from(shifted.rotate_right((old >> 59) as u32)) / 4_294_967_296.0
    }

    /// Knuth's multiplication, exact for small means.
    fn poisson(&mut self, mean: f64) -> u32 {
        let (limit, mut product, mut n) = ((-mean).exp(), self.uniform(), 0);
        while product > limit {
            product *= self.uniform();
            n += 1;
        }
        n
    }
}

/// Both alertings, fed with the same minutes.
struct Watch {
    promise: Promise,
    facts: Vec<Fact>,
    minutes: VecDeque<(f64, f64)>,
    now: Timestamp,
    plain_for: u32,
}

#[derive(Clone, Copy, Default)]
struct Firing {
    plain: bool,
    plain_for_2m: bool,
    ours: bool,
}

impl Watch {
    fn new() -> Option<Self> {
        let mut mistakes = Vec::new();
        let mut promise = Promise::read("p", &parse_yaml(SPEC).0?, &mut mistakes)?;
        let now = Timestamp::from_millis(1_793_491_200_000);
        promise.since = now;
        Some(Self {
            promise,
            facts: Vec::new(),
            minutes: VecDeque::new(),
            now,
            plain_for: 0,
        })
    }

    fn minute(&mut self, chance: &mut Chance, fails: f64) -> Firing {
        let total = chance.poisson(PER_MINUTE);
        let bad = (0..total).filter(|_| chance.uniform() < fails).count();
        let (bad, total) = (bad as f64, f64::from(total));
        let from = self.now;
        self.now = from + MINUTE;
        self.facts.push(Fact {
            from,
            to: self.now,
            seen: Seen::Events {
                good: total - bad,
                total,
            },
        });
        if self.facts.len() > 2 * Evidence::MAX_FACTS {
            let facts = std::mem::take(&mut self.facts);
            self.facts = Evidence::compact(facts, self.now, Duration::from_secs(30 * 86_400), &[]);
        }
        self.minutes.push_front((bad, total));
        self.minutes.truncate(360);
        let plain = self.burns(14.4, 60, 5) || self.burns(6.0, 360, 30);
        self.plain_for = if plain { self.plain_for + 1 } else { 0 };
        Firing {
            plain,
            plain_for_2m: self.plain_for > 2,
            ours: self.ours(),
        }
    }

    fn burns(&self, rate: f64, long: usize, short: usize) -> bool {
        [long, short].into_iter().all(|minutes| {
            let (bad, total) = self
                .minutes
                .iter()
                .take(minutes)
                .fold((0.0, 0.0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
            // 0 / 0 is NaN in PromQL, and no alert.
            total > 0.0 && bad / total > rate * 0.001
        })
    }

    fn ours(&self) -> bool {
        let facts = Evidence::compact(
            self.facts.clone(),
            self.now,
            Duration::from_secs(30 * 86_400),
            &[],
        );
        let verdict = self.promise.judge(
            &Evidence {
                facts,
                ..Evidence::default()
            },
            self.now,
        );
        verdict.state == State::Broken || verdict.severity.is_some()
    }
}

/// Pages in a month in which each request fails with `fails`.
fn healthy(seed: u64, fails: f64) -> Option<[f64; 3]> {
    let (mut watch, mut chance) = (Watch::new()?, Chance(seed));
    let (mut pages, mut before) = ([0.0; 3], Firing::default());
    for _ in 0..30 * DAY {
        let firing = watch.minute(&mut chance, fails);
        pages[0] += f64::from(u8::from(firing.plain && !before.plain));
        pages[1] += f64::from(u8::from(firing.plain_for_2m && !before.plain_for_2m));
        pages[2] += f64::from(u8::from(firing.ours && !before.ours));
        before = firing;
    }
    Some(pages)
}

/// Minutes from the begin of a fault to the page, for each alerting; at most a day.
fn found(seed: u64, fails: f64) -> Option<[f64; 3]> {
    let (mut watch, mut chance) = (Watch::new()?, Chance(seed));
    for _ in 0..QUIET {
        watch.minute(&mut chance, 0.0002);
    }
    let mut after = [DAY as f64; 3];
    for minute in 1..=DAY {
        let firing = watch.minute(&mut chance, fails);
        for (after, firing) in
            after
                .iter_mut()
                .zip([firing.plain, firing.plain_for_2m, firing.ours])
        {
            if firing {
                *after = after.min(minute as f64);
            }
        }
        if after.iter().all(|after| *after < DAY as f64) {
            break;
        }
    }
    Some(after)
}

fn show(what: &str, runs: &[[f64; 3]], unit: &str) {
    let of = |i: usize| {
        let mut all: Vec<f64> = runs.iter().map(|run| run[i]).collect();
        all.sort_by(f64::total_cmp);
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        (all[all.len() / 2], mean, all[all.len() * 95 / 100])
    };
    println!("{what}");
    for (i, name) in ["plain", "plain, for 2m", "ours"].into_iter().enumerate() {
        let (median, mean, high) = of(i);
        println!("  {name:14} median {median:7.1}  mean {mean:7.2}  95th {high:7.1} {unit}");
    }
}

fn main() {
    let months: u64 = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(20);
    for fails in [0.0002, 0.0005, 0.001] {
        let runs: Vec<_> = (1..=months)
            .filter_map(|seed| healthy(seed, fails))
            .collect();
        show(
            &format!(
                "pages in a healthy month, {} % of requests fail ({months} months)",
                fails * 100.0
            ),
            &runs,
            "",
        );
    }
    for (what, fails) in [
        ("outage, all fail", 1.0),
        ("half of them fail", 0.5),
        ("one of ten fails", 0.1),
        ("a leak of 27 times the budget", 0.027),
    ] {
        let runs: Vec<_> = (1..=3 * months)
            .filter_map(|seed| found(1_000 + seed, fails))
            .collect();
        show(
            &format!("{what}: time to the page ({} runs)", 3 * months),
            &runs,
            "min",
        );
    }
}
