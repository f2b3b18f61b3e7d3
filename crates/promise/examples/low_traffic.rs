//! Low traffic, simulated: `cargo run --release -p tegata-promise --example low_traffic [MONTHS]`.
//!
//! 60 requests an hour (a Poisson process) under a promise of 99.9 % over 30 days. Each request fails with a
//! probability of its own (a real draw, no average). Every minute both ways of alerting look at the same counters:
//!
//! * plain: the page alert of the SRE workbook, chapter 5, as Prometheus evaluates it: 14.4 times over 1 h and 5 min,
//!   or 6 times over 6 h and 30 min. With and without `for: 2m`.
//! * ours: a ratio promise with the same two burn alerts.
//! * ours, and a probe: the same, and a second such promise over a probe each 15 s that meets the same fault.
//!
//! The second failed request is shown beside them: whoever pages for the first cannot tell it from a lone failure of
//! a healthy month, so nobody who reads these counters and does not page for every failure comes sooner.
//!
//! A page is an alert that was not firing a minute before.

use std::{collections::VecDeque, time::Duration};

use promise::{Evidence, Fact, Promise, Seen, State, Timestamp, document::parse_yaml};

const SPEC: &str =
    "{ kind: ratio, total: all, bad: failed, at_least: 99.9 %, window: 30d, fresh_for: 5m,
    burn: [{ rate: 14.4, over: 1h, severity: page }, { rate: 6, over: 6h, severity: page }] }";
const MINUTE: Duration = Duration::from_secs(60);
const PER_MINUTE: f64 = 1.0;
const PROBES_PER_MINUTE: u32 = 4;
const WAYS: [&str; 5] = [
    "plain",
    "plain, for 2m",
    "ours",
    "ours, and a probe",
    "second failure",
];
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

    /// How many of so many fail.
    fn failing(&mut self, total: u32, fails: f64) -> u32 {
        (0..total).map(|_| u32::from(self.uniform() < fails)).sum()
    }
}

/// A promise and its evidence.
struct Owed {
    promise: Promise,
    facts: Vec<Fact>,
}

impl Owed {
    fn new(now: Timestamp) -> Option<Self> {
        let mut mistakes = Vec::new();
        let mut promise = Promise::read("p", &parse_yaml(SPEC).0?, &mut mistakes)?;
        promise.since = now;
        Some(Self {
            promise,
            facts: Vec::new(),
        })
    }

    /// Whether it pages after a minute with so many events.
    fn minute(&mut self, now: Timestamp, bad: f64, total: f64) -> bool {
        let month = Duration::from_secs(30 * 86_400);
        let good = total - bad;
        self.facts.push(Fact {
            from: now,
            to: now + MINUTE,
            seen: Seen::Events { good, total },
        });
        let now = now + MINUTE;
        if self.facts.len() > 2 * Evidence::MAX_FACTS {
            let facts = std::mem::take(&mut self.facts);
            self.facts = Evidence::compact(facts, now, month, &[]);
        }
        let facts = Evidence::compact(self.facts.clone(), now, month, &[]);
        let evidence = Evidence {
            facts,
            ..Evidence::default()
        };
        let verdict = self.promise.judge(&evidence, now);
        verdict.state == State::Broken || verdict.severity.is_some()
    }
}

/// All alertings, fed with the same minutes.
struct Watch {
    requests: Owed,
    probes: Owed,
    minutes: VecDeque<(f64, f64)>,
    now: Timestamp,
    plain_for: u32,
}

/// Which of [`WAYS`] fire; the last one is no alerting and never does.
type Firing = [bool; WAYS.len()];

impl Watch {
    fn new() -> Option<Self> {
        let now = Timestamp::from_millis(1_793_491_200_000);
        Some(Self {
            requests: Owed::new(now)?,
            probes: Owed::new(now)?,
            minutes: VecDeque::new(),
            now,
            plain_for: 0,
        })
    }

    /// What fires after a minute, and how many requests failed in it.
    fn minute(&mut self, chance: &mut Chance, fails: f64) -> (Firing, u32) {
        let total = chance.poisson(PER_MINUTE);
        let failed = chance.failing(total, fails);
        let probes = chance.failing(PROBES_PER_MINUTE, fails);
        let (bad, total) = (f64::from(failed), f64::from(total));
        let ours = self.requests.minute(self.now, bad, total);
        let probe = self
            .probes
            .minute(self.now, f64::from(probes), f64::from(PROBES_PER_MINUTE));
        self.now = self.now + MINUTE;
        self.minutes.push_front((bad, total));
        self.minutes.truncate(360);
        let plain = self.burns(14.4, 60, 5) || self.burns(6.0, 360, 30);
        self.plain_for = if plain { self.plain_for + 1 } else { 0 };
        let firing = [plain, self.plain_for > 2, ours, ours || probe, false];
        (firing, failed)
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
}

/// Pages in a month in which each request fails with `fails`.
fn healthy(seed: u64, fails: f64) -> Option<[f64; WAYS.len()]> {
    let (mut watch, mut chance) = (Watch::new()?, Chance(seed));
    let (mut pages, mut before) = ([0.0; WAYS.len()], Firing::default());
    for _ in 0..30 * DAY {
        let (firing, _) = watch.minute(&mut chance, fails);
        for ((pages, firing), before) in pages.iter_mut().zip(firing).zip(before) {
            *pages += f64::from(u8::from(firing && !before));
        }
        before = firing;
    }
    Some(pages)
}

/// Minutes from the begin of a fault to the page, for each alerting; at most a day.
fn found(seed: u64, fails: f64) -> Option<[f64; WAYS.len()]> {
    let (mut watch, mut chance) = (Watch::new()?, Chance(seed));
    for _ in 0..QUIET {
        watch.minute(&mut chance, 0.0002);
    }
    let mut after = [DAY as f64; WAYS.len()];
    let mut failed = 0;
    for minute in 1..=DAY {
        let (mut firing, more) = watch.minute(&mut chance, fails);
        failed += more;
        firing[WAYS.len() - 1] = failed >= 2;
        for (after, firing) in after.iter_mut().zip(firing) {
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

fn show(what: &str, runs: &[[f64; WAYS.len()]], unit: &str) {
    let of = |i: usize| {
        let mut all: Vec<f64> = runs.iter().map(|run| run[i]).collect();
        all.sort_by(f64::total_cmp);
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        (all[all.len() / 2], mean, all[all.len() * 95 / 100])
    };
    println!("{what}");
    for (i, name) in WAYS.into_iter().enumerate() {
        let (median, mean, high) = of(i);
        println!("  {name:17} median {median:7.1}  mean {mean:7.2}  95th {high:7.1} {unit}");
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
