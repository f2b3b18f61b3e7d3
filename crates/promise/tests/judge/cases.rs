//! Runs `tests/cases/<kind>/*.yaml`. To add a case, write a file; `README.md` there tells its form.

use std::{fs, path::Path, time::Duration};

use promise::{
    Cause, Evidence, Fact, Gap, Promise, Say, Seen, Timestamp,
    document::{Mistake, Node, Value, parse_yaml},
    record,
    record::Read,
    unit::Span,
};

record! {
    /// A stretch of evidence.
    struct Item {
        /// A series of a ratio, at the rate `each`.
        series: Option<String>,
        /// A rate, such as 1000/h.
        each: Option<String>,
        /// Where it begins.
        from: Span = Span::default(),
        /// Where it ends.
        to: Option<Span>,
        /// How long one fact is.
        every: Option<Span>,
        /// Events of a histogram, in each fact.
        spread: Option<Spread>,
        /// A level that stays.
        level: Option<f64>,
        /// Matching log records in each fact.
        count: Option<f64>,
        /// Starts and ends.
        pairs: Option<Pairs>,
        /// When something was heard.
        beat: Option<Span>,
        /// The source that was silent.
        gap: Option<String>,
        /// Why it failed.
        error: Option<String>,
    }
}

record! {
    /// Events by size.
    struct Spread {
        /// Bounds.
        le: Vec<f64>,
        /// Events.
        counts: Vec<f64>,
    }
}

record! {
    /// Starts and their ends.
    struct Pairs {
        /// In time.
        in_time: u64 = 0,
        /// Late.
        late: u64 = 0,
        /// When the open ones started.
        open: Vec<Span> = Vec::new(),
    }
}

record! {
    /// The rest of a case.
    struct Rest {
        /// What the case is about, read by `Promise::read`.
        evidence: Vec<Item> = Vec::new(),
        /// Time zero.
        start: String = "2026-11-01T00:00:00Z".to_owned(),
        /// Of the service.
        time_zone: String = "UTC".to_owned(),
        /// When the promise was declared.
        since: Span = Span::default(),
        /// When it is judged.
        now: Span,
        /// Its state.
        verdict: String,
        /// Its reason.
        because: String,
        /// Its reason in Japanese.
        because_ja: Option<String>,
    }
}

/// A rate and the length of time it is given for: `1000/h`.
fn rate(each: &str) -> (f64, Duration) {
    let (count, unit) = each.split_once('/').unwrap();
    let secs = match unit.trim() {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        other => panic!("a rate per {other}?"),
    };
    (count.trim().parse().unwrap(), Duration::from_secs(secs))
}

fn steps(start: Timestamp, item: &Item, default: Duration) -> Vec<(Timestamp, Timestamp)> {
    let end = item.to.unwrap().0;
    let every = item.every.map_or(default, |every| every.0);
    let mut out = Vec::new();
    let mut at = item.from.0;
    while at < end {
        let next = (at + every).min(end);
        out.push((start + at, start + next));
        at = next;
    }
    out
}

