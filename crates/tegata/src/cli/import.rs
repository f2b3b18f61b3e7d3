//! `tegata import`: a spec from what other tools and design documents say.

use std::{collections::BTreeMap, io::Write as _, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Args;
use promise::{Lang, say};
use serde_json::json;
use spec::import::{About, Entry, File, Imported, Standing};

use super::{Common, init};
use crate::{exit::Stop, spec_file};

/// Write a spec from what other files say; each line keeps the place that it came from.
///
/// Reads design documents in Markdown (prose, tables, quoted files), Prometheus and Alertmanager configuration and
/// rules, OpenSLO, Sloth, Pyrra, docker-compose, Kubernetes manifests, Terraform (HCL and plan JSON) and
/// CloudFormation. What was guessed or not understood is told line by line on stderr.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Where to write the spec; stdout by default.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file when it is there.
    #[arg(long, requires = "out")]
    force: bool,
    /// What the service is called where no file says it; the folder's name by default.
    #[arg(long)]
    name: Option<String>,
    /// Print the spec and the report as JSON.
    #[arg(long, conflicts_with = "out")]
    json: bool,
    /// Tell what was mapped too, and not only what was guessed or not understood.
    #[arg(short, long)]
    verbose: bool,
}

impl Import {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let mut files = Vec::new();
        for path in &self.files {
            let text = spec_file::read(path).map_err(|why| Stop::missing(why.get(lang)))?;
            files.push(File {
                name: path.display().to_string(),
                text,
            });
        }
        let (name, zone) = (
            self.name.clone().unwrap_or_else(init::folder),
            init::time_zone(),
        );
        let Imported { text, report } = spec::import::import(
            &files,
            &About {
                name: &name,
                time_zone: &zone,
                lang,
            },
        );
        if self.json {
            let entries: Vec<_> = report.iter().map(entry).collect();
            let out = json!({ "version": 1, "spec": text, "report": entries });
            outln!("{}", serde_json::to_string_pretty(&out)?);
            return Ok(ExitCode::SUCCESS);
        }
        match &self.out {
            Some(path) => {
                let mut file = init::create(path, self.force, lang)?;
                file.write_all(text.as_bytes())
                    .with_context(|| format!("cannot write {}", path.display()))?;
            }
            None => outln!("{}", text.trim_end()),
        }
        self.tell(&report, lang);
        Ok(ExitCode::SUCCESS)
    }

    fn tell(&self, report: &[Entry], lang: Lang) {
        let mut counts: BTreeMap<Standing, usize> = BTreeMap::new();
        for entry in report {
            *counts.entry(entry.standing).or_default() += 1;
        }
        // What a person must look at comes first: what is not in the spec, then what may mean something else.
        for standing in [Standing::Lost, Standing::Guessed, Standing::Mapped] {
            if standing == Standing::Mapped && !self.verbose {
                continue;
            }
            let of_it = report.iter().filter(|entry| entry.standing == standing);
            for entries in of_it.collect::<Vec<_>>().chunk_by(|a, b| is_of_one(a, b)) {
                eprintln!("{}", line(entries, lang));
            }
        }
        let count = |standing| counts.get(&standing).copied().unwrap_or_default();
        let (mapped, guessed, lost) = (
            count(Standing::Mapped),
            count(Standing::Guessed),
            count(Standing::Lost),
        );
        let sum = say!(
            "{mapped} mapped, {guessed} mapped with a guess, {lost} not understood",
            "対応済み {mapped} 件、推測で対応 {guessed} 件、未対応 {lost} 件"
        );
        eprintln!("{}", sum.get(lang));
        if let Some(path) = &self.out {
            let path = path.display();
            let next = say!(
                "{path} is written; next: tegata check {path}",
                "{path} を書きました。次は tegata check {path}"
            );
            eprintln!("{}", next.get(lang));
        }
    }
}

/// Whether two entries are of one line of a file and say fields of one thing for one reason.
fn is_of_one(a: &Entry, b: &Entry) -> bool {
    let above = |entry: &Entry| {
        let (above, _) = entry.to.as_ref()?.rsplit_once('.')?;
        Some((entry.line, above.to_owned(), entry.why.clone()))
    };
    a.standing == Standing::Guessed
        && a.file == b.file
        && above(a).is_some()
        && above(a) == above(b)
}

/// `main.tf:12: guessed: infrastructure.compute.web.instances = 3 (why)`; further fields of the same thing follow it.
fn line(entries: &[&Entry], lang: Lang) -> String {
    let Some((entry, more)) = entries.split_first() else {
        return String::new();
    };
    let place = match (entry.file.as_str(), entry.line) {
        ("", _) => "tegata".to_owned(),
        (file, 0) => file.to_owned(),
        (file, line) => format!("{file}:{line}"),
    };
    let standing = entry.standing.say();
    let mut what = match &entry.to {
        Some(to) => format!("{to} = {}", entry.what),
        None => entry.what.clone(),
    };
    for entry in more {
        let to = entry.to.as_deref().unwrap_or_default();
        let field = to.rsplit_once('.').map_or(to, |(_, field)| field);
        what.push_str(&format!(", {field} = {}", entry.what));
    }
    let why = entry
        .why
        .as_ref()
        .map_or_else(String::new, |why| format!(" ({})", why.get(lang)));
    format!("{place}: {}: {what}{why}", standing.get(lang))
}

fn entry(entry: &Entry) -> serde_json::Value {
    json!({
        "file": entry.file, "line": entry.line, "what": entry.what,
        "standing": entry.standing.as_str(), "to": entry.to, "why": entry.why,
    })
}
