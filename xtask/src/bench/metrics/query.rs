//! What it costs to answer queries and to evaluate rules.

use std::{
    fmt::Write as _,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{
    Bench, Row, http,
    ingest::{Writer, wait_for},
    interleaved,
    load::{Load, Target},
    setting,
    system::{Job, System},
};

/// Seconds of rule evaluation that are measured.
const MEASURED: u64 = 20;

pub fn ranges(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let (series, steps, asked) = (40_000, 260, setting("BENCH_QUERIES", 10));
    let queries = [
        "sum by (code) (rate(bench_requests_total[5m]))",
        "avg by (code) (bench_temperature_celsius)",
    ];
    let mut rows = Vec::new();
    let mut all: Vec<[Vec<f64>; 3]> = vec![Default::default(); queries.len()];
    for (place, kind) in super::ALL.into_iter().enumerate() {
        let system = System::start(bench, kind, "query", &Job::default())?;
        let mut writer = Writer::new(series, steps)?;
        for _ in 0..steps {
            writer.step(&system)?;
        }
        thread::sleep(Duration::from_secs(6));
        let end = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() - 30;
        for (query, found) in queries.iter().zip(&mut all) {
            let form = format!(
                "query={}&start={}&end={end}&step=15",
                escaped(query),
                end - 3600
            );
            let headers = "Content-Type: application/x-www-form-urlencoded\r\n";
            for _ in 0..asked {
                let before = system.cpu()?;
                // Ten at a time, because the kernel counts in hundredths of a second.
                for _ in 0..10 {
                    http::post(
                        system.address,
                        "/api/v1/query_range",
                        headers,
                        form.as_bytes(),
                    )?
                    .ok()?;
                }
                found[place].push((system.cpu()? - before) / 10.0 * 1e3);
            }
        }
    }
    for (query, found) in queries.iter().zip(all) {
        rows.push(Row {
            what: format!(
                "`{query}` over 1 h, a step each 15 s, {} series",
                series / 4
            ),
            unit: "CPU-ms",
            found: found.map(super::median),
        });
    }
    Ok(rows)
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// What rules add to the cost of scraping every second, told for one evaluation of one rule.
pub fn rules(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let (series, rules) = (10_000, 500);
    let mut file = String::from("groups:\n- name: bench\n  rules:\n");
    for shard in 0..rules {
        // Writing to a string does not fail.
        let _ = writeln!(
            file,
            "  - {{ alert: A{shard}, expr: 'sum(rate(bench_requests_total{{shard=\"{shard}\"}}[1m])) > 1e9' }}"
        );
    }
    let found = interleaved(|kind, round| {
        let mut cost = [0.0; 2];
        for (place, with) in [false, true].into_iter().enumerate() {
            let mut load = Load::new(series);
            let target = Target::serve(move || {
                load.step();
                load.text()
            })?;
            let job = Job {
                scrape: Some((target.address, 1)),
                rules: with.then(|| (file.clone(), 1)),
                notify: None,
            };
            let system = System::start(bench, kind, &format!("rules-{round}"), &job)?;
            wait_for(&target, 5, 1)?;
            let (before, scraped) = (system.cpu()?, target.scrapes());
            thread::sleep(Duration::from_secs(MEASURED));
            cost[place] = (system.cpu()? - before) / (target.scrapes() - scraped).max(1) as f64;
        }
        Ok(Some((cost[1] - cost[0]) / f64::from(rules) * 1e3))
    })?;
    Ok(vec![Row {
        what: format!(
            "one evaluation of one of {rules} alerting rules, {series} series scraped each second"
        ),
        unit: "CPU-ms",
        found,
    }])
}
