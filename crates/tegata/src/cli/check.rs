//! `tegata check`: what is wrong in a spec, before anything runs.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Args;
use promise::{Kind, Lang, Say, say};
use serde_json::json;
use spec::{Detection, Diagnostic, Level, Mended, Suppressed, Texts};

use super::Common;
use crate::{
    exit::{self, Stop},
    rule_files, spec_file,
};

/// Check a spec: every mistake and contradiction at once, each with its place and a hint.
///
/// Ends with 0 when nothing is wrong (warnings do not count unless `--strict`), 78 otherwise.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The spec.
    #[arg(default_value = "tegata.yaml")]
    spec: PathBuf,
    /// Mend what can be mended without a doubt, in the file and those that it includes, and check again.
    #[arg(long)]
    fix: bool,
    /// With `--fix`: make the changes too that a person should read afterwards.
    #[arg(long, requires = "fix")]
    unsafe_fixes: bool,
    /// Print the findings as JSON, and how long the page about each promise can take.
    #[arg(long)]
    json: bool,
    /// Print the findings as SARIF 2.1.0, for code review.
    #[arg(long, conflicts_with_all = ["json", "github"])]
    sarif: bool,
    /// Print the findings as annotations of GitHub Actions.
    #[arg(long, conflicts_with = "json")]
    github: bool,
    /// Print how long, at worst, the page about each promise can take, in parts, and what is suppressed.
    #[arg(short, long)]
    verbose: bool,
    /// Warnings count as mistakes.
    #[arg(long)]
    strict: bool,
    /// List the rules, or print the page of one, and end.
    #[arg(long, value_name = "CODE", num_args = 0..=1, default_missing_value = "")]
    rules: Option<String>,
}

