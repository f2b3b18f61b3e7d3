//! Latency: a quantile of a histogram stays under a bound.
//!
//! "p99 is at most 3 s" says the same as "99 % of the events take at most 3 s", so it is judged as a ratio
//! with an error budget. Where the bound is an edge of a bucket this is exact. Elsewhere events are taken as
//! spread evenly in their bucket, as PromQL's `histogram_quantile` does, and the reason says so. Events beyond
//! the last finite bound count as slow: how slow they were is not known.

use std::{fmt, time::Duration};

use super::{
    At, Judge,
    budgeting::{self, Budgeting, BurnAlert, Slices},
    place,
};
use crate::{
    Amount, Evidence, Measured, Reason, Say, Seen, Selector, Signal, State, Timestamp, Verdict, Window,
    document::{Mistake, Node},
    judge::budget::{self, Owed},
    record::Scalar,
    scalar_as_text,
    unit::{Percent, Span, trim_zeros},
    verdict::Saying,
};

/// Buckets in evidence: 96 facts of 32 bounds and counts, some 11 letters each, are half of a ledger's entry of 64 KiB.
const BUCKETS_MAX: usize = 32;
/// Buckets on either side of the bound that stay as they are, so that judging by it stays exact.
const BUCKETS_NEAR: usize = 4;

/// A quantile between 0 and 1: `p99`, `p99.9` or `99 %`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantile(pub f64);

impl fmt::Display for Quantile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", trim_zeros(self.0 * 100.0, 10))
    }
}

impl Scalar for Quantile {
    const NAME: &'static str = "quantile";
    const NAME_JA: &'static str = "分位点";
    const EXAMPLE: &'static str = "p99";
    const PATTERN: Option<&'static str> = Some(r"^\s*(p\d+(\.\d+)?|\d+(\.\d+)?\s*[%％])\s*$");

    fn parse(text: &str) -> Result<Self, Say> {
        let wrong = || say!("`{text}` is not a quantile", "`{text}` は分位点ではありません");
        let written = text.trim();
        let percent = match written.strip_prefix('p') {
            Some(number) if number.starts_with(|c: char| c.is_ascii_digit()) => Percent::parse(&format!("{number} %")),
            _ => Percent::parse(written),
        };
        let share = percent.map_err(|_| wrong())?.0;
        if share <= 0.0 || share >= 1.0 {
            return Err(say!("a quantile lies between p0 and p100", "分位点は p0 と p100 の間にあります"));
        }
        Ok(Self(share))
    }
}
scalar_as_text!(Quantile);

record! {
    /// So many of all events take at most so long: 99 % of payments within 3 s.
    /// ja: 事象の大半がこの時間内に終わること(例: 決済の 99 % が 3 秒以内)。
    pub struct Latency {
        /// The histogram, by its name without `_bucket`.
        /// ja: ヒストグラム。名前の末尾の `_bucket` は書きません。
        histogram: Selector,
        /// Which quantile, such as p99.
        /// ja: 分位点(p99 など)。
        quantile: Quantile,
        /// The longest time that it may be.
        /// ja: 許される最長の時間。
        at_most: Span,
        /// Over which time.
        /// ja: 対象の期間。
        window: Window,
        /// Evidence older than this proves nothing.
        /// ja: これより古い証拠は何も証明しません。
        fresh_for: Span = Span::secs(60),
        /// How much of the time may be unseen; it is counted as failed at the highest rate seen.
        /// ja: 観測できなくてもよい時間の割合。その間はすべて失敗したものと数えます。
        gaps_at_most: Percent = Percent(0.0),
        /// How many events a green verdict needs; by default as many as prove the share statistically.
        /// ja: 「守れている」と判定するのに必要な件数。省略すると統計的に必要な件数になります。
        min_events: Option<u64>,
        /// So many failures are within budget, however few events there are.
        /// ja: 件数がどれほど少なくても、この件数までの失敗はバジェットの内とみなします。
        budget_at_least: Option<u64>,
        /// Which burns of the budget are told, and as what; by default those of the SRE workbook (14.4, 6, 3 and 1
        /// times over 1 h, 6 h, 1 d and 3 d of a window of 30 d) as what the promise itself is told.
        /// ja: どの減り方をどの重大度で知らせるか。省略すると SRE workbook の 4 段階(30 日の期間なら 1 時間で 14.4 倍、6 時間で 6 倍、1 日で 3 倍、3 日で 1 倍)です。
        burn: Vec<BurnAlert> = Vec::new(),
        /// How the budget is counted: `occurrences`, `time_slices` or `ratio_time_slices`.
        /// ja: バジェットの数え方(`occurrences`、`time_slices`、`ratio_time_slices`)。
        budgeting: Budgeting = Budgeting::Occurrences,
        /// How long a slice of time is.
        /// ja: スライスの長さ。
        slice: Span = Span::secs(60),
        /// The share of good events that makes a slice good; by default the share that is owed.
        /// ja: スライスを「良い」とみなす成功の割合。省略すると約束の割合です。
        slice_at_least: Option<Percent>,
    }
}

