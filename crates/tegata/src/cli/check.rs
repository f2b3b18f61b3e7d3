//! `tegata check`: what is wrong in a spec, before anything runs.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use promise::Lang;
use spec::{Detection, Level};

use super::Common;
use crate::{exit, rule_files, spec_file};

/// Check a spec: every mistake and contradiction at once, each with its place and a hint.
///
/// Ends with 0 when nothing is wrong (warnings do not count unless `--strict`), 78 otherwise.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The spec.
    #[arg(default_value = "tegata.yaml")]
    spec: PathBuf,
    /// Print the findings as JSON, and how long the page about each promise can take.
    #[arg(long)]
    json: bool,
    /// Print how long, at worst, the page about each promise can take, in parts.
    #[arg(short, long)]
    verbose: bool,
    /// Warnings count as mistakes.
    #[arg(long)]
    strict: bool,
    /// List the rules and end.
    #[arg(long)]
    rules: bool,
}

impl Check {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        if self.rules {
            for rule in spec::check::RULES {
                let about = rule.doc.say();
                let first = about
                    .get(lang)
                    .split_once(['.', '。'])
                    .map_or(about.get(lang), |(first, _)| first);
                outln!("{:8} {:28} {first}", rule.level.as_str(), rule.code);
            }
            return Ok(ExitCode::SUCCESS);
        }
        let file = spec_file::open(&self.spec, lang)?;
        let worst = if self.strict {
            Level::Warning
        } else {
            Level::Error
        };
        let rules = file.loaded.spec.as_ref();
        let rules = rules
            .map(|spec| rule_files::of(&self.spec, spec, lang))
            .transpose()?
            .unwrap_or_default();
        let bad = !rules.bad.is_empty() || file.loaded.diagnostics.iter().any(|d| d.level <= worst);
        if self.json {
            let mut out = spec::to_json(&file.loaded.diagnostics, &file.loaded.texts);
            if let Some(all) = out["diagnostics"].as_array_mut() {
                for bad in &rules.bad {
                    let more = spec::to_json(&bad.diagnostics, &bad.texts)["diagnostics"].take();
                    all.extend(more.as_array().cloned().unwrap_or_default());
                }
            }
            if let Some(spec) = &file.loaded.spec {
                out["detection"] = serde_json::to_value(spec::detection(spec))?;
            }
            outln!("{}", serde_json::to_string_pretty(&out)?);
        } else {
            file.show(lang);
            rules.show(lang);
            if let Some(spec) = file.loaded.spec.as_ref().filter(|_| self.verbose) {
                show_detection(&spec::detection(spec), lang)?;
            }
            if !bad {
                let count = file
                    .loaded
                    .spec
                    .as_ref()
                    .map_or(0, |spec| spec.promises.len());
                let path = self.spec.display();
                match lang {
                    Lang::En => eprintln!("{path}: {count} promises, nothing wrong"),
                    Lang::Ja => eprintln!("{path}: 約束 {count} 件、誤りはありません"),
                }
            }
        }
        Ok(ExitCode::from(if bad { exit::BAD_SPEC } else { 0 }))
    }
}

/// One line a promise: the worst case, what its severity promises, and of what it is made.
fn show_detection(all: &[Detection], lang: Lang) -> anyhow::Result<()> {
    let width = all
        .iter()
        .map(|it| it.promise.len())
        .max()
        .unwrap_or_default();
    let head = match lang {
        Lang::En => ["promise", "worst", "promised", "made of"],
        Lang::Ja => ["約束", "最悪", "約束した時間", "内訳"],
    };
    outln!(
        "{:width$}  {:>8}  {:>8}  {}",
        head[0],
        head[1],
        head[2],
        head[3]
    );
    for it in all {
        let promised = it
            .page_within
            .map_or_else(|| "-".to_owned(), |within| within.to_string());
        let mut parts = vec![format!(
            "{} ({})",
            it.interval,
            it.source.as_deref().unwrap_or("-")
        )];
        for (span, en, ja) in [
            (it.timeout, "timeout", "応答待ち"),
            (it.hold, "for", "継続"),
            (it.judged, "judging", "判定"),
            (it.accepted, "accepting", "受理"),
        ] {
            let name = if lang == Lang::En { en } else { ja };
            parts.extend((!span.0.is_zero()).then(|| format!("{span} {name}")));
        }
        let (id, worst, parts) = (&it.promise, it.worst.to_string(), parts.join(" + "));
        outln!("{id:width$}  {worst:>8}  {promised:>8}  {parts}");
    }
    Ok(())
}