impl Check {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        if let Some(code) = &self.rules {
            return rules(code, lang);
        }
        let mended = if self.fix {
            self.mend(lang)?
        } else {
            Vec::new()
        };
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
        // The findings of each set of texts, with what is suppressed in it.
        let mut found: Vec<(&[Diagnostic], &[Suppressed], &Texts)> = vec![(
            &file.loaded.diagnostics,
            &file.loaded.suppressed,
            &file.loaded.texts,
        )];
        found.extend(
            rules
                .bad
                .iter()
                .map(|bad| (bad.diagnostics.as_slice(), &[][..], &bad.texts)),
        );
        if self.json {
            let mut out =
                json!({ "version": 1, "diagnostics": [], "suppressed": [], "fixed": mended });
            for (diagnostics, suppressed, texts) in found {
                append(
                    &mut out["diagnostics"],
                    spec::to_json(diagnostics, texts)["diagnostics"].take(),
                );
                append(
                    &mut out["suppressed"],
                    suppressed.iter().map(|it| excuse(it, texts)).collect(),
                );
            }
            if let Some(spec) = &file.loaded.spec {
                out["detection"] = serde_json::to_value(spec::detection(spec))?;
            }
            outln!("{}", serde_json::to_string_pretty(&out)?);
        } else if self.sarif {
            let mut runs = json!({});
            for (diagnostics, suppressed, texts) in found {
                let one = spec::to_sarif(
                    diagnostics,
                    suppressed,
                    texts,
                    env!("CARGO_PKG_VERSION"),
                    lang,
                );
                match runs.get("runs") {
                    Some(_) => append(&mut runs["runs"], one["runs"].clone()),
                    None => runs = one,
                }
            }
            outln!("{}", serde_json::to_string_pretty(&runs)?);
        } else if self.github {
            for (diagnostics, _, texts) in found {
                outln!("{}", spec::to_github(diagnostics, texts, lang).trim_end());
            }
        } else {
            file.show(lang);
            rules.show(lang);
            for fix in &mended {
                eprintln!("{fix}");
            }
            if self.verbose {
                self.show_more(&file.loaded.suppressed, file.loaded.spec.as_ref(), lang)?;
            }
            if !bad {
                eprintln!("{}", self.sum(&file.loaded).get(lang));
            }
        }
        Ok(ExitCode::from(if bad { exit::BAD_SPEC } else { 0 }))
    }

    /// What a spec without errors is, in one line. What nothing measures is no promise that is known to be kept.
    fn sum(&self, loaded: &spec::Loaded) -> Say {
        let path = self.spec.display();
        let promises = loaded.spec.as_ref().map_or(&[][..], |spec| &spec.promises);
        let count = promises.len();
        let is_declared = |it: &&promise::Promise| matches!(it.kind, Kind::Declared(_));
        let declared = promises.iter().filter(is_declared).count();
        let found = if loaded.diagnostics.is_empty() {
            say!("nothing wrong", "指摘はありません")
        } else {
            say!("no errors", "誤りはありません")
        };
        let (en, ja) = (&found.en, &found.ja);
        match declared {
            0 => say!(
                "{path}: {count} promises, {en}",
                "{path}: 約束 {count} 件、{ja}"
            ),
            _ => say!(
                "{path}: {count} promises, {en}; {declared} of them are only declared, and nothing measures them yet",
                "{path}: 約束 {count} 件、{ja}(うち {declared} 件は宣言だけで、測る手段がまだありません)"
            ),
        }
    }

    /// Writes what the fixes change, and says what they did.
    fn mend(&self, lang: Lang) -> anyhow::Result<Vec<String>> {
        let text = spec_file::read(&self.spec).map_err(|why| Stop::missing(why.get(lang)))?;
        let name = self.spec.display().to_string();
        let Mended { files, applied, .. } =
            spec_file::with_world(&|world| spec::mend(&text, &name, world, self.unsafe_fixes));
        for (path, text) in &files {
            spec_file::replace(path.as_ref(), text)
                .with_context(|| format!("cannot write {path}"))?;
        }
        let said = |fix: &promise::document::Fix| {
            let title = fix.title.get(lang);
            say!("mended: {title}", "直しました: {title}")
                .get(lang)
                .to_owned()
        };
        Ok(applied.iter().map(said).collect())
    }

    fn show_more(
        &self,
        suppressed: &[Suppressed],
        spec: Option<&spec::Spec>,
        lang: Lang,
    ) -> anyhow::Result<()> {
        for Suppressed {
            name,
            reason,
            until,
            finding,
        } in suppressed
        {
            let (code, message) = (finding.code, finding.message.get(lang));
            let line = say!(
                "suppressed until {until} by `{name}` ({reason}): {message} [{code}]",
                "`{name}` により {until} まで抑制({reason}): {message} [{code}]"
            );
            eprintln!("{}", line.get(lang));
        }
        spec.map_or(Ok(()), |spec| show_detection(&spec::detection(spec), lang))
    }
}

fn append(list: &mut serde_json::Value, more: serde_json::Value) {
    if let (Some(list), serde_json::Value::Array(more)) = (list.as_array_mut(), more) {
        list.extend(more);
    }
}

fn excuse(it: &Suppressed, texts: &Texts) -> serde_json::Value {
    let finding = spec::to_json(std::slice::from_ref(&it.finding), texts)["diagnostics"][0].take();
    json!({ "by": it.name, "reason": it.reason, "until": it.until, "finding": finding })
}

/// Every rule on a line, or the page of one.
fn rules(code: &str, lang: Lang) -> anyhow::Result<ExitCode> {
    if code.is_empty() {
        for rule in spec::check::RULES {
            let about = rule.section("Finds");
            let first = about.get(lang);
            let first = first.split_once(". ").map_or(first, |(first, _)| first);
            outln!("{:8} {:32} {first}", rule.level.as_str(), rule.code);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let Some(rule) = spec::check::rule(code) else {
        let none = say!(
            "there is no rule `{code}`",
            "`{code}` という規則はありません"
        );
        let known = spec::check::RULES.iter().map(|rule| rule.code);
        let hint = match promise::document::did_you_mean(code, known) {
            Some(meant) => say!("did you mean `{meant}`?", "`{meant}` のことですか?"),
            None => say!(
                "`tegata check --rules` lists them",
                "`tegata check --rules` で一覧できます"
            ),
        };
        return Err(Stop::missing(none.get(lang)).hint(hint.get(lang)).into());
    };
    outln!("{}", rule.page(lang).trim_end());
    Ok(ExitCode::SUCCESS)
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
