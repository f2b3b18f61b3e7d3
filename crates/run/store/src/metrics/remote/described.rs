//! What metrics are, as our own collectors say. Engines learn it with the samples, but few answer with it, so
//! it is kept here too.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    Error, Series,
    commit::blocking,
    disk::{Disk, RealDisk},
    metrics::Metadata,
};

/// Metrics that are described; a large house has some ten thousand.
const METRICS_MAX: usize = 50_000;
const FILE: &str = "described.json";

/// By the metric's name: kind, help and unit.
type Known = BTreeMap<String, (String, String, String)>;

pub(super) struct Described {
    path: PathBuf,
    known: Arc<Mutex<Known>>,
}

impl Described {
    /// A file that cannot be read as what it should be is begun anew: collectors tell all of it again.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE);
        let known = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Known::new(),
            Err(e) => return Err(Error::io(path, e)),
        };
        Ok(Self {
            path,
            known: Arc::new(Mutex::new(known)),
        })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // An entry is put whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub async fn add(&self, metadata: Vec<Metadata>) -> Result<(), Error> {
        let bytes = {
            let mut known = self.known();
            for one in metadata {
                if known.len() < METRICS_MAX || known.contains_key(&one.metric) {
                    known.insert(one.metric, (one.kind, one.help, one.unit));
                }
            }
            serde_json::to_vec(&*known).unwrap_or_default()
        };
        let path = self.path.clone();
        blocking(move || {
            RealDisk
                .write_whole(&path, &bytes)
                .map_err(|e| Error::io(path, e))
        })
        .await
    }

    /// What is known of the metrics of these series.
    pub fn of(&self, batch: &[Series]) -> Vec<Metadata> {
        let known = self.known();
        if known.is_empty() {
            return Vec::new();
        }
        let mut found: HashMap<&str, Metadata> = HashMap::new();
        for metric in batch.iter().map(|series| series.labels.metric()) {
            if let (false, Some((name, about))) =
                (found.contains_key(metric), known.get_key_value(metric))
            {
                found.insert(metric, metadata(name, about));
            }
        }
        found.into_values().collect()
    }

    /// `theirs`, with what we know better.
    pub fn with(&self, metric: Option<&str>, theirs: Vec<Metadata>) -> Vec<Metadata> {
        let mut all: BTreeMap<String, Metadata> = theirs
            .into_iter()
            .map(|one| (one.metric.clone(), one))
            .collect();
        for (name, about) in self.known().iter() {
            if metric.is_none_or(|metric| metric == name) {
                all.insert(name.clone(), metadata(name, about));
            }
        }
        all.into_values().collect()
    }
}

fn metadata(metric: &str, (kind, help, unit): &(String, String, String)) -> Metadata {
    Metadata {
        metric: metric.to_owned(),
        kind: kind.clone(),
        help: help.clone(),
        unit: unit.clone(),
    }
}