pub(super) const SAYINGS: &[Saying] = &[
    Saying {
        code: "fast-enough",
        en: "{quantile} was {measured}, and {at_most} is promised; {left} of the error budget is left",
        ja: "{quantile} は {measured}でした(約束は {at_most}以内)。エラーバジェットは {left} 残っています",
    },
    Saying {
        code: "too-slow",
        en: "{bad} of {total} events took longer than {at_most}; the window allows {allowed}",
        ja: "{total} 件のうち {bad} 件が {at_most}を超えました。この期間に許されるのは {allowed} 件です",
    },
    Saying {
        code: "fast-enough-interpolated",
        en: "{quantile} was about {measured}, and {at_most} is promised; no bucket ends at the bound, so this is interpolated",
        ja: "{quantile} はおよそ {measured}でした(約束は {at_most}以内)。境界に一致するバケットがないため補間した値です",
    },
    Saying {
        code: "too-slow-interpolated",
        en: "about {bad} of {total} events took longer than {at_most}; the window allows {allowed}; no bucket ends at the bound, so this is interpolated",
        ja: "{total} 件のうちおよそ {bad} 件が {at_most}を超えました。この期間に許されるのは {allowed} 件です。境界に一致するバケットがないため補間した値です",
    },
];

impl Latency {
    /// How many of the histogram's units a millisecond is.
    fn per_milli(&self) -> f64 {
        let name = self.histogram.metric().unwrap_or_default();
        let name = name.strip_suffix("_bucket").unwrap_or(name);
        if name.ends_with("_milliseconds") || name.ends_with("_ms") { 1.0 } else { 0.001 }
    }

    /// The bound in the histogram's unit.
    #[allow(clippy::cast_precision_loss)]
    #[must_use]
    pub fn bound(&self) -> f64 {
        self.at_most.0.as_millis() as f64 * self.per_milli()
    }
}

impl Judge for Latency {
    fn signals(&self) -> Vec<Signal> {
        vec![Signal::Spread { histogram: self.histogram.buckets() }]
    }

    fn window(&self) -> Option<Window> {
        Some(self.window)
    }

    fn fresh_for(&self) -> Duration {
        self.fresh_for.0
    }

    fn judge(&self, evidence: &Evidence, at: &At<'_>) -> Verdict {
        let owed = Owed {
            at_least: self.quantile.0,
            window: self.window,
            fresh_for: self.fresh_for.0,
            gaps_at_most: self.gaps_at_most.0,
            min_events: self.min_events,
            budget_at_least: self.budget_at_least,
            burn: &self.burn,
        };
        let view = owed.view(evidence, at);
        let bound = self.bound();
        let mut verdict = budget::judge(&view, &owed, &|seen| self.events(seen, at.now));
        let spreads = view.pieces.iter().filter_map(|piece| match &piece.fact.seen {
            Seen::Spread { le, counts } => Some((piece.share_in(view.start, view.now), le, counts)),
            _ => None,
        });
        let spreads: Vec<_> = spreads.collect();
        let exact = spreads.iter().all(|(_, le, _)| le.iter().any(|edge| is_edge(*edge, bound)));
        let quantile = quantile(self.quantile.0, &spreads).map(|value| Amount::Millis(value / self.per_milli()));
        let at_most = Amount::duration(self.at_most.0);
        // Slices have no quantile; their share stays what was measured.
        if self.slices().is_none() {
            verdict.measured = quantile.map(|value| Measured { value, target: at_most.clone() });
            self.tell(&mut verdict, at_most, exact);
        }
        verdict
    }

