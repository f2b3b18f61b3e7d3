//! A query made ready to be held against columns.
//!
//! What a query means is said once, by `promise`'s `Expr::accepts`. Here the same conditions are asked of
//! whole columns: first of what a block's header tells (least and greatest number, words), then of each
//! different value, and only where nothing shorter decides, of each row.

use promise::signal::{Bool, Expr, Is, Phrase, Target, Test, fold, words};

use super::{bloom::Probe, header::Header, shape::Kind};

pub(super) enum Plan<'q> {
    All,
    Nothing,
    Bool {
        must: Vec<Self>,
        should: Vec<Self>,
        must_not: Vec<Self>,
        at_least: usize,
    },
    Leaf(Leaf<'q>),
}

pub(super) struct Leaf<'q> {
    pub target: &'q Target,
    pub test: &'q Test,
    /// Words that a text must hold to pass.
    probe: Option<Probe>,
    /// Between which numbers one that passes lies.
    numbers: Option<(f64, f64)>,
    /// Whether a truth can pass.
    truths: bool,
}

/// Fields that are no columns.
pub(super) const STREAM: [&str; 2] = ["stream", "_index"];
pub(super) const TIME: &str = "@timestamp";
pub(super) const ID: &str = "_id";

impl<'q> Plan<'q> {
    pub fn of(expr: &'q Expr) -> Self {
        let all = |parts: &'q [Expr]| parts.iter().map(Self::of).collect();
        match expr {
            Expr::All => Self::All,
            Expr::Nothing => Self::Nothing,
            Expr::Bool(Bool {
                must,
                should,
                must_not,
                at_least,
            }) => Self::Bool {
                must: all(must),
                should: all(should),
                must_not: all(must_not),
                at_least: *at_least,
            },
            Expr::Test(target, test) => Self::Leaf(Leaf::of(target, test)),
        }
    }

    /// Whether a row of a block can pass, by what its header tells.
    pub fn may_pass(&self, header: &Header) -> bool {
        match self {
            Self::All => true,
            Self::Nothing => false,
            Self::Bool {
                must,
                should,
                at_least,
                ..
            } => {
                must.iter().all(|part| part.may_pass(header))
                    && (*at_least == 0
                        || should.iter().filter(|part| part.may_pass(header)).count() >= *at_least)
            }
            Self::Leaf(leaf) => leaf.may_pass(header),
        }
    }
}

impl<'q> Leaf<'q> {
    fn of(target: &'q Target, test: &'q Test) -> Self {
        let (probe, numbers, truths) = match test {
            Test::Exists => (None, Some((f64::NEG_INFINITY, f64::INFINITY)), true),
            Test::Words(wanted) => {
                let phrase = &wanted.phrase;
                // The beginning of a word is none; and words that may stand apart are looked for one by one.
                let whole = phrase.words.len().saturating_sub(usize::from(phrase.open));
                let words = &phrase.words[..whole];
                let probe = if phrase.slop == 0 {
                    Probe::of(words)
                } else {
                    Probe::each(words)
                };
                (
                    Some(probe),
                    wanted.number.map(|n| (n, n)),
                    wanted.truth.is_some(),
                )
            }
            Test::Is(Is {
                text,
                number,
                truth,
                ..
            }) => {
                let words: Vec<String> = words(&fold(text)).map(str::to_owned).collect();
                (
                    Some(Probe::of(&words)),
                    number.map(|n| (n, n)),
                    truth.is_some(),
                )
            }
            Test::Range(range) => {
                let end = |end: &Option<promise::signal::End>, open: f64| match end {
                    None => Some(open),
                    Some(end) => end.number,
                };
                let low = end(&range.low, f64::NEG_INFINITY);
                let high = end(&range.high, f64::INFINITY);
                // A range without ends, were it written, admits all.
                (
                    None,
                    low.zip(high),
                    range.low.is_none() && range.high.is_none(),
                )
            }
            Test::Like(_) => (None, Some((f64::NEG_INFINITY, f64::INFINITY)), true),
        };
        Self {
            target,
            test,
            probe,
            numbers,
            truths,
        }
    }

    fn may_pass(&self, header: &Header) -> bool {
        let places = header.shapes.places();
        match self.target {
            Target::AnyText => {
                let probe = self.probe.as_ref();
                probe.is_none_or(|probe| probe.may_be_in(&[header.filter_of_all()]))
                    && (0..places.len()).any(|column| self.may_pass_in(header, column))
            }
            Target::Field(name)
                if STREAM.contains(&name.as_str()) || name == TIME || name == ID =>
            {
                true
            }
            // Whether an object is there, no column tells.
            Target::Field(_) if matches!(self.test, Test::Exists) => true,
            Target::Field(name) => places.iter().enumerate().any(|(column, place)| {
                (*place.path == **name || place.kind == Kind::List && is_within(name, &place.path))
                    && self.may_pass_in(header, column)
            }),
        }
    }

    /// Whether a value of a column can pass.
    pub fn may_pass_in(&self, header: &Header, column: usize) -> bool {
        let Some(place) = header.shapes.places().get(column) else {
            return false;
        };
        let is_field = matches!(self.target, Target::Field(_));
        match place.kind {
            // A field within a list may be a number or a truth.
            Kind::List if is_field => true,
            Kind::List | Kind::Text => self
                .probe
                .as_ref()
                .is_none_or(|probe| probe.may_be_in(&header.filters(column))),
            Kind::Truth => is_field && self.truths,
            Kind::Integer | Kind::Unsigned | Kind::Float => {
                let (least, most) = header.range(column);
                is_field
                    && self
                        .numbers
                        .is_some_and(|(low, high)| low <= most && high >= least)
            }
        }
    }

    /// Whether a column's texts refer to others, none of which holds what is asked for.
    pub fn is_apart(&self, header: &Header, column: usize) -> bool {
        let is_word = self.phrase().is_some_and(|phrase| phrase.words.len() == 1);
        let may_be_in = |filter| {
            let probe = self.probe.as_ref();
            probe.is_none_or(|probe| probe.may_be_in(&[filter]))
        };
        let mut references = header.references(column).peekable();
        is_word && references.peek().is_some() && !references.any(may_be_in)
    }

    /// Letters that a text must hold side by side, in whatever case.
    pub fn run(&self) -> Option<&'q str> {
        match self.test {
            Test::Like(like) => like.run().and_then(|run| str::from_utf8(run).ok()),
            _ => None,
        }
    }

    /// Words that a text holds side by side, where that is all that is asked.
    pub fn phrase(&self) -> Option<&'q Phrase> {
        match self.test {
            Test::Words(wanted) if wanted.phrase.slop == 0 && !wanted.phrase.open => {
                Some(&wanted.phrase)
            }
            _ => None,
        }
    }
}

/// Whether a field lies within the objects of a list.
pub(super) fn is_within(name: &str, list: &str) -> bool {
    name.strip_prefix(list)
        .is_some_and(|rest| rest.starts_with('.'))
}
