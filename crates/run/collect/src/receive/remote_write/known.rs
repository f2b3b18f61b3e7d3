//! Series and sources that were heard before. A known series costs the hash of its bytes: nothing is parsed, redacted or
//! allocated for it again. Senders send their series in the same order again and again, so the one behind the last is
//! tried first, and the list of a whole request is remembered, too.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    hash::{Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use promise::Timestamp;
use store::{
    Labels, Metadata,
    remote_write::{self, Described, LabelPairs, Seed},
};

use crate::{
    memory::{Keyed, Place},
    redact::Redactor,
};

/// Series of one source, as many as a large Kubernetes cluster's state has; beyond it a label runs away.
const SERIES_MAX: usize = 500_000;
/// Series of all senders: some 100 bytes each.
const ALL_MAX: usize = 2_000_000;
/// Sources of all senders.
const SOURCES_MAX: usize = 10_000;
/// Metrics that are described; each may tell a few hundred bytes.
const DESCRIBED_MAX: usize = 50_000;
/// Labels of one series, and bytes of a name and a value: a stack trace fits, a whole body does not.
const LABELS_MAX: usize = 64;
const NAME_MAX: usize = 1 << 10;
const VALUE_MAX: usize = 8 << 10;
/// What was not heard for between one and two of these is forgotten.
const AGE: Duration = Duration::from_secs(600);
/// Until two samples of a source are known, it is taken to speak as often as Prometheus does by default.
const FIRST_INTERVAL: Duration = Duration::from_secs(60);
/// The distances that an interval is the middle of.
const DISTANCES: usize = 7;
/// No source owes a sample more often than this; what comes closer together is one round that was stamped
/// sample by sample.
const INTERVAL_MIN: Duration = Duration::from_secs(1);
/// Nor does one stay fresh longer, for nothing is shown that is older than five minutes.
const INTERVAL_MAX: Duration = Duration::from_secs(300);

/// Lists of a series each that are remembered: one for each shard of a sender that has many.
const LISTS_MAX: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SourceId(u32);

pub(super) struct Known {
    pub seed: Seed,
    redactor: Arc<Redactor>,
    series: Keyed<Slot>,
    /// What followed a series in one message, itself included.
    lists: HashMap<Place, Arc<[Labels]>>,
    sources: Vec<Source>,
    by_name: HashMap<Arc<str>, SourceId>,
    described: HashMap<String, u64>,
    age: u32,
    turned: Option<Timestamp>,
}

/// A known series.
pub(super) struct Slot {
    pub labels: Labels,
    pub source: SourceId,
    /// When it was last heard.
    age: u32,
    /// What was last told of its metric.
    about: u32,
}

struct Source {
    name: Arc<str>,
    series: usize,
    last: Option<Timestamp>,
    distances: VecDeque<Duration>,
}

impl Known {
    pub fn new(redactor: Arc<Redactor>) -> Self {
        Self {
            seed: Seed::random(),
            redactor,
            series: Keyed::default(),
            lists: HashMap::new(),
            sources: Vec::new(),
            by_name: HashMap::new(),
            described: HashMap::new(),
            age: 0,
            turned: None,
        }
    }

    /// Forgets from time to time what is heard no more.
    pub fn turn(&mut self, now: Timestamp) {
        let turned = *self.turned.get_or_insert(now);
        // A clock that was set back begins anew instead of waiting for the time to come round.
        if now < turned || now.since(turned) >= AGE {
            self.turned = Some(now);
            self.age = self.age.wrapping_add(1);
            self.forget();
        }
    }

    fn forget(&mut self) {
        let (age, sources) = (self.age, &mut self.sources);
        self.series.retain(|slot| {
            let stays = age.wrapping_sub(slot.age) < 2;
            if !stays {
                sources[slot.source.0 as usize].series -= 1;
            }
            stays
        });
        // A list says what was, and holds on to its series.
        self.lists.clear();
    }

