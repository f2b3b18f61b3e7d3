//! Random queries over random series, through a real Prometheus and through us: every difference is a finding.
//!
//! `cargo run --release -p tegata-promql --example fuzz -- [--queries N] [--seed N] [--compliance] [--query TEXT [--at SECS]]`
//!
//! Prometheus is started on loopback from `TEGATA_PEERS`, or from where `cargo xtask test` unpacks peers, and
//! ended again. Each round has its own series, sent by remote write. With `--compliance` the queries are those of
//! the public compliance set; with `--query` one query is shown from both sides. Ends with 1 where anything differs.
//!
//! Floats are compared to the last bit. Where a query computes logarithms, powers or angles, which mathematical
//! libraries round differently, they may differ by 1e-11 of their size; see `compare`.

mod compare;
mod compliance;
mod data;
mod grammar;
mod peer;

use std::{process::ExitCode, time::Duration};

use compare::{Difference, compare};
use data::{Dice, END_SECS, START_SECS};
use grammar::Node;
use peer::Peer;
use promise::Timestamp;
use promql::{Options, Query, Series};

/// Queries over the same series: afterwards a fresh Prometheus gets other ones.
const QUERIES_A_ROUND: usize = 4_000;
/// Second opinions, each of which starts a Prometheus.
const FICKLE_MAX: usize = 2_000;
/// Differences after which going on teaches nothing more.
const SHOWN_MAX: usize = 25;

/// When a query is asked.
#[derive(Debug, Clone, Copy)]
pub enum Moment {
    Instant(i64),
    /// From, to, step; milliseconds.
    Range(i64, i64, i64),
}

struct Asked {
    queries: usize,
    seed: u64,
    compliance: bool,
    query: Option<String>,
    /// Seconds; with `--query`.
    at: i64,
}

fn asked() -> Asked {
    let mut asked = Asked {
        queries: 10_000,
        seed: 1,
        compliance: false,
        query: None,
        at: END_SECS - 600,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|word| word.parse().ok());
        match word.as_str() {
            "--queries" => asked.queries = number().unwrap_or(asked.queries as u64) as usize,
            "--seed" => asked.seed = number().unwrap_or(asked.seed),
            "--compliance" => asked.compliance = true,
            "--at" => asked.at = number().map_or(asked.at, |at| at as i64),
            "--query" => asked.query = words.next(),
            other => eprintln!("`{other}` is not known and was left out"),
        }
    }
    asked
}

