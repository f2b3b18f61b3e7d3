//! The kinds of promise, one file each. To add one: write its file, and one line in `kinds!` below.

use serde::{Deserialize, Serialize};

use crate::{
    Evidence, Seen, Signal, Timestamp, Verdict, Window,
    document::{Mistake, Node, Span, Value},
    judge,
    record::{Fields, Form},
    verdict::Saying,
};

/// What a kind knows when it judges, beside the evidence.
#[derive(Debug, Clone)]
pub struct At<'a> {
    pub now: Timestamp,
    /// When the promise was first declared: before it nothing was owed, so nothing is missing.
    pub since: Timestamp,
    pub zone: &'a jiff::tz::TimeZone,
    /// Stretches that do not count, in order, not overlapping.
    pub excluded: &'a [(Timestamp, Timestamp)],
}

/// What every kind can do.
pub trait Judge {
    /// What must be collected.
    fn signals(&self) -> Vec<Signal>;

    /// Over which window, where the kind has one.
    fn window(&self) -> Option<Window>;

    /// How old evidence may grow before it proves nothing.
    fn fresh_for(&self) -> std::time::Duration;

    /// The verdict. Same input, same answer; never a NaN; deleting facts never makes it greener.
    fn judge(&self, evidence: &Evidence, at: &At<'_>) -> Verdict;

    /// Since when it has been as a verdict says: since the newest evidence, or since a time was up.
    fn turned(&self, verdict: &Verdict) -> Option<Timestamp> {
        verdict.newest
    }

    /// How many of the events in a fact were good, and how many there were, for a kind with an error budget.
    fn events(&self, _seen: &Seen, _now: Timestamp) -> Option<(f64, f64)> {
        None
    }

    /// The slices of time in which its events are counted, where they are not counted one by one.
    fn slices(&self) -> Option<Slices> {
        None
    }

    /// What was seen, with no more detail than a verdict needs: it must fit into an entry of the ledger many times.
    fn coarse(&self, seen: Seen) -> Seen {
        seen
    }

    /// What its fields say against each other, with the places of both. `node` is the whole promise.
    fn mistakes(&self, _node: &Node) -> Vec<Mistake> {
        Vec::new()
    }
}

/// The place of a field, or of the promise where it is not written.
fn place(node: &Node, field: &str) -> Span {
    node.get(field)
        .map_or_else(|| node.span.clone(), |field| field.span.clone())
}

/// Notes when of these fields none is written, or more than one.
fn exactly_one(node: &Node, fields: [&'static str; 2]) -> Option<Mistake> {
    let [a, b] = fields;
    let written = |name| {
        node.get(name)
            .is_some_and(|field| field.value != Value::Null)
    };
    match (written(a), written(b)) {
        (true, true) => Some(
            Mistake::new(
                "clash",
                place(node, b),
                say!(
                    "`{a}` and `{b}` are both written",
                    "`{a}` と `{b}` の両方が書かれています"
                ),
            )
            .other(place(node, a), say!("`{a}` is here", "`{a}` はここです"))
            .hint(say!("keep one of them", "どちらか一方だけを残してください")),
        ),
        (false, false) => Some(Mistake::new(
            "missing-key",
            node.span.clone(),
            say!("`{a}` or `{b}` is missing", "`{a}` か `{b}` がありません"),
        )),
        _ => None,
    }
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $tag:literal => $module:ident :: $name:ident),* $(,)?) => {
        $(mod $module; pub use $module::$name;)*

        /// A promise's kind with its own fields. Tagged by `kind` in YAML and JSON.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        pub enum Kind { $(#[serde(rename = $tag)] $(#[doc = $doc])* $name($name)),* }

        impl Kind {
            /// The tags, as they are written in a spec.
            pub const TAGS: &'static [&'static str] = &[$($tag),*];

            #[must_use]
            pub fn tag(&self) -> &'static str {
                match self { $(Self::$name(_) => $tag),* }
            }

            #[must_use]
            pub fn as_judge(&self) -> &dyn Judge {
                match self { $(Self::$name(kind) => kind),* }
            }

            /// Reads the fields of the kind called `tag`; they stand beside the common fields.
            pub fn take(tag: &str, fields: &mut Fields<'_>, mistakes: &mut Vec<Mistake>) -> Option<Self> {
                match tag {
                    $($tag => $name::take(fields, mistakes).map(Self::$name),)*
                    _ => None,
                }
            }

            /// Each kind's tag and form, for the schema and the reference.
            #[must_use]
            pub fn forms() -> Vec<(&'static str, Form)> {
                vec![$(($tag, <$name as crate::record::Read>::form())),*]
            }
        }

        /// Every sentence that a verdict can give as its reason.
        pub fn sayings_of_all() -> impl Iterator<Item = &'static Saying> {
            [judge::SAYINGS, judge::budget::SAYINGS, judge::burn::SAYINGS, $($module::SAYINGS),*].into_iter().flatten()
        }

        /// The sentence of a reason code, from the kind that has it or from those that all kinds share.
        #[must_use]
        pub(crate) fn saying(code: &str) -> Option<&'static Saying> {
            sayings_of_all().find(|saying| saying.code == code)
        }
    };
}

mod budgeting;

pub use budgeting::{Budgeting, BurnAlert, Slices};
pub use latency::Quantile;

kinds! {
    /// Good events over all events, with an error budget.
    "ratio" => ratio::Ratio,
    /// So many of all events take at most so long.
    "latency" => latency::Latency,
    /// A PromQL expression stays within bounds.
    "threshold" => threshold::Threshold,
    /// One event follows another in time.
    "deadline" => deadline::Deadline,
    /// Something is heard from again and again.
    "freshness" => freshness::Freshness,
    /// At most, or at least, so many log records.
    "log_count" => log_count::LogCount,
    /// Owed, and nothing that proves it is named yet.
    "declared" => declared::Declared,
}