    /// The series of these labels, or why it is refused. An error ends the whole message.
    pub fn find(
        &mut self,
        pairs: &LabelPairs<'_>,
    ) -> Result<Result<Place, String>, remote_write::Error> {
        let key = pairs.hash(self.seed);
        Ok(match self.known(key) {
            Some(place) => Ok(place),
            None => self.meet(key, &pairs.pairs()?),
        })
    }

    /// The same for labels that nothing has to be unpacked from.
    pub fn find_labels(&mut self, labels: &Labels) -> Result<Place, String> {
        let key = self.seed.hash_labels(labels);
        match self.known(key) {
            Some(place) => Ok(place),
            None => self.meet(key, &labels.iter().collect::<Vec<_>>()),
        }
    }

    pub fn at(&self, place: Place) -> &Slot {
        self.series.at(place)
    }

    fn known(&mut self, key: u128) -> Option<Place> {
        let place = self.series.find(key)?;
        self.series.at_mut(place).age = self.age;
        Some(place)
    }

    /// A series that was never heard.
    fn meet(&mut self, key: u128, pairs: &[(&str, &str)]) -> Result<Place, String> {
        check(pairs)?;
        let labels = Labels::new(pairs.iter().map(|(name, value)| {
            let value = self.redactor.field(name, value);
            (self.redactor.text(name), value)
        }));
        self.insert(key, labels)
    }

    fn insert(&mut self, key: u128, labels: Labels) -> Result<Place, String> {
        if self.series.len() >= ALL_MAX {
            return Err(format!("more than {ALL_MAX} series were written"));
        }
        let source = self.source_of(&labels)?;
        let heard = &mut self.sources[source.0 as usize];
        if heard.series >= SERIES_MAX {
            return Err(self.flood(source));
        }
        heard.series += 1;
        let slot = Slot {
            labels,
            source,
            age: self.age,
            about: 0,
        };
        Ok(self.series.add(key, slot))
    }

    /// What followed this series in a message before.
    pub fn list(&self, first: Place) -> Arc<[Labels]> {
        self.lists.get(&first).cloned().unwrap_or_default()
    }

    pub fn remember(&mut self, first: Place, names: &Arc<[Labels]>) {
        if self.lists.len() >= LISTS_MAX {
            self.lists.clear();
        }
        self.lists.insert(first, names.clone());
    }

    fn source_of(&mut self, labels: &Labels) -> Result<SourceId, String> {
        let (job, instance) = (labels.get("job"), labels.get("instance"));
        let name = match (job, instance) {
            ("", "") => self.anonymous().to_owned(),
            ("", instance) => format!("{}/{instance}", self.anonymous()),
            (job, "") => job.to_owned(),
            (job, instance) => format!("{job}/{instance}"),
        };
        if let Some(known) = self.by_name.get(&*name) {
            return Ok(*known);
        }
        if self.sources.len() >= SOURCES_MAX {
            return Err(format!(
                "more than {SOURCES_MAX} sources (`job/instance`) were written"
            ));
        }
        let id = SourceId(u32::try_from(self.sources.len()).unwrap_or(u32::MAX));
        let name: Arc<str> = name.into();
        self.by_name.insert(name.clone(), id);
        self.sources.push(Source {
            name,
            series: 0,
            last: None,
            distances: VecDeque::new(),
        });
        Ok(id)
    }

