//! A message, sorted: what each source said at each instant.

use std::collections::HashMap;

use promise::Timestamp;
use store::{
    Exemplar, Floats, HistogramSample, Labels, Metadata, Round, Sample, Series,
    remote_write::{self, Described, Entry, Message, Written},
};

use super::known::{Known, SourceId};
use crate::memory::{FUTURE_MAX, Gathered, Place};

/// What a message becomes.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// In order of time.
    pub rounds: Vec<Round>,
    /// What goes to the store; it may refuse some.
    pub written: Written,
    /// Why something never reaches the store.
    pub refused: Option<String>,
}

pub(super) fn sort(
    message: Message,
    bytes: &[u8],
    known: &mut Known,
    now: Timestamp,
) -> Result<Sorted, remote_write::Error> {
    known.turn(now);
    let mut table = Table::new(now);
    let mut metadata = Vec::new();
    let mut told = Vec::new();
    let seed = known.seed;
    remote_write::read(
        message,
        bytes,
        seed,
        &mut |entry| {
            match known.find(&entry.labels)? {
                Ok(place) => {
                    if let Some(about) = &entry.about {
                        metadata.extend(known.describe(place, about));
                    }
                    table.add(known, place, entry);
                }
                Err(why) => table.refuse(why),
            }
            Ok(())
        },
        &mut |about| told.push(owned(&about)),
    )?;
    for about in told {
        metadata.extend(known.describe_metric(about));
    }
    Ok(table.finish(known, metadata))
}

/// What was made by another protocol becomes rounds in the same way.
pub(super) fn sort_series(
    series: Vec<Series>,
    told: Vec<Metadata>,
    known: &mut Known,
    now: Timestamp,
) -> Sorted {
    known.turn(now);
    let mut table = Table::new(now);
    for one in series {
        match known.find_labels(&one.labels) {
            Ok(place) => table.put(known, place, &one.samples, one.histograms, one.exemplars),
            Err(why) => table.refuse(why),
        }
    }
    let metadata = told.into_iter();
    let metadata = metadata
        .filter_map(|about| known.describe_metric(about))
        .collect();
    table.finish(known, metadata)
}

fn owned(about: &Described<'_>) -> Metadata {
    Metadata {
        metric: about.metric.unwrap_or_default().to_owned(),
        kind: about.kind.to_owned(),
        help: about.help.to_owned(),
        unit: about.unit.to_owned(),
    }
}

fn gathered(floats: Option<(Place, Gathered)>, known: &mut Known) -> Floats {
    let Some((first, floats)) = floats else {
        return Floats::default();
    };
    let floats = floats.finish();
    known.remember(first, floats.names());
    floats
}

/// A round that is being filled.
struct Filling {
    source: SourceId,
    at: Timestamp,
    /// Named by the list that the same first series had before it, as long as nothing differs.
    floats: Option<(Place, Gathered)>,
    /// Histograms, and exemplars without samples.
    others: Vec<Series>,
}

impl Filling {
    fn new(source: SourceId, at: Timestamp) -> Self {
        Self {
            source,
            at,
            floats: None,
            others: Vec::new(),
        }
    }
}

/// Rounds that are being filled.
struct Table {
    horizon: Timestamp,
    rounds: Vec<Filling>,
    places: HashMap<(SourceId, Timestamp), usize>,
    /// Where the sample before went: the next nearly always goes there too.
    last: Option<(SourceId, Timestamp, usize)>,
    /// Exemplars, whose rounds are not known before all samples are.
    marks: Vec<(SourceId, Series)>,
    written: Written,
    refused: u64,
    reason: Option<String>,
}

impl Table {
    fn new(now: Timestamp) -> Self {
        Self {
            horizon: now + FUTURE_MAX,
            rounds: Vec::new(),
            places: HashMap::new(),
            last: None,
            marks: Vec::new(),
            written: Written::default(),
            refused: 0,
            reason: None,
        }
    }

    fn refuse(&mut self, why: String) {
        self.refused += 1;
        self.reason.get_or_insert(why);
    }

