//! The spec in force, its rule files, and how they are read again when one of them changes.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use arc_swap::ArcSwap;
use promise::{Lang, Say};
use spec::Spec;

use super::Settings;
use crate::{
    access::Gate,
    rule_files::{self, RuleFiles},
    spec_file,
    tasks::watch::Why,
};

pub(crate) struct InForce {
    pub(crate) spec: Spec,
    pub(crate) rules: RuleFiles,
    /// The spec and its rule files: a change of one is a change of the spec.
    pub(crate) watched: Arc<ArcSwap<Vec<PathBuf>>>,
}

impl InForce {
    /// Reads them for the first time.
    pub(super) fn open(settings: &Settings) -> anyhow::Result<Self> {
        let (path, lang) = (&settings.spec, settings.lang);
        let file = spec_file::open(path, lang)?;
        if file.loaded.spec.is_some() {
            file.show(lang);
        }
        let spec = file.into_spec(lang)?;
        let rules = rule_files::of(path, &spec, lang)?.whole(lang)?;
        let watched = Arc::new(ArcSwap::from_pointee(files(path, &rules)));
        Ok(Self {
            spec,
            rules,
            watched,
        })
    }

    /// Whether there is a good one that is now in force.
    pub(super) fn read_again(&mut self, settings: &Settings, gate: &Gate, why: Why) -> bool {
        let read = read(settings, &self.watched, why);
        let Ok((spec, rules)) = read.and_then(|read| gate.take(&read.0).map(|()| read)) else {
            return false;
        };
        (self.spec, self.rules) = (spec, rules);
        true
    }
}

/// What lies on the disk, or why it cannot be in force.
pub(super) fn read(
    settings: &Settings,
    watched: &ArcSwap<Vec<PathBuf>>,
    why: Why,
) -> Result<(Spec, RuleFiles), Say> {
    let (path, lang) = (&settings.spec, settings.lang);
    let opened = spec_file::open(path, lang).and_then(|file| {
        let spec = file.loaded.spec.as_ref();
        let rules = spec.map(|spec| rule_files::of(path, spec, lang));
        Ok((file, rules.transpose()?.unwrap_or_default()))
    });
    let problem = match opened {
        Ok((file, rules)) => {
            let wrong = rules.problem();
            if let (Some(spec), None) = (file.loaded.spec, &wrong) {
                watched.store(Arc::new(files(path, &rules)));
                tracing::info!(?why, "the spec was read again");
                return Ok((spec, rules));
            }
            wrong.unwrap_or_else(|| spec_file::summary(&file.loaded.diagnostics))
        }
        Err(error) => Say::same(error.to_string()),
    };
    tracing::error!(
        problem = problem.en,
        "the spec on disk is bad; the last good one stays in force"
    );
    Err(problem)
}

/// The files that make a spec.
fn files(spec: &Path, rules: &RuleFiles) -> Vec<PathBuf> {
    let parts = spec_file::open(spec, Lang::En).map(|file| file.loaded.texts.paths());
    // One that has just gone is looked for again at its place.
    let parts = parts.unwrap_or_else(|_| vec![spec.to_path_buf()]);
    parts
        .into_iter()
        .chain(rules.paths.iter().cloned())
        .collect()
}
