//! How well templates are told, and how fast: `template_bench FOLDER`, where FOLDER is the `loghub_2k` of the public
//! logparser benchmark (16 systems, 2,000 labelled lines of each).
//!
//! Grouping accuracy as there: a line is right when its group holds exactly the lines of its event (Zhu et al., "Tools and
//! Benchmarks for Automated Log Parsing", ICSE-SEIP 2019). Lines come one by one, and nothing is set for a system.
#![allow(clippy::cast_precision_loss, clippy::unwrap_used)]

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
};

use evaluate::anomaly::Templates;
use promise::Timestamp;

const SYSTEMS: [&str; 16] = [
    "Android",
    "Apache",
    "BGL",
    "HDFS",
    "HPC",
    "Hadoop",
    "HealthApp",
    "Linux",
    "Mac",
    "OpenSSH",
    "OpenStack",
    "Proxifier",
    "Spark",
    "Thunderbird",
    "Windows",
    "Zookeeper",
];

/// Lines of a system and the event of each.
fn labelled(folder: &Path, system: &str) -> Vec<(String, String)> {
    let file = folder
        .join(system)
        .join(format!("{system}_2k.log_structured.csv"));
    let bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut rows = csv(&String::from_utf8_lossy(&bytes)).into_iter();
    let head = rows.next().unwrap();
    let column = |name: &str| head.iter().position(|head| head == name).unwrap();
    let (content, event) = (column("Content"), column("EventId"));
    rows.map(|row| (row[content].clone(), row[event].clone()))
        .collect()
}

/// RFC 4180.
fn csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => field.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            c => field.push(c),
        }
    }
    if !row.is_empty() {
        row.push(field);
        rows.push(row);
    }
    rows
}

/// The share of lines whose group is right.
fn accuracy(lines: &[(String, String)]) -> (f64, usize, usize) {
    let mut templates = Templates::default();
    let seen: Vec<u32> = lines
        .iter()
        .map(|(line, _)| templates.observe(line, Timestamp::EPOCH).template)
        .collect();
    let mut found: HashMap<u32, BTreeSet<usize>> = HashMap::new();
    let mut meant: HashMap<&str, BTreeSet<usize>> = HashMap::new();
    for (n, (_, event)) in lines.iter().enumerate() {
        found
            .entry(templates.current(seen[n]))
            .or_default()
            .insert(n);
        meant.entry(event).or_default().insert(n);
    }
    let is_right =
        |group: &&BTreeSet<usize>| meant[lines[*group.first().unwrap()].1.as_str()] == **group;
    let right: usize = found.values().filter(is_right).map(BTreeSet::len).sum();
    (right as f64 / lines.len() as f64, found.len(), meant.len())
}

/// Seconds that this thread had a core for, whatever else the machine does.
fn cpu_secs() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split_whitespace()
        .next()
        .unwrap()
        .parse::<f64>()
        .unwrap()
        / 1e9
}

fn main() {
    let folder = std::env::args().nth(1).expect("the folder of loghub_2k");
    let folder = Path::new(&folder);
    let mut all = Vec::new();
    let mut sum = 0.0;
    for system in SYSTEMS {
        let lines = labelled(folder, system);
        let (share, found, meant) = accuracy(&lines);
        println!("{system:12} {share:.4}, {found} templates where {meant} are meant");
        sum += share;
        all.extend(lines.into_iter().map(|(line, _)| line));
    }
    println!(
        "grouping accuracy, mean of 16 systems: {:.4}",
        sum / SYSTEMS.len() as f64
    );

    let bytes: usize = all.iter().map(String::len).sum();
    for round in ["first seen", "known"] {
        let mut templates = Templates::default();
        if round == "known" {
            for line in &all {
                templates.observe(line, Timestamp::EPOCH);
            }
        }
        let start = cpu_secs();
        for line in &all {
            templates.observe(line, Timestamp::EPOCH);
        }
        let secs = cpu_secs() - start;
        println!(
            "{round}: {:.0} lines/s, {:.0} MB/s, one core, {} templates",
            all.len() as f64 / secs,
            bytes as f64 / secs / 1e6,
            templates.iter().count()
        );
    }
}