fn evidence(items: &[Item], promise: &Node, start: Timestamp) -> Evidence {
    let name = |field: &str| match promise.get(field).map(|node| &node.value) {
        Some(Value::Scalar(text)) => Some(text.clone()),
        _ => None,
    };
    // How many events of this series lie in the step, at the rates given for it.
    let events = |series: &Option<String>, from: Timestamp, to: Timestamp| -> f64 {
        let of = items
            .iter()
            .filter(|item| series.is_some() && item.series == *series);
        of.map(|item| {
            let (count, unit) = rate(item.each.as_ref().unwrap());
            let inside = (start + item.to.unwrap().0)
                .min(to)
                .since((start + item.from.0).max(from));
            count * inside.as_secs_f64() / unit.as_secs_f64()
        })
        .sum()
    };
    let mut out = Evidence::default();
    for item in items {
        let quarter = Duration::from_secs(15);
        let mut all = |seen: Seen, default: Duration| {
            out.facts.extend(
                steps(start, item, default)
                    .into_iter()
                    .map(|(from, to)| Fact {
                        from,
                        to,
                        seen: seen.clone(),
                    }),
            );
        };
        if let Some(level) = item.level {
            all(
                Seen::Level {
                    last: level,
                    low: level,
                    high: level,
                },
                quarter,
            );
        }
        if let Some(n) = item.count {
            all(Seen::Count { n }, quarter);
        }
        if let Some(spread) = &item.spread {
            all(
                Seen::Spread {
                    le: spread.le.clone(),
                    counts: spread.counts.clone(),
                },
                quarter,
            );
        }
        if let Some(pairs) = &item.pairs {
            let open = pairs.open.iter().map(|open| start + open.0).collect();
            all(
                Seen::Pairs {
                    in_time: pairs.in_time,
                    late: pairs.late,
                    open,
                },
                Duration::MAX,
            );
        }
        if let Some(beat) = item.beat {
            out.facts.push(Fact {
                from: start + item.from.0,
                to: start + beat.0,
                seen: Seen::Beat,
            });
        }
        if let Some(source) = &item.gap {
            let cause = item
                .error
                .clone()
                .map_or(Cause::Absent, |error| Cause::Failed {
                    error: Say::same(error),
                });
            let (from, to) = (start + item.from.0, start + item.to.unwrap().0);
            out.gaps.push(Gap {
                source: source.clone(),
                from,
                to,
                cause,
            });
        }
        if item.series.is_some() && item.series == name("total") {
            let (_, unit) = rate(item.each.as_ref().unwrap());
            for (from, to) in steps(start, item, unit) {
                let total = events(&item.series, from, to);
                let good = match name("bad") {
                    Some(_) => total - events(&name("bad"), from, to),
                    None => events(&name("good"), from, to),
                };
                out.facts.push(Fact {
                    from,
                    to,
                    seen: Seen::Events { good, total },
                });
            }
        }
    }
    out.facts.sort_by_key(|fact| fact.from);
    out
}

fn run(path: &Path) -> Result<(), String> {
    let text = fs::read_to_string(path).unwrap();
    let (root, mut mistakes) = parse_yaml(&text);
    let mut root = root.ok_or("no YAML")?;
    let Value::Map(entries) = &mut root.value else {
        return Err("no map".to_owned());
    };
    let at = entries
        .iter()
        .position(|(key, _)| key.name == "promise")
        .ok_or("no promise")?;
    let (_, node) = entries.remove(at);
    let promise = Promise::read("p", &node, &mut mistakes);
    let rest = Rest::read(&root, &mut mistakes);
    let said = |m: &Mistake| format!("{} at {}", m.message.en, &text[m.span.clone()]);
    let (Some(mut promise), Some(case), true) = (promise, rest, mistakes.is_empty()) else {
        return Err(mistakes.iter().map(said).collect::<Vec<_>>().join("; "));
    };
    let start: Timestamp = case.start.parse().unwrap();
    promise.since = start + case.since.0;
    promise.time_zone = case.time_zone.clone();
    let evidence = evidence(&case.evidence, &node, start);
    let verdict = promise.judge(&evidence, start + case.now.0);
    let reason = verdict.reason.say();
    let found = (verdict.state.say().en, reason.en);
    let wanted = (case.verdict, case.because);
    if found != wanted {
        return Err(format!("\n   found {found:?}\n  wanted {wanted:?}"));
    }
    match case.because_ja {
        Some(wanted) if wanted != reason.ja => {
            Err(format!("\n   found {}\n  wanted {wanted}", reason.ja))
        }
        _ => Ok(()),
    }
}

#[test]
fn every_case_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut wrong = Vec::new();
    for kind in promise::Kind::TAGS {
        let mut paths: Vec<_> = fs::read_dir(root.join(kind))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        assert!(paths.len() >= 6, "{kind} has only {} cases", paths.len());
        for path in paths {
            if let Err(why) = run(&path) {
                wrong.push(format!(
                    "{}: {why}",
                    path.strip_prefix(&root).unwrap().display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