fn main() -> ExitCode {
    let asked = asked();
    let outcome = if asked.compliance {
        compliance::run(asked.seed)
    } else if let Some(query) = &asked.query {
        show(query, asked.seed, asked.at * 1_000)
    } else {
        fuzz(&asked)
    };
    match outcome {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn fuzz(asked: &Asked) -> Result<usize, String> {
    let (mut done, mut different, mut failed, mut empty) = (0, 0, 0, 0);
    let (mut rounding, mut known, mut fickle) = (0, 0, 0);
    let mut seed = asked.seed;
    while done < asked.queries && different < SHOWN_MAX {
        let mut dice = Dice::new(seed);
        let series = data::series(&mut dice);
        let mut peer = Peer::start(&series)?;
        for _ in 0..QUERIES_A_ROUND.min(asked.queries - done) {
            let node = grammar::query(&mut dice);
            let moment = moment(&mut dice);
            done += 1;
            match differs(&node.text(), moment, &mut peer, &series)? {
                Ok(outcome) => {
                    failed += usize::from(outcome.failed);
                    empty += usize::from(outcome.empty);
                }
                Err(why) if why.is_rounding => rounding += 1,
                Err(_) if is_known(&node.text(), moment) => known += 1,
                Err(_) if fickle < FICKLE_MAX && is_fickle(&node.text(), moment, &series)? => {
                    fickle += 1
                }
                Err(_) => {
                    different += 1;
                    let (small, why) = shrink(node, moment, &mut peer, &series)?;
                    println!("seed {seed}, {moment:?}\n  {small}\n  {why}\n");
                    if different == SHOWN_MAX {
                        break;
                    }
                }
            }
        }
        println!(
            "{done} queries, {different} different; {rounding} by rounding alone, {known} as docs/reference/promql.md \
             says, {fickle} that a fresh Prometheus answers as we do, {failed} failed on both sides, {empty} empty"
        );
        seed += 1;
    }
    Ok(different)
}

fn moment(dice: &mut Dice) -> Moment {
    let span = END_SECS - START_SECS;
    let at = |dice: &mut Dice| (START_SECS + dice.below(span as usize) as i64) * 1_000;
    if dice.chance(40) {
        return Moment::Instant(at(dice) + if dice.chance(20) { 137 } else { 0 });
    }
    let from = at(dice);
    let step = *dice.pick(&[15_000, 30_000, 60_000, 7_000, 300_000, 61_500]);
    Moment::Range(from, from + step * dice.below(40) as i64, step)
}

/// Differences that are kept, see docs/reference/promql.md: over several steps Prometheus 3.5 joins the labels of
/// another series to one that follows a series without a sample; it lets an `@` in a parameter slide; and which of
/// several equal series `topk` and its kin pick is chance where a map was between. Histograms of a subquery are
/// overwritten there while its window slides.
fn is_known(text: &str, moment: Moment) -> bool {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let has_subquery = has(&[")["]);
    let is_stepped = matches!(moment, Moment::Range(..)) || has_subquery;
    // At an instant series stand in the order in which the store met them.
    if has(&["topk", "bottomk", "limitk"]) {
        return true;
    }
    let has_histograms = has(&["native", "custom", "mixed", "_seconds"]);
    is_stepped
        && (has(&["info("])
            || (has_subquery && has_histograms)
            || (has(&[" or "]) && has(&["custom_seconds"]))
            || (has(&[" @ "]) && has(&["quantile ", "quantile(", "limit_ratio"])))
}

/// Whether a Prometheus that was asked nothing before agrees with us: over histograms its answers depend on what
/// it was asked before, because it shares their memory between queries.
fn is_fickle(text: &str, moment: Moment, series: &[Series]) -> Result<bool, String> {
    let mut fresh = Peer::start(series)?;
    // Where series come from a map, each time is another order.
    for _ in 0..8 {
        if differs(text, moment, &mut fresh, series)?.is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What both sides agree on.
struct Outcome {
    failed: bool,
    empty: bool,
}

/// Asks both sides.
fn differs(
    text: &str,
    moment: Moment,
    peer: &mut Peer,
    series: &[Series],
) -> Result<Result<Outcome, Difference>, String> {
    let theirs = peer.ask(text, moment)?;
    let ours = ask(text, moment, series);
    let (failed, empty) = (theirs.is_error(), theirs.is_empty());
    Ok(compare(text, &ours, &theirs).map(|()| Outcome { failed, empty }))
}

/// Our answer, or why there is none.
pub fn ask(text: &str, moment: Moment, series: &[Series]) -> Result<promql::Answer, String> {
    let query = Query::parse(text).map_err(|why| why.to_string())?;
    let query = query.with(Options::default());
    let at = Timestamp::from_millis;
    let answer = match moment {
        Moment::Instant(when) => query.instant(at(when), series),
        Moment::Range(from, to, step) => {
            let step = Duration::from_millis(step.unsigned_abs());
            query.range(at(from), at(to), step, series)
        }
    };
    answer.map_err(|why| why.to_string())
}

/// The smallest part of a query that differs.
fn shrink(
    node: Node,
    moment: Moment,
    peer: &mut Peer,
    series: &[Series],
) -> Result<(String, Difference), String> {
    let mut small = node;
    'smaller: loop {
        for part in small.smaller() {
            let differs = differs(&part.text(), moment, peer, series)?;
            if differs.is_err_and(|why| !why.is_rounding) {
                small = part;
                continue 'smaller;
            }
        }
        break;
    }
    let text = small.text();
    let why = match differs(&text, moment, peer, series)? {
        Err(why) => why,
        Ok(_) => Difference::new("it differed once and then no more"),
    };
    Ok((text, why))
}

fn show(query: &str, seed: u64, at: i64) -> Result<usize, String> {
    let mut dice = Dice::new(seed);
    let series = data::series(&mut dice);
    let mut peer = Peer::start(&series)?;
    let moments = [Moment::Instant(at), Moment::Range(at - 120_000, at, 60_000)];
    let mut different = 0;
    for moment in moments {
        println!("{moment:?}");
        println!("theirs: {:?}", peer.ask(query, moment)?);
        println!("ours:   {:?}", ask(query, moment, &series));
        if let Err(why) = differs(query, moment, &mut peer, &series)? {
            println!("{why}");
            different += 1;
        }
    }
    Ok(different)
}