    fn add(&mut self, known: &Known, place: Place, entry: &mut Entry<'_>) {
        let histograms = std::mem::take(&mut entry.histograms);
        let exemplars = std::mem::take(&mut entry.exemplars);
        self.put(known, place, &entry.samples, histograms, exemplars);
    }

    fn put(
        &mut self,
        known: &Known,
        place: Place,
        samples: &[Sample],
        histograms: Vec<HistogramSample>,
        exemplars: Vec<Exemplar>,
    ) {
        let slot = known.at(place);
        let (labels, source) = (&slot.labels, slot.source);
        for sample in histograms {
            if let Some(round) = self.round(source, sample.at, labels) {
                round.others.push(Series {
                    labels: labels.clone(),
                    histograms: vec![sample],
                    ..Series::default()
                });
                self.written.histograms += 1;
            }
        }
        if !exemplars.is_empty() {
            self.written.exemplars += exemplars.len() as u64;
            let marks = Series {
                labels: labels.clone(),
                exemplars,
                ..Series::default()
            };
            self.marks.push((source, marks));
        }
        for sample in samples {
            if let Some(round) = self.round(source, sample.at, labels) {
                let begin = || (place, Gathered::after(known.list(place)));
                let (_, floats) = round.floats.get_or_insert_with(begin);
                floats.push(labels, *sample);
                self.written.samples += 1;
            }
        }
    }

    /// The round of `source` at `at`, to be filled. `None` where that cannot be true.
    fn round(&mut self, source: SourceId, at: Timestamp, labels: &Labels) -> Option<&mut Filling> {
        if at > self.horizon {
            let minutes = FUTURE_MAX.as_secs() / 60;
            self.refuse(format!(
                "a sample of {labels} is more than {minutes} minutes in the future"
            ));
            return None;
        }
        let round = match self.last {
            Some((last, instant, round)) if last == source && instant == at => round,
            _ => *self.places.entry((source, at)).or_insert_with(|| {
                self.rounds.push(Filling::new(source, at));
                self.rounds.len() - 1
            }),
        };
        self.last = Some((source, at, round));
        self.rounds.get_mut(round)
    }

    fn finish(mut self, known: &mut Known, metadata: Vec<Metadata>) -> Sorted {
        self.rounds.sort_by_key(|round| round.at);
        for round in &self.rounds {
            known.heard(round.source, round.at);
        }
        self.place_marks();
        let mut rounds: Vec<Round> = self
            .rounds
            .into_iter()
            .map(|round| Round {
                source: known.source(round.source).to_owned(),
                at: round.at,
                next: round.at + known.interval(round.source),
                floats: gathered(round.floats, known),
                series: round.others,
                is_partial: true,
                ..Round::default()
            })
            .collect();
        if !metadata.is_empty() {
            // Prometheus sends what metrics are by itself, once a minute.
            if rounds.is_empty() {
                rounds.push(Round {
                    is_partial: true,
                    ..Round::default()
                });
            }
            rounds[0].metadata = metadata;
        }
        let refused = self.reason.map(|reason| match self.refused {
            0 | 1 => reason,
            count => format!("{reason} ({count} were refused)"),
        });
        Sorted {
            rounds,
            written: self.written,
            refused,
        }
    }

    /// Exemplars go with the newest samples of their source: their own times tell nothing of when it spoke.
    fn place_marks(&mut self) {
        let mut newest: HashMap<SourceId, usize> = HashMap::new();
        for (place, round) in self.rounds.iter().enumerate() {
            newest.insert(round.source, place);
        }
        for (source, marks) in std::mem::take(&mut self.marks) {
            let place = *newest.entry(source).or_insert_with(|| {
                let at = marks.exemplars.iter().map(|mark| mark.at).max();
                self.rounds
                    .push(Filling::new(source, at.unwrap_or_default()));
                self.rounds.len() - 1
            });
            self.rounds[place].others.push(marks);
        }
    }
}