    fn events(&self, seen: &Seen, _: Timestamp) -> Option<(f64, f64)> {
        match seen {
            Seen::Spread { le, counts } => Some((under(self.bound(), le, counts), counts.iter().sum())),
            // Slices were counted where the spreads were seen.
            Seen::Events { good, total } if self.slices().is_some() => Some((*good, *total)),
            _ => None,
        }
    }

    /// At most [`BUCKETS_MAX`] buckets: those around the bound as they are, of the others every so many. What lay in
    /// one that goes is put under the next bound that stays, so nothing looks faster than it was.
    fn coarse(&self, seen: Seen) -> Seen {
        let Seen::Spread { le, counts } = seen else { return seen };
        if le.len() <= BUCKETS_MAX || counts.len() != le.len() + 1 {
            return Seen::Spread { le, counts };
        }
        let middle = le.partition_point(|edge| *edge < self.bound());
        let step = le.len().div_ceil(BUCKETS_MAX - 2 * BUCKETS_NEAR - 2);
        let is_kept = |i: usize| i.abs_diff(middle) <= BUCKETS_NEAR || i.is_multiple_of(step) || i + 1 == le.len();
        let (mut kept, mut sums, mut sum) = (Vec::new(), Vec::new(), 0.0);
        for (i, edge) in le.iter().enumerate() {
            sum += counts[i];
            if is_kept(i) {
                kept.push(*edge);
                sums.push(std::mem::take(&mut sum));
            }
        }
        sums.push(counts[le.len()]);
        Seen::Spread { le: kept, counts: sums }
    }

    fn slices(&self) -> Option<Slices> {
        Slices::of(self.budgeting, self.slice, self.slice_at_least, self.quantile.0)
    }

    fn mistakes(&self, node: &Node) -> Vec<Mistake> {
        let mut mistakes = budgeting::mistakes(node, self.window, &self.burn, self.budgeting, self.slice);
        if self.at_most.0.is_zero() {
            let say = say!("nothing takes no time at all", "所要時間 0 の処理はありません");
            mistakes.push(Mistake::new("wrong-value", place(node, "at_most"), say));
        }
        mistakes
    }
}

impl Latency {
    /// Says broken and kept in terms of time.
    fn tell(&self, verdict: &mut Verdict, at_most: Amount, exact: bool) {
        let code = match (verdict.state, exact) {
            (State::Broken, true) => "too-slow",
            (State::Broken, false) => "too-slow-interpolated",
            (State::Kept, true) => "fast-enough",
            (State::Kept, false) => "fast-enough-interpolated",
            _ => return,
        };
        let Some(measured) = verdict.measured.as_ref() else { return };
        let more = [
            ("quantile", Amount::Text(self.quantile.to_string())),
            ("measured", measured.value.clone()),
            ("at_most", at_most),
        ];
        let mut reason = Reason::new(code, more);
        reason.figures.append(&mut verdict.reason.figures);
        verdict.reason = reason;
    }
}

fn is_edge(edge: f64, bound: f64) -> bool {
    (edge - bound).abs() <= 1e-9 * bound.abs()
}

/// The lower end of bucket `i`: 0 for the first, as histograms of sizes begin there.
fn lower(le: &[f64], i: usize) -> f64 {
    if i == 0 { le.first().map_or(0.0, |first| first.min(0.0)) } else { le[i - 1] }
}

/// How many events were at most `bound`.
fn under(bound: f64, le: &[f64], counts: &[f64]) -> f64 {
    let mut sum = 0.0;
    for (i, (edge, count)) in le.iter().zip(counts).enumerate() {
        if *edge <= bound || is_edge(*edge, bound) {
            sum += count;
            continue;
        }
        let low = lower(le, i);
        if bound > low {
            sum += count * (bound - low) / (edge - low);
        }
        break;
    }
    sum
}

