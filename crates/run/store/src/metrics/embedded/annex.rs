//! What belongs to series but is no sample: exemplars and metadata.
//!
//! Both are few and bounded, so they are held in memory. The log makes them durable, and a file that is
//! written whole before the log goes keeps them after.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    fs, io,
    path::{Path, PathBuf},
};

use super::records::{put_exemplar, put_metadata, read_exemplar, read_metadata};
use crate::{
    Error, Exemplar, Labels, Metadata,
    disk::{self, Disk},
    wire::{Reader, put_text, put_varint},
};

/// An exemplar's labels; OpenMetrics allows 128 characters, of which each may take 4 bytes.
const EXEMPLAR_BYTES_MAX: usize = 1024;
/// Metrics that are described, and how long a help may be; a large house has some ten thousand.
const METADATA_MAX: usize = 100_000;
const HELP_BYTES_MAX: usize = 4096;
const MAGIC: &[u8; 8] = b"tegataX2";

pub(super) struct Annex {
    exemplars_max: usize,
    exemplars: HashMap<Labels, VecDeque<Exemplar>>,
    /// Whose exemplar came when, the oldest first; it goes first where there are too many.
    order: VecDeque<Labels>,
    metadata: BTreeMap<String, Metadata>,
    /// Whether there is something that the file does not hold.
    changed: bool,
}

impl Annex {
    pub fn new(exemplars_max: usize) -> Self {
        Self {
            exemplars_max,
            exemplars: HashMap::new(),
            order: VecDeque::new(),
            metadata: BTreeMap::new(),
            changed: false,
        }
    }

    /// Whether an exemplar would be kept: one not newer than the newest of its series is not.
    pub fn wants(&self, series: &Labels, exemplar: &Exemplar) -> bool {
        let newest = self.exemplars.get(series).and_then(VecDeque::back);
        self.exemplars_max > 0
            && exemplar.labels.encoded().len() <= EXEMPLAR_BYTES_MAX
            && newest.is_none_or(|newest| exemplar.at > newest.at)
    }

    pub fn add(&mut self, series: &Labels, exemplar: Exemplar) {
        if !self.wants(series, &exemplar) {
            return;
        }
        self.changed = true;
        self.order.push_back(series.clone());
        self.exemplars
            .entry(series.clone())
            .or_default()
            .push_back(exemplar);
        if self.order.len() > self.exemplars_max {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some(series) = self.order.pop_front() else {
            return;
        };
        if let Some(all) = self.exemplars.get_mut(&series) {
            all.pop_front();
            if all.is_empty() {
                self.exemplars.remove(&series);
            }
        }
    }

    /// Every series that holds exemplars, with them in order of time.
    pub fn exemplars(&self) -> impl Iterator<Item = (&Labels, &VecDeque<Exemplar>)> {
        self.exemplars.iter()
    }

    /// Forgets the exemplars of such series in `[from, to]`.
    pub fn forget(&mut self, such: impl Fn(&Labels) -> bool, from: i64, to: i64) {
        let all = std::mem::take(&mut self.order);
        let mut old = std::mem::take(&mut self.exemplars);
        for series in all {
            let Some(exemplar) = old.get_mut(&series).and_then(VecDeque::pop_front) else {
                continue;
            };
            if (from..=to).contains(&exemplar.at.as_millis()) && such(&series) {
                self.changed = true;
            } else {
                self.order.push_back(series.clone());
                self.exemplars
                    .entry(series)
                    .or_default()
                    .push_back(exemplar);
            }
        }
    }

    /// Those of `told` that say something new. `OverLimit` where there would be too many metrics.
    pub fn news(&self, told: Vec<Metadata>) -> Result<Vec<Metadata>, Error> {
        let mut news: Vec<Metadata> = told;
        for one in &mut news {
            let end = |n: &usize| one.help.is_char_boundary(*n);
            let cut = (0..=HELP_BYTES_MAX).rev().find(end).unwrap_or(0);
            one.help.truncate(cut);
        }
        news.retain(|one| self.metadata.get(&one.metric) != Some(one));
        let new = news
            .iter()
            .filter(|one| !self.metadata.contains_key(&one.metric))
            .count();
        if self.metadata.len() + new > METADATA_MAX {
            return Err(Error::over(
                "the number of metrics with metadata",
                METADATA_MAX,
            ));
        }
        Ok(news)
    }

    pub fn describe(&mut self, news: Vec<Metadata>) {
        self.changed |= !news.is_empty();
        self.metadata
            .extend(news.into_iter().map(|one| (one.metric.clone(), one)));
    }

    pub fn metadata(&self, metric: Option<&str>) -> Vec<Metadata> {
        match metric {
            Some(metric) => self.metadata.get(metric).cloned().into_iter().collect(),
            None => self.metadata.values().cloned().collect(),
        }
    }

    /// Makes durable in `folder` what is not yet.
    pub fn save(&mut self, disk: &dyn Disk, folder: &Path) -> Result<(), Error> {
        if self.changed {
            let path = path(folder);
            disk.write_whole(&path, &self.to_bytes())
                .map_err(|e| Error::io(path, e))?;
            self.changed = false;
        }
        Ok(())
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        put_metadata(self.metadata.values(), &mut out);
        put_varint(&mut out, self.order.len() as u64);
        let mut next: HashMap<&Labels, usize> = HashMap::new();
        for series in &self.order {
            let nth = next.entry(series).or_default();
            if let Some(exemplar) = self.exemplars.get(series).and_then(|all| all.get(*nth)) {
                put_text(&mut out, series.encoded());
                put_exemplar(exemplar, &mut out);
            }
            *nth += 1;
        }
        let crc = crc32fast::hash(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    fn read(&mut self, bytes: &[u8]) -> Option<()> {
        let (body, crc) = bytes.split_last_chunk::<4>()?;
        let body = body
            .strip_prefix(MAGIC)
            .filter(|_| crc32fast::hash(body) == u32::from_le_bytes(*crc))?;
        let mut reader = Reader::new(body);
        self.describe(read_metadata(&mut reader)?);
        for _ in 0..reader.varint()? {
            let series = Labels::decode(reader.text()?)?;
            self.add(&series, read_exemplar(&mut reader)?);
        }
        self.changed = false;
        Some(())
    }

    /// Reads what is in `folder`. A damaged file is set aside, and what was wrong is told.
    pub fn open(folder: &Path, exemplars_max: usize) -> Result<(Self, Option<String>), Error> {
        let path = path(folder);
        let mut annex = Self::new(exemplars_max);
        match fs::read(&path) {
            Ok(bytes) if annex.read(&bytes).is_none() => {
                disk::quarantine(&path).map_err(|e| Error::io(&path, e))?;
                let what = format!(
                    "{}: exemplars and metadata are not what was written; renamed to .damaged",
                    path.display()
                );
                Ok((Self::new(exemplars_max), Some(what)))
            }
            Ok(_) => Ok((annex, None)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok((annex, None)),
            Err(e) => Err(Error::io(path, e)),
        }
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("annex")
}
