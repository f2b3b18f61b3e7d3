//! A sheet as people see it: every item with its answer, from the spec, from evidence and from what was kept.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use promise::{Say, State, Timestamp};
use serde::Serialize;
use spec::section::{checklist::Checklist, on_call::Day};

use super::{Attested, Judged, Kept, Signature, due};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sheet {
    pub list: String,
    pub name: Say,
    pub owner: Option<String>,
    pub day: Day,
    pub due: Timestamp,
    /// Not signed though its time is over, or signed after it.
    pub is_late: bool,
    pub lines: Vec<Line>,
    pub signed: Option<Signature>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// From 1.
    pub number: usize,
    pub text: String,
    /// The promise that answers it.
    pub promise: Option<String>,
    /// Whether evidence answers it, and no person.
    pub is_judged: bool,
    pub judged: Option<Judged>,
    pub attested: Option<Attested>,
}

impl Line {
    /// *Unproven* while nothing answers.
    #[must_use]
    pub fn state(&self) -> State {
        match (&self.judged, &self.attested) {
            (Some(judged), _) => judged.state,
            (None, Some(attested)) if attested.is_good => State::Kept,
            (None, Some(_)) => State::Broken,
            (None, None) => State::Unproven,
        }
    }

    /// Whether somebody, or some evidence, has answered it.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.is_judged || self.attested.is_some()
    }

    /// Whether it is good, or somebody has said what is with it.
    fn is_explained(&self) -> bool {
        let is_good = matches!(self.state(), State::Kept | State::AtRisk);
        is_good || self.attested.as_ref().is_some_and(|it| !it.note.is_empty())
    }
}

/// Why a sheet cannot be signed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unready {
    /// Texts of items that nobody has answered.
    pub open: Vec<String>,
    /// Of items that are not good, and nobody has said why.
    pub unexplained: Vec<String>,
}

impl Sheet {
    /// `judged` by the number of an item, for a sheet that is not signed yet.
    #[must_use]
    pub fn of(
        name: &str,
        list: &Checklist,
        day: Day,
        kept: &Kept,
        judged: &BTreeMap<usize, Judged>,
        zone: &TimeZone,
        now: Timestamp,
    ) -> Self {
        let due = due(list, day, zone);
        let lines = list.items.iter().enumerate().map(|(at, item)| {
            let number = at + 1;
            let recorded = kept.judged.get(&item.text);
            let fresh = judged.get(&number).filter(|_| kept.signed.is_none());
            Line {
                number,
                text: item.text.clone(),
                promise: item.promise.clone(),
                is_judged: item.is_judged(),
                judged: recorded.or(fresh).cloned(),
                attested: kept.attested.get(&item.text).cloned(),
            }
        });
        let own = list.name.as_ref().map(|name| name.0.clone());
        Self {
            list: name.to_owned(),
            name: own.unwrap_or_else(|| Say::same(name)),
            owner: list.owner.clone(),
            day,
            due,
            is_late: kept
                .signed
                .as_ref()
                .map_or(now > due, |signed| signed.is_late),
            lines: lines.collect(),
            signed: kept.signed.clone(),
        }
    }

    /// What keeps it from being signed.
    #[must_use]
    pub fn unready(&self, note: &str) -> Option<Unready> {
        let texts = |wanted: &dyn Fn(&&Line) -> bool| -> Vec<String> {
            let lines = self.lines.iter().filter(wanted);
            lines.map(|line| line.text.clone()).collect()
        };
        let open = texts(&|line| !line.is_answered());
        // A word of the signer stands for whatever nobody else has explained.
        let unexplained = match note.trim() {
            "" => texts(&|line| line.is_answered() && !line.is_explained()),
            _ => Vec::new(),
        };
        (!open.is_empty() || !unexplained.is_empty()).then_some(Unready { open, unexplained })
    }
}

#[cfg(test)]
mod tests {
    use promise::unit::Span;
    use spec::section::checklist::Item;

    use super::*;

    fn item(text: &str, promise: Option<&str>) -> Item {
        Item {
            text: text.into(),
            of: None,
            bound: None,
            quantile: None,
            promise: promise.map(str::to_owned),
            query: None,
            done: false,
        }
    }

    fn sheet(kept: &Kept, state: State) -> Sheet {
        let list = Checklist {
            every: Some(Span::days(1)),
            items: vec![
                item("payments succeed", Some("pay")),
                item("no odd access", None),
            ],
            ..Checklist::default()
        };
        let judged = Judged {
            state,
            value: Say::same("99.7 %"),
        };
        let day = Day(jiff::civil::date(2026, 11, 22));
        Sheet::of(
            "daily",
            &list,
            day,
            kept,
            &[(1, judged)].into(),
            &TimeZone::UTC,
            Timestamp::EPOCH,
        )
    }

    #[test]
    fn nothing_is_signed_that_nobody_looked_at() {
        let mut kept = Kept::default();
        let unready = sheet(&kept, State::Kept).unready("a note explains, but does not answer");
        assert_eq!(
            unready.map(|it| it.open),
            Some(vec!["no odd access".to_owned()])
        );
        let attested = Attested {
            who: "佐藤".into(),
            at: Timestamp::EPOCH,
            is_good: true,
            note: String::new(),
        };
        kept.attested.insert("no odd access".into(), attested);
        assert_eq!(sheet(&kept, State::Kept).unready(""), None);
        let unready = sheet(&kept, State::Broken).unready("");
        assert_eq!(
            unready.map(|it| it.unexplained),
            Some(vec!["payments succeed".to_owned()])
        );
        assert_eq!(sheet(&kept, State::Broken).unready("INC-2026-0007"), None);
    }
}
