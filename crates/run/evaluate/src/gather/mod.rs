//! How each form of signal becomes facts, one file a form. To add one: its file and its arms below.

pub(crate) mod events;
pub(crate) mod level;
pub(crate) mod logs;
pub(crate) mod pairs;
pub(crate) mod slices;
pub(crate) mod spread;

use std::sync::Arc;

use promise::{Fact, LogQuery, Promise, Selector, Signal, Timestamp, signal::Part};
use store::{Labels, Record, Sample};

use crate::{source::Source, timeline::Timeline};

/// One signal of one promise, being gathered.
#[derive(Debug)]
pub(crate) struct Gather {
    pub form: Form,
    pub timeline: Timeline,
    /// Where events are counted by slices of time.
    pub slicer: Option<slices::Slicer>,
}

#[derive(Debug)]
pub(crate) enum Form {
    Events(events::Events),
    Spread(spread::Spread),
    Level(level::Level),
    Beat {
        series: Selector,
        heard: Option<Labels>,
    },
    Pairs(pairs::Pairs),
    Count(logs::Matching),
    LogBeat(logs::Matching),
}

/// Where a round stands, for one promise and source.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// The newest instant before this round at which the source spoke for this promise, or spoke at all.
    pub from: Option<Timestamp>,
    pub at: Timestamp,
}

impl Gather {
    pub fn new(signal: Signal, promise: &Arc<Promise>) -> Self {
        let form = match signal {
            Signal::Events { total, part } => Form::Events(events::Events::new(total, part)),
            Signal::Spread { histogram } => Form::Spread(spread::Spread::new(histogram)),
            Signal::Level { query } => Form::Level(level::Level::new(&query)),
            Signal::Beat { series } => Form::Beat {
                series,
                heard: None,
            },
            Signal::Pairs {
                start,
                end,
                by,
                within,
            } => Form::Pairs(pairs::Pairs::new(start, end, by, within)),
            Signal::LogBeat { logs } => Form::LogBeat(logs::Matching::new(logs)),
            Signal::Count { logs } => Form::Count(logs::Matching::new(logs)),
        };
        Self {
            form,
            timeline: Timeline::with_edges(promise.edges()),
            slicer: slices::Slicer::of(promise),
        }
    }

    /// The selectors whose series it wants, each with the place it has in the signal.
    pub fn selectors(&self) -> Vec<Vec<promise::signal::Matcher>> {
        let plain = |selector: &Selector| selector.matchers().to_vec();
        match &self.form {
            Form::Events(events) => {
                let (Part::Good(part) | Part::Bad(part)) = &events.part;
                vec![plain(&events.total), plain(part)]
            }
            Form::Spread(spread) => vec![plain(&spread.histogram)],
            Form::Level(level) => level.selectors(),
            Form::Beat { series, .. } => vec![plain(series)],
            Form::Pairs(_) | Form::Count(_) | Form::LogBeat(_) => Vec::new(),
        }
    }

    pub fn reads_logs(&self) -> bool {
        matches!(
            self.form,
            Form::Pairs(_) | Form::Count(_) | Form::LogBeat(_)
        )
    }

    /// Whether a log source may speak for this signal. Of a source whose streams are not known yet the name
    /// decides.
    pub fn wants(&self, name: &str, source: &Source) -> bool {
        let queries: &[&LogQuery] = match &self.form {
            Form::Pairs(pairs) => &[&pairs.start, &pairs.end],
            Form::Count(matching) | Form::LogBeat(matching) => &[&matching.query],
            _ => return false,
        };
        let is_meant = |stream: &str| queries.iter().any(|query| query.streams_maybe(stream));
        if source.streams.is_empty() {
            is_meant(name)
        } else {
            source.streams.iter().any(|stream| is_meant(stream))
        }
    }

    /// Whether counts survive a hole, because a counter goes on counting unseen.
    pub fn counts(&self) -> bool {
        matches!(self.form, Form::Events(_) | Form::Spread(_))
    }

    /// A sample of a series that its `selector`-th selector accepts.
    pub fn sample(&mut self, selector: usize, labels: &Labels, sample: Sample, born: bool) {
        match &mut self.form {
            Form::Events(events) => events.sample(selector, labels, sample, born),
            Form::Spread(spread) => spread.sample(labels, sample, born),
            Form::Level(level) => level.note(labels),
            Form::Beat { heard, .. } => *heard = Some(labels.clone()),
            Form::Pairs(_) | Form::Count(_) | Form::LogBeat(_) => {}
        }
    }

    /// The round is complete: what it brought becomes a fact. Answers whether a counter was reset.
    pub fn settle(&mut self, span: Span) -> bool {
        let (seen, reset) = match &mut self.form {
            Form::Events(events) => events.settle(),
            Form::Spread(spread) => spread.settle(),
            Form::Level(level) => {
                level.due(span.at);
                return false;
            }
            Form::Beat { .. } => (Some(promise::Seen::Beat), false),
            Form::Pairs(_) | Form::Count(_) | Form::LogBeat(_) => return false,
        };
        // A base line alone is no observation: nothing is known of the time before it.
        let from = match (&self.form, span.from) {
            (Form::Beat { .. }, from) => Some(from.unwrap_or(span.at)),
            (_, from) => from,
        };
        if let (Some(seen), Some(from)) = (seen, from) {
            match &mut self.slicer {
                Some(slicer) => slicer.take(&mut self.timeline, from, span.at, &seen),
                None => self.timeline.add(from, span.at, seen),
            }
        }
        reset
    }

    /// Log records of one batch, in order of time, and the stretch that the batch covers.
    pub fn records(&mut self, span: Span, records: &[&Record]) {
        match &mut self.form {
            Form::Pairs(pairs) => pairs.records(&mut self.timeline, span, records),
            Form::Count(matching) => matching.count(&mut self.timeline, span, records),
            Form::LogBeat(matching) => matching.beat(&mut self.timeline, records),
            _ => {}
        }
    }

    /// Facts after `since`, in order of time.
    pub fn facts(&self, since: Timestamp) -> Vec<Fact> {
        let mut facts = self.timeline.facts(since);
        facts.extend(self.slicer.iter().flat_map(slices::Slicer::facts));
        if let Form::Pairs(pairs) = &self.form {
            pairs.show_open(&mut facts);
        }
        facts
    }

    pub fn rewind(&mut self, to: Timestamp) {
        match &mut self.form {
            Form::Events(events) => events.rewind(to),
            Form::Spread(spread) => spread.rewind(to),
            _ => {}
        }
    }
}