/// The quantile of all spreads together, interpolated; the last finite bound where it lies beyond.
/// `None` without events. Spreads whose buckets differ are joined at the bounds of them all.
fn quantile(q: f64, spreads: &[(f64, &Vec<f64>, &Vec<f64>)]) -> Option<f64> {
    let mut edges: Vec<f64> = spreads.iter().flat_map(|(_, le, _)| le.iter().copied()).collect();
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    let total: f64 = spreads.iter().map(|(share, _, counts)| share * counts.iter().sum::<f64>()).sum();
    let last = *edges.last()?;
    if total <= 0.0 {
        return None;
    }
    let up_to = |bound: f64| spreads.iter().map(|(share, le, counts)| share * under(bound, le, counts)).sum::<f64>();
    let rank = q * total;
    let (mut low, mut below) = (edges[0].min(0.0), 0.0);
    for edge in edges {
        let reached = up_to(edge);
        if reached >= rank && reached > below {
            return Some(low + (edge - low) * ((rank - below) / (reached - below)).clamp(0.0, 1.0));
        }
        (low, below) = (edge, reached);
    }
    Some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Prometheus documentation for linear interpolation, by hand: 100 events, 50 up to
    /// 0.1, 40 more up to 0.5, 10 more up to 1. The 95th is half way through the last: 0.5 + 0.5 * 5 / 10.
    #[test]
    fn quantiles_interpolate_as_prometheus_does() {
        let (le, counts) = (vec![0.1, 0.5, 1.0], vec![50.0, 40.0, 10.0, 0.0]);
        assert_eq!(quantile(0.95, &[(1.0, &le, &counts)]), Some(0.75));
        assert_eq!(quantile(0.25, &[(1.0, &le, &counts)]), Some(0.05));
        let beyond = vec![50.0, 40.0, 0.0, 10.0];
        assert_eq!(quantile(0.95, &[(1.0, &le, &beyond)]), Some(1.0));
        assert_eq!(quantile(0.95, &[(1.0, &le, &vec![0.0; 4])]), None);
        assert_eq!(under(0.5, &le, &counts), 90.0);
        assert_eq!(under(0.75, &le, &counts), 95.0);
        assert_eq!(under(7.0, &le, &beyond), 90.0);
    }

    /// 200 buckets of one event each, and a bound of 1 s at the edge of the 100th: 100 are fast enough before and after.
    #[test]
    fn many_buckets_become_few_without_moving_the_bound() {
        let le: Vec<f64> = (1..=200).map(|i| f64::from(i) / 100.0).collect();
        let seen = Seen::Spread { le, counts: vec![1.0; 201] };
        let mut mistakes = Vec::new();
        let text = "{ kind: latency, histogram: h_seconds, quantile: p99, at_most: 1s, window: 1h }";
        let node = crate::document::parse_yaml(text).0;
        let promise = node.and_then(|node| crate::Promise::read("p", &node, &mut mistakes));
        let judge = promise.as_ref().map(|promise| promise.kind.as_judge());
        let coarse = judge.map(|judge| judge.coarse(seen.clone()));
        let events = |seen: Option<&Seen>| judge.zip(seen).and_then(|(judge, seen)| judge.events(seen, Timestamp::EPOCH));
        assert_eq!(events(coarse.as_ref()), Some((100.0, 201.0)));
        assert_eq!(events(Some(&seen)), Some((100.0, 201.0)));
        let Some(Seen::Spread { le, counts }) = coarse else { return assert!(mistakes.is_empty()) };
        assert!(le.len() <= BUCKETS_MAX && counts.len() == le.len() + 1, "{} buckets", le.len());
    }

    #[test]
    fn a_quantile_reads_as_people_write_it() {
        assert_eq!(Quantile::parse("p99").map(|q| q.0), Ok(0.99));
        assert_eq!(Quantile::parse("99.9 %").map(|q| q.to_string()), Ok("p99.9".to_owned()));
        for wrong in ["p0", "p100", "100 %", "p", "pp9", "99", "p-1"] {
            assert!(Quantile::parse(wrong).is_err(), "{wrong}");
        }
    }
}