    /// What the samples of a sender belong to that name neither a job nor an instance.
    pub fn anonymous(&self) -> &'static str {
        "remote_write"
    }

    /// Names the label that runs away, for that is what somebody must mend.
    fn flood(&self, source: SourceId) -> String {
        let name = &self.sources[source.0 as usize].name;
        let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for slot in self.series.iter().filter(|slot| slot.source == source) {
            for (label, value) in &slot.labels {
                values.entry(label).or_default().insert(value);
            }
        }
        let worst = values.iter().max_by_key(|(_, values)| values.len());
        let (label, count) = worst.map_or(("", 0), |(label, values)| (*label, values.len()));
        format!("{name} has more than {SERIES_MAX} series; its label `{label}` has {count} values")
    }

    pub fn source(&self, id: SourceId) -> &str {
        self.sources
            .get(id.0 as usize)
            .map_or(self.anonymous(), |source| &source.name)
    }

    /// The source has spoken at `at`.
    pub fn heard(&mut self, id: SourceId, at: Timestamp) {
        let Some(source) = self.sources.get_mut(id.0 as usize) else {
            return;
        };
        let distance = source.last.map(|last| at.since(last));
        if source.last.is_none_or(|last| last < at) {
            source.last = Some(at);
        }
        if let Some(distance) = distance.filter(|distance| *distance >= INTERVAL_MIN) {
            source.distances.truncate(DISTANCES - 1);
            source.distances.push_front(distance.min(INTERVAL_MAX));
        }
    }

    /// How often the source speaks: the middle of its last distances.
    pub fn interval(&self, id: SourceId) -> Duration {
        let Some(source) = self.sources.get(id.0 as usize) else {
            return FIRST_INTERVAL;
        };
        let mut sorted: Vec<Duration> = source.distances.iter().copied().collect();
        sorted.sort();
        sorted
            .get(sorted.len() / 2)
            .copied()
            .unwrap_or(FIRST_INTERVAL)
    }

    /// What is new about the metric of a series.
    pub fn describe(&mut self, place: Place, about: &Described<'_>) -> Option<Metadata> {
        let told = digest(about);
        let slot = self.series.at_mut(place);
        if slot.about == told {
            return None;
        }
        slot.about = told;
        let metric = slot.labels.metric();
        let metadata = Metadata {
            metric: about
                .metric
                .map_or_else(|| family(metric, about.kind), str::to_owned),
            kind: about.kind.to_owned(),
            help: self.redactor.text(about.help).into_owned(),
            unit: about.unit.to_owned(),
        };
        self.news(metadata)
    }

    /// What is new about a metric that a message describes by itself.
    pub fn describe_metric(&mut self, about: Metadata) -> Option<Metadata> {
        let help = self.redactor.text(&about.help).into_owned();
        self.news(Metadata { help, ..about })
    }

    fn news(&mut self, about: Metadata) -> Option<Metadata> {
        let told = u64::from(digest(&(&about.kind, &about.help, &about.unit)));
        let known = self.described.get(&about.metric);
        if about.metric.is_empty()
            || known == Some(&told)
            || (known.is_none() && self.described.len() >= DESCRIBED_MAX)
        {
            return None;
        }
        self.described.insert(about.metric.clone(), told);
        Some(about)
    }
}

/// 2.0 describes each series, and those of a histogram or a summary share a family.
fn family(metric: &str, kind: &str) -> String {
    let ends: &[&str] = match kind {
        "histogram" | "gaugehistogram" => &["_bucket", "_count", "_sum"],
        "summary" => &["_count", "_sum"],
        _ => &[],
    };
    let mut found = ends.iter().filter_map(|end| metric.strip_suffix(end));
    found.next().unwrap_or(metric).to_owned()
}

/// As a target's would be; whoever writes more means something else.
fn check(pairs: &[(&str, &str)]) -> Result<(), String> {
    if pairs.len() > LABELS_MAX {
        return Err(format!("a series has more than {LABELS_MAX} labels"));
    }
    if !pairs
        .iter()
        .any(|(name, value)| *name == "__name__" && !value.is_empty())
    {
        return Err("a series has no `__name__`".to_owned());
    }
    let mut names = BTreeSet::new();
    for (name, value) in pairs {
        if name.is_empty() || name.len() > NAME_MAX {
            return Err(format!(
                "the name of a label is empty or longer than {NAME_MAX} bytes"
            ));
        }
        if value.len() > VALUE_MAX {
            return Err(format!(
                "the value of `{name}` is longer than {VALUE_MAX} bytes"
            ));
        }
        if !names.insert(name) {
            return Err(format!("the label `{name}` stands twice in a series"));
        }
    }
    Ok(())
}

/// Never 0, which stands for nothing.
fn digest(about: &impl Hash) -> u32 {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    about.hash(&mut hasher);
    let hash = hasher.finish();
    u32::try_from(hash >> 32).unwrap_or(1).max(1)
}
