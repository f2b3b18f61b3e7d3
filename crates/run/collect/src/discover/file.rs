//! Lists of targets in files, JSON or YAML, as Prometheus's `file_sd_configs` reads them.
//!
//! Files are looked at every other second: a list that is replaced, in place or by renaming, is read again
//! when its size, time or inode differ. A list that cannot be read keeps what it said last.

use std::{
    collections::BTreeMap,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use promise::{Say, document, record, record::Read, say};
use serde::Deserialize;
use store::Labels;

use super::Finder;
use crate::{file, glob, scrape::ADDRESS};

const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A list of 50,000 targets with ten labels each.
const FILE_MAX: u64 = 32 << 20;
/// Files of one job; each is looked at again and again.
const FILES_MAX: usize = 1_000;

record! {
    /// Targets that share labels.
    struct Group {
        targets: Vec<String>,
        labels: BTreeMap<String, String> = BTreeMap::new(),
    }
}

/// As Prometheus writes it in JSON, where labels may be missing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonGroup {
    targets: Vec<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// What a file is known by without reading it: inode, length, and when it changed.
type Stamp = (u64, u64, i64, i64);

#[derive(Default)]
struct Known {
    stamp: Option<Stamp>,
    found: Vec<Labels>,
    trouble: Option<Say>,
}

pub(super) async fn run(patterns: Vec<String>, data_dir: PathBuf, finder: Finder) {
    let mut known: BTreeMap<PathBuf, Known> = BTreeMap::new();
    loop {
        let (patterns_, folder) = (patterns.clone(), data_dir.clone());
        let look = tokio::task::spawn_blocking(move || {
            let trouble = look(&patterns_, &folder, &mut known);
            (known, trouble)
        });
        let Ok((seen, trouble)) = look.await else {
            // The runtime is shutting down.
            return;
        };
        known = seen;
        let all = known.values();
        let trouble = trouble.or_else(|| all.clone().find_map(|one| one.trouble.clone()));
        finder.tell(all.flat_map(|one| one.found.clone()).collect(), trouble);
        if !finder.rest(LOOK_EVERY).await {
            return;
        }
    }
}

/// Reads what has changed, and forgets what is gone.
fn look(patterns: &[String], folder: &Path, known: &mut BTreeMap<PathBuf, Known>) -> Option<Say> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for pattern in patterns {
        match glob::files(folder, pattern) {
            Ok(found) => paths.extend(found),
            // The folder may be away for a moment: nothing is forgotten then.
            Err(error) => {
                return Some(say!(
                    "{pattern} cannot be looked for: {error}",
                    "{pattern} を探せません: {error}"
                ));
            }
        }
    }
    paths.sort();
    paths.dedup();
    let beyond = paths.len().saturating_sub(FILES_MAX);
    paths.truncate(FILES_MAX);
    known.retain(|path, _| paths.contains(path));
    for path in paths {
        let one = known.entry(path.clone()).or_default();
        let stamp = std::fs::metadata(&path)
            .ok()
            .map(|m| (m.ino(), m.len(), m.mtime(), m.mtime_nsec()));
        if stamp.is_some() && stamp == one.stamp {
            continue;
        }
        one.stamp = stamp;
        match read(&path) {
            Ok(found) => (one.found, one.trouble) = (found, None),
            Err(why) => one.trouble = Some(why),
        }
    }
    (beyond > 0).then(|| {
        say!(
            "{beyond} files beyond {FILES_MAX} are not read",
            "{FILES_MAX} 個を超える {beyond} 個のファイルは読みません"
        )
    })
}

fn read(path: &Path) -> Result<Vec<Labels>, Say> {
    let text = file::bounded(path, FILE_MAX, |path| std::fs::read_to_string(path))?;
    let is_json = path.extension().is_some_and(|end| end == "json");
    let groups = if is_json { json(&text) } else { yaml(&text) };
    let shown = path.to_string_lossy();
    let each = groups
        .map_err(|why| file::unreadable(path, &why))?
        .into_iter()
        .flat_map(|group| {
            let Group { targets, labels } = group;
            let shown = shown.clone();
            targets.into_iter().map(move |target| {
                let own = labels
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()));
                let ours = [(ADDRESS, target.as_str()), ("__meta_filepath", &shown)];
                Labels::new(own.chain(ours))
            })
        });
    Ok(each.collect())
}

fn json(text: &str) -> Result<Vec<Group>, String> {
    let groups: Vec<JsonGroup> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let plain = |group: JsonGroup| Group {
        targets: group.targets,
        labels: group.labels,
    };
    Ok(groups.into_iter().map(plain).collect())
}

fn yaml(text: &str) -> Result<Vec<Group>, String> {
    let (root, mut mistakes) = document::parse_yaml(text);
    let groups = root.and_then(|root| Vec::<Group>::read(&root, &mut mistakes));
    match mistakes.first() {
        Some(mistake) => Err(mistake.message.en.clone()),
        None => Ok(groups.unwrap_or_default()),
    }
}
