//! On call: who answers at an instant, and who will. Pure.
//!
//! * Overrides come before layers, and of the layers that cover an instant the last one counts.
//! * Turns are counted by the clock on the wall: a turn of seven days that begins at nine ends at nine, whether or not
//!   summer time began in between. Where the hour of a hand-over comes twice the first one counts, and where it is
//!   left out the hand-over is as much later as the clock jumped (RFC 5545, section 3.3.5).
//! * A part of the week that ends at or before its begin ends on the next day, and belongs to the day it began on.

pub(crate) mod holiday;
pub mod ical;
mod layer;
pub mod review;

use jiff::tz::TimeZone;
use promise::{Name, Timestamp};
use serde::Serialize;
use spec::section::on_call::{OnCall, Override, Schedule};

/// Shifts of one schedule looked at together: a year of hourly hand-overs. More is cut, and a longer view has to be
/// asked for in parts.
pub const SHIFTS_MAX: usize = 10_000;

/// The person who answers now in one schedule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OnDuty {
    pub schedule: String,
    /// The short name in the spec.
    pub id: String,
    pub name: Name,
    /// Receivers that reach them.
    pub receivers: Vec<String>,
    /// When somebody else takes over, or nobody.
    pub until: Timestamp,
}

/// A stretch in which one person, or nobody, is on call in a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shift {
    pub schedule: String,
    /// The short name in the spec; `None` is a gap.
    pub who: Option<String>,
    pub from: Timestamp,
    pub to: Timestamp,
    /// Whether an override put them there.
    pub stands_in: bool,
}

/// The schedules of a spec, with the zone of those that name none.
#[derive(Debug, Clone, Copy)]
pub struct Rota<'s> {
    on_call: &'s OnCall,
    time_zone: &'s str,
}

impl<'s> Rota<'s> {
    #[must_use]
    pub fn new(on_call: &'s OnCall, time_zone: &'s str) -> Self {
        Self { on_call, time_zone }
    }

    /// Who is on call at `now`, in the order of the schedules' names. A schedule in which nobody is has no row.
    #[must_use]
    pub fn on_duty(&self, now: Timestamp) -> Vec<OnDuty> {
        let names = self.on_call.schedules.keys();
        names.filter_map(|name| self.who(name, now)).collect()
    }

    /// Who is on call in one schedule; `None` in a gap and where there is no such schedule.
    #[must_use]
    pub fn who(&self, schedule: &str, now: Timestamp) -> Option<OnDuty> {
        let (name, known) = self.on_call.schedules.get_key_value(schedule)?;
        let zone = self.zone(known);
        let (id, _) = self.person(known, &zone, now)?;
        let person = self.on_call.people.get(id)?;
        // Hand-overs that change nobody do not end a turn; a year is as good as for ever.
        let until = self
            .walk(name, known, now, now + FAR)
            .next()
            .map_or(now + FAR, |shift| shift.to);
        Some(OnDuty {
            schedule: name.clone(),
            id: id.to_owned(),
            name: person.name.clone(),
            receivers: person.receivers.clone(),
            until,
        })
    }

    /// Every shift between two instants, gaps included, one schedule after the other.
    #[must_use]
    pub fn shifts(&self, from: Timestamp, to: Timestamp) -> Vec<Shift> {
        let schedules = self.on_call.schedules.iter();
        schedules
            .flat_map(|(name, schedule)| self.walk(name, schedule, from, to).take(SHIFTS_MAX))
            .collect()
    }

    /// What people call somebody.
    #[must_use]
    pub fn name(&self, id: &str) -> Name {
        let known = self.on_call.people.get(id);
        known.map_or_else(
            || Name(promise::Say::same(id)),
            |person| person.name.clone(),
        )
    }

    fn zone(&self, schedule: &Schedule) -> TimeZone {
        let name = schedule.time_zone.as_deref().unwrap_or(self.time_zone);
        TimeZone::get(name).unwrap_or(TimeZone::UTC)
    }

    /// The person at an instant, and whether an override put them there.
    fn person(
        &self,
        schedule: &'s Schedule,
        zone: &TimeZone,
        at: Timestamp,
    ) -> Option<(&'s str, bool)> {
        let layers = schedule.layers.iter().rev();
        let planned = layers
            .filter_map(|layer| layer::who(layer, self.on_call, zone, at))
            .find(|id| self.on_call.people.contains_key(*id));
        let stands_in = |it: &&Override| {
            it.from <= at
                && at < it.to
                && self.on_call.people.contains_key(&it.who)
                && it
                    .instead_of
                    .as_deref()
                    .is_none_or(|out| planned == Some(out))
        };
        match schedule.overrides.iter().rev().find(stands_in) {
            Some(it) => Some((it.who.as_str(), true)),
            None => planned.map(|id| (id, false)),
        }
    }

    /// The next instant after `at` at which anything may change, if one comes before `to`.
    fn next_change(
        &self,
        schedule: &Schedule,
        zone: &TimeZone,
        at: Timestamp,
        to: Timestamp,
    ) -> Timestamp {
        let ends = schedule
            .overrides
            .iter()
            .flat_map(|it| [it.from, it.to])
            .filter(|instant| *instant > at)
            .min();
        let layers = schedule
            .layers
            .iter()
            .filter_map(|layer| layer::next_change(layer, zone, at))
            .min();
        ends.into_iter()
            .chain(layers)
            .min()
            .map_or(to, |it| it.min(to))
    }

    fn walk(
        &self,
        name: &'s str,
        schedule: &'s Schedule,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Iterator<Item = Shift> {
        let zone = self.zone(schedule);
        let (rota, mut at) = (*self, from);
        std::iter::from_fn(move || {
            if at >= to {
                return None;
            }
            let (start, person) = (at, rota.person(schedule, &zone, at));
            while at < to && rota.person(schedule, &zone, at) == person {
                at = rota.next_change(schedule, &zone, at, to);
            }
            Some(Shift {
                schedule: name.to_owned(),
                who: person.map(|(id, _)| id.to_owned()),
                from: start,
                to: at,
                stands_in: person.is_some_and(|(_, stands_in)| stands_in),
            })
        })
    }
}

/// How far ahead the end of a turn is looked for.
const FAR: std::time::Duration = std::time::Duration::from_secs(366 * 86_400);

#[cfg(test)]
mod tests;
