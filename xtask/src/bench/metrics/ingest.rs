//! What it costs to take samples in: processor, memory, disk.

use std::{
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::ensure;

use super::{
    Bench, Row, http, interleaved,
    load::{self, Load, Target},
    setting,
    system::{Job, Kind, System, size_of},
};

/// Seconds between the samples of a series.
const INTERVAL: i64 = 15;
/// What is done after the last sample, such as a flush that was put off, counts too.
const SETTLE: Duration = Duration::from_secs(6);

pub fn remote_write(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let (series, steps) = (10_000, setting("BENCH_WRITE_STEPS", 100));
    let found = interleaved(|kind, round| {
        let system = System::start(bench, kind, &format!("write-{round}"), &Job::default())?;
        let mut writer = Writer::new(series, steps + 1)?;
        // New series are another matter.
        writer.step(&system)?;
        let before = system.cpu()?;
        for _ in 0..steps {
            writer.step(&system)?;
        }
        thread::sleep(SETTLE);
        Ok(Some(
            (system.cpu()? - before) / (series * steps) as f64 * 1e6,
        ))
    })?;
    Ok(vec![Row {
        what: format!(
            "remote write of {series} series, {steps} times, processor time per 1M samples"
        ),
        unit: "CPU-s",
        found,
    }])
}

/// Sends instants of a load, the last of them at present.
pub struct Writer {
    load: Load,
    labels: Vec<Vec<u8>>,
    at: i64,
}

impl Writer {
    pub fn new(series: usize, steps: usize) -> anyhow::Result<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        let back = i64::try_from(steps)? * INTERVAL * 1000;
        Ok(Self {
            load: Load::new(series),
            labels: load::labels(series),
            at: i64::try_from(now)? - back,
        })
    }

    pub fn step(&mut self, system: &System) -> anyhow::Result<()> {
        self.load.step();
        self.at += INTERVAL * 1000;
        for request in self.load.requests(&self.labels, self.at)? {
            load::write(system, &request)?;
        }
        Ok(())
    }
}

pub fn scrape(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let (series, every, warm) = (100_000, 3, 2);
    let scrapes = setting("BENCH_SCRAPES", 10);
    let mut memory: [Vec<f64>; 3] = Default::default();
    let mut next = 0;
    let found = interleaved(|kind, round| {
        let idle = {
            let system = System::start(bench, kind, &format!("idle-{round}"), &Job::default())?;
            thread::sleep(SETTLE);
            system.resident()?
        };
        let mut load = Load::new(series);
        let target = Target::serve(move || {
            load.step();
            load.text()
        })?;
        let job = Job {
            scrape: Some((target.address, every)),
            ..Job::default()
        };
        let system = System::start(bench, kind, &format!("scrape-{round}"), &job)?;
        wait_for(&target, warm, every)?;
        let before = (system.cpu()?, target.scrapes());
        wait_for(&target, warm + scrapes, every)?;
        thread::sleep(Duration::from_millis(1500));
        let taken = (target.scrapes() - before.1) as f64;
        let cpu = (system.cpu()? - before.0) / (taken * series as f64) * 1e6;
        memory[next % 3].push((system.resident()? - idle) / series as f64);
        next += 1;
        Ok(Some(cpu))
    })?;
    Ok(vec![
        Row {
            what: format!("scrape of {series} series, processor time per 1M samples"),
            unit: "CPU-s",
            found,
        },
        Row {
            what: format!(
                "memory per active series over idle, {series} series scraped {} times",
                warm + scrapes
            ),
            unit: "B",
            found: memory.map(super::median),
        },
    ])
}

pub fn wait_for(target: &Target, scrapes: usize, every: u32) -> anyhow::Result<()> {
    let patience = Duration::from_secs(u64::from(every)) * u32::try_from(scrapes)? * 4;
    let until = Instant::now() + patience + Duration::from_secs(30);
    while target.scrapes() < scrapes {
        ensure!(
            Instant::now() < until,
            "it was scraped {} times of {scrapes}",
            target.scrapes()
        );
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Half a day of a mixed load; what a system still holds back is written out first, where it can be asked to.
pub fn disk(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let (series, steps) = (5_000, setting("BENCH_DISK_STEPS", 2_880));
    let mut found = [None; 3];
    for (place, kind) in super::ALL.into_iter().enumerate() {
        let system = System::start(bench, kind, "disk", &Job::default())?;
        let mut writer = Writer::new(series, steps)?;
        for _ in 0..steps {
            writer.step(&system)?;
        }
        let folder = match kind {
            Kind::Tegata => system.end()?.join("metrics"),
            Kind::Prometheus => {
                let path = "/api/v1/admin/tsdb/snapshot";
                http::post(system.address, path, "", &[])?.ok()?;
                system.data.join("snapshots")
            }
            Kind::VictoriaMetrics => {
                system.get("/internal/force_flush")?.ok()?;
                system.get("/internal/force_merge")?.ok()?;
                thread::sleep(SETTLE);
                system.end()?.join("data")
            }
        };
        found[place] = Some(size_of(&folder)? as f64 / (series * steps) as f64);
    }
    Ok(vec![Row {
        what: format!(
            "disk for a sample: {series} series, {steps} samples each: half counters, a quarter gauges with two \
             decimals, a quarter seldom changing"
        ),
        unit: "B",
        found,
    }])
}
