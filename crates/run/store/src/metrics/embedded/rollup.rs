//! Long-range buckets: what stays of a block when retention drops its samples.
//!
//! Before a block goes, its series are written as buckets of 5 minutes and of 1 hour, each into a file of its own.
//! A file is a block whose series have one more label, which says which number of the bucket its values are. So
//! buckets are packed, checked and set aside as samples are. Histograms are not rolled up.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use promise::{Timestamp, signal::Matcher};

use super::{
    block::{Block, BlockWriter, OpenBlock},
    codec::Decoder,
};
use crate::{
    Error, Labels, Sample,
    disk::{self, Disk},
    metrics::bucket::{Bucket, Bucketed, bucketed, millis, widened},
};

/// The widths that are kept, and how their files end.
const WIDTHS: [(Duration, &str); 2] = [
    (Duration::from_secs(300), "5m"),
    (Duration::from_secs(3600), "1h"),
];
/// The label that names the number. It sorts behind every label that a metric has, so the order of series stays.
const FIELD: &str = "~bucket";
type Field = (&'static str, fn(&Bucket) -> f64);
/// The numbers of a bucket, in the order of their names.
const FIELDS: [Field; 7] = [
    ("count", |b| {
        #[allow(clippy::cast_precision_loss)]
        let count = b.count as f64;
        count
    }),
    ("first", |b| b.first),
    ("increase", |b| b.increase),
    ("last", |b| b.last),
    ("max", |b| b.max),
    ("min", |b| b.min),
    ("sum", |b| b.sum),
];

pub(super) struct Rollups {
    folder: PathBuf,
    held: RwLock<Vec<Rollup>>,
}

#[derive(Clone)]
struct Rollup {
    width: Duration,
    block: Arc<Block>,
}

impl Rollups {
    /// What was found damaged is told and set aside.
    pub fn open(folder: PathBuf) -> Result<(Self, Vec<String>), Error> {
        let (mut held, mut damage) = (Vec::new(), Vec::new());
        for (name, _) in disk::list(&folder).map_err(|e| Error::io(&folder, e))? {
            let Some((numbers, width)) = read_name(&name) else {
                continue;
            };
            let path = folder.join(name);
            match Block::open(&path, numbers) {
                Ok(block) => held.push(Rollup {
                    width,
                    block: Arc::new(block),
                }),
                Err(Error::Damaged { detail, .. }) => {
                    disk::quarantine(&path).map_err(|e| Error::io(&path, e))?;
                    damage.push(format!("{}: {detail}; renamed to .damaged", path.display()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok((
            Self {
                folder,
                held: RwLock::new(held),
            },
            damage,
        ))
    }

    /// Writes what is to stay of a block.
    pub fn add(&self, disk: &dyn Disk, block: &Block, open: &OpenBlock) -> Result<(), Error> {
        for (width, ending) in WIDTHS {
            let (first, last) = block.numbers;
            let path = self
                .folder
                .join(format!("{first:012}-{last:012}.{ending}.rollup"));
            let mut damage = None;
            let written = disk.write_streamed(&path, &mut |out| {
                let base = block
                    .first
                    .div_euclid(millis(width))
                    .saturating_mul(millis(width));
                let mut writer = BlockWriter::begin(out, base)?;
                match pour(block, open, width, &mut writer) {
                    Ok(()) => writer.finish(0),
                    Err(error) => {
                        let why = io::Error::other(error.to_string());
                        damage = Some(error);
                        Err(why)
                    }
                }
            });
            if let Some(error) = damage {
                return Err(error);
            }
            written.map_err(|e| Error::io(&path, e))?;
            let block = Arc::new(Block::open(&path, block.numbers)?);
            let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
            // What was written before, by a process that ended before it dropped the samples, is in the new one.
            let (old, mut next): (Vec<Rollup>, Vec<Rollup>) = std::mem::take(&mut *held)
                .into_iter()
                .partition(|one| one.width == width && within(one.block.numbers, block.numbers));
            next.push(Rollup { width, block });
            *held = next;
            drop(held);
            for one in old.iter().filter(|one| one.block.path != path) {
                remove(&one.block.path)?;
            }
        }
        Ok(())
    }

    /// The buckets of `width` whose stretches begin in `[from, to]`, from the widest files that divide it; without
    /// those of which the samples are there, too.
    pub fn read(
        &self,
        matchers: &[Matcher],
        (from, to): (i64, i64),
        width: Duration,
        there: &[(u64, u64)],
    ) -> Result<Vec<Bucketed>, Error> {
        let divides = |one: &Duration| millis(width) % millis(*one) == 0;
        let Some(kept) = WIDTHS.iter().map(|(one, _)| *one).filter(divides).max() else {
            return Ok(Vec::new());
        };
        let mut found: BTreeMap<Labels, BTreeMap<i64, Bucket>> = BTreeMap::new();
        for one in self.all().into_iter().filter(|one| one.width == kept) {
            let known = there
                .iter()
                .any(|numbers| within(one.block.numbers, *numbers));
            if !known && one.block.first <= to && one.block.last >= from {
                self.read_one(&one.block, matchers, (from, to), &mut found)?;
            }
        }
        let series = found.into_iter().map(|(labels, buckets)| {
            let buckets: Vec<Bucket> = buckets.into_values().collect();
            Bucketed {
                labels,
                buckets: widened(&buckets, width),
            }
        });
        Ok(series.collect())
    }

    fn read_one(
        &self,
        block: &Arc<Block>,
        matchers: &[Matcher],
        range: (i64, i64),
        found: &mut BTreeMap<Labels, BTreeMap<i64, Bucket>>,
    ) -> Result<(), Error> {
        let open = block.load()?;
        let mut decoder = Decoder::default();
        // By series and start the seven numbers of this file's bucket.
        let mut numbers: BTreeMap<Labels, BTreeMap<i64, [f64; 7]>> = BTreeMap::new();
        for i in open.index.matching(matchers) {
            let labels = open.index.labels(i);
            let field = labels.get(FIELD);
            let Some(field) = FIELDS.iter().position(|(name, _)| *name == field) else {
                continue;
            };
            let Some(entry) = open.index.entry(i) else {
                continue;
            };
            let (samples, _) = open.read(&block.deleted, (i, entry), range, &mut decoder)?;
            let of = numbers.entry(labels.with(FIELD, "")).or_default();
            for sample in samples {
                of.entry(sample.at.as_millis()).or_insert([0.0; 7])[field] = sample.value;
            }
        }
        for (labels, buckets) in numbers {
            let of = found.entry(labels).or_default();
            for (at, numbers) in buckets {
                let bucket = told(at, numbers);
                // A stretch that a seal has cut is in two files.
                of.entry(at)
                    .and_modify(|known| known.join(&bucket))
                    .or_insert(bucket);
            }
        }
        Ok(())
    }

    /// Marks what `matchers` accept as deleted: every bucket that touches `[from, to]`.
    pub fn delete(
        &self,
        disk: &dyn Disk,
        matchers: &[Matcher],
        from: i64,
        to: i64,
    ) -> Result<(), Error> {
        for one in self.all() {
            let from = from.saturating_sub(millis(one.width) - 1);
            if one.block.first > to || one.block.last < from {
                continue;
            }
            let mut gone = (*one.block.deleted).clone();
            for i in one.block.load()?.index.matching(matchers) {
                gone.add(i, from, to);
            }
            if gone != *one.block.deleted {
                gone.save(disk, &one.block.path, one.block.crc)?;
                let marked = Arc::new(one.block.with_deleted(gone));
                let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
                held.iter_mut()
                    .filter(|held| Arc::ptr_eq(&held.block, &one.block))
                    .for_each(|held| held.block = marked.clone());
            }
        }
        Ok(())
    }

    /// Drops the files that are older than their width is kept. Returns the bytes freed.
    pub fn drop_before(
        &self,
        now: Timestamp,
        keep: impl Fn(Duration) -> Duration,
    ) -> Result<u64, Error> {
        let old = |one: &Rollup| one.block.last < (now - keep(one.width)).as_millis();
        self.drop_such(self.all().into_iter().filter(old))
    }

    /// Drops the oldest files until the rest takes at most `bytes`. Returns the bytes freed.
    pub fn drop_oldest(&self, bytes: u64) -> Result<u64, Error> {
        let mut all = self.all();
        all.sort_by_key(|one| std::cmp::Reverse(one.block.last));
        let mut kept = 0;
        let over = move |one: &Rollup| {
            kept += one.block.bytes;
            kept > bytes
        };
        self.drop_such(all.into_iter().filter(over))
    }

    fn drop_such(&self, such: impl Iterator<Item = Rollup>) -> Result<u64, Error> {
        let mut freed = 0;
        for one in such {
            let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
            held.retain(|held| !Arc::ptr_eq(&held.block, &one.block));
            drop(held);
            remove(&one.block.path)?;
            freed += one.block.bytes;
        }
        Ok(freed)
    }

    pub fn bytes(&self) -> u64 {
        self.all().iter().map(|one| one.block.bytes).sum()
    }

    fn all(&self) -> Vec<Rollup> {
        self.held
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn pour(
    block: &Block,
    open: &OpenBlock,
    width: Duration,
    writer: &mut BlockWriter<'_>,
) -> Result<(), Error> {
    let mut decoder = Decoder::default();
    for i in 0..open.index.len() {
        let Some(entry) = open.index.entry(i) else {
            continue;
        };
        let all = (i64::MIN, i64::MAX);
        let (samples, _) = open.read(&block.deleted, (i, entry), all, &mut decoder)?;
        let (labels, buckets) = (open.index.labels(i), bucketed(&samples, width));
        for (name, number) in FIELDS {
            let values: Vec<Sample> = buckets
                .iter()
                .map(|b| Sample {
                    at: b.at,
                    value: number(b),
                })
                .collect();
            let added = writer.add(&labels.with(FIELD, name), &values, &[]);
            added.map_err(|e| Error::io(Path::new("a file of buckets"), e))?;
        }
    }
    Ok(())
}

fn within((first, last): (u64, u64), outer: (u64, u64)) -> bool {
    outer.0 <= first && last <= outer.1
}

fn told(at: i64, numbers: [f64; 7]) -> Bucket {
    let [count, first, increase, last, max, min, sum] = numbers;
    // A count was an integer when it was written.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let count = count as u64;
    Bucket {
        at: Timestamp::from_millis(at),
        count,
        sum,
        min,
        max,
        first,
        last,
        increase,
    }
}

fn read_name(name: &str) -> Option<((u64, u64), Duration)> {
    let (numbers, ending) = name.strip_suffix(".rollup")?.split_once('.')?;
    let (first, last) = numbers.split_once('-')?;
    let (width, _) = WIDTHS.iter().find(|(_, known)| *known == ending)?;
    Some(((first.parse().ok()?, last.parse().ok()?), *width))
}

fn remove(path: &Path) -> Result<(), Error> {
    fs::remove_file(path).map_err(|e| Error::io(path, e))?;
    match fs::remove_file(super::deleted::beside(path)) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::io(path, e)),
        _ => Ok(()),
    }
}
