//! What is wrong with the plan ahead: nobody on call, one person in two places, the same person for too long.

use std::{collections::BTreeMap, time::Duration};

use promise::{Say, Timestamp, say};
use serde::Serialize;
use spec::section::on_call::OnCall;

use super::{Rota, Shift};

/// How far ahead a plan is looked through where nobody says otherwise: a gap must be known before the last free weekend.
pub const AHEAD: Duration = Duration::from_secs(28 * 86_400);

/// One thing that somebody has to mend before it comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `gap`, `double-booking`, `too-long`, `idle-override`.
    pub code: &'static str,
    pub schedule: String,
    pub who: Option<String>,
    pub from: Timestamp,
    pub to: Timestamp,
    pub what: Say,
}

/// Everything found between two instants, in order of time.
#[must_use]
pub fn review(on_call: &OnCall, time_zone: &str, from: Timestamp, to: Timestamp) -> Vec<Finding> {
    let rota = Rota::new(on_call, time_zone);
    let shifts = rota.shifts(from, to);
    let mut found = gaps(&shifts);
    found.extend(double_bookings(&rota, &shifts));
    found.extend(too_long(&rota, &shifts, on_call.longest.0));
    found.extend(idle_overrides(on_call, &shifts, from, to));
    found.sort_by(|a, b| (a.from, &a.schedule, a.code).cmp(&(b.from, &b.schedule, b.code)));
    found
}

fn gaps(shifts: &[Shift]) -> Vec<Finding> {
    let gaps = shifts.iter().filter(|shift| shift.who.is_none());
    gaps.map(|gap| Finding {
        code: "gap",
        schedule: gap.schedule.clone(),
        who: None,
        from: gap.from,
        to: gap.to,
        what: say!("nobody is on call", "当番がいません"),
    })
    .collect()
}

/// A person who is to answer in two schedules at once: then the second one is no second one.
fn double_bookings(rota: &Rota<'_>, shifts: &[Shift]) -> Vec<Finding> {
    let mut of: BTreeMap<&str, Vec<&Shift>> = BTreeMap::new();
    for shift in shifts {
        if let Some(who) = &shift.who {
            of.entry(who).or_default().push(shift);
        }
    }
    let mut found = Vec::new();
    for (who, mut shifts) in of {
        shifts.sort_by_key(|shift| shift.from);
        for (place, first) in shifts.iter().enumerate() {
            let later = shifts[place + 1..]
                .iter()
                .take_while(|later| later.from < first.to);
            for second in later.filter(|later| later.schedule != first.schedule) {
                let (a, b) = (&first.schedule, &second.schedule);
                let name = rota.name(who).0;
                found.push(Finding {
                    code: "double-booking",
                    schedule: a.clone(),
                    who: Some(who.to_owned()),
                    from: second.from,
                    to: first.to.min(second.to),
                    what: Say::new(
                        format!("{} is on call in `{a}` and `{b}` at once", name.en),
                        format!(
                            "{}さんが `{a}` と `{b}` の当番に同時に入っています",
                            name.ja
                        ),
                    ),
                });
            }
        }
    }
    found
}

/// Somebody who is on call in any schedule without a break for longer than the spec allows.
fn too_long(rota: &Rota<'_>, shifts: &[Shift], longest: Duration) -> Vec<Finding> {
    let mut runs: BTreeMap<&str, Vec<(Timestamp, Timestamp, &str)>> = BTreeMap::new();
    let mut sorted: Vec<&Shift> = shifts.iter().collect();
    sorted.sort_by_key(|shift| shift.from);
    for shift in sorted {
        let Some(who) = shift.who.as_deref() else {
            continue;
        };
        let runs = runs.entry(who).or_default();
        match runs.last_mut() {
            Some((_, to, _)) if shift.from <= *to => *to = shift.to.max(*to),
            _ => runs.push((shift.from, shift.to, &shift.schedule)),
        }
    }
    let all = runs
        .into_iter()
        .flat_map(|(who, runs)| runs.into_iter().map(move |run| (who, run)));
    all.filter(|(_, (from, to, _))| to.since(*from) > longest)
        .map(|(who, (from, to, schedule))| {
            let (name, hours) = (rota.name(who).0, to.since(from).as_secs() / 3600);
            let most = longest.as_secs() / 3600;
            Finding {
                code: "too-long",
                schedule: schedule.to_owned(),
                who: Some(who.to_owned()),
                from,
                to,
                what: Say::new(
                    format!(
                        "{} is on call for {hours} hours on end; {most} are allowed",
                        name.en
                    ),
                    format!(
                        "{}さんの当番が {hours} 時間続きます(上限 {most} 時間)",
                        name.ja
                    ),
                ),
            }
        })
        .collect()
}

/// A swap that changes nothing, mostly because the turns were moved after it was written.
fn idle_overrides(
    on_call: &OnCall,
    shifts: &[Shift],
    from: Timestamp,
    to: Timestamp,
) -> Vec<Finding> {
    let overrides = on_call
        .schedules
        .iter()
        .flat_map(|(name, schedule)| schedule.overrides.iter().map(move |it| (name, it)));
    let is_ahead = overrides.filter(|(_, it)| from <= it.from && it.to <= to);
    let is_idle = |name: &str, who: &str, from: Timestamp, to: Timestamp| {
        !shifts.iter().any(|shift| {
            shift.stands_in
                && shift.schedule == name
                && shift.who.as_deref() == Some(who)
                && shift.from < to
                && from < shift.to
        })
    };
    is_ahead
        .filter(|(name, it)| is_idle(name, &it.who, it.from, it.to))
        .map(|(name, it)| Finding {
            code: "idle-override",
            schedule: name.clone(),
            who: Some(it.who.clone()),
            from: it.from,
            to: it.to,
            what: say!(
                "this override changes nothing: whom it stands in for is not on call then",
                "この交代は効果がありません。代わるはずの人はその時間の当番ではありません"
            ),
        })
        .collect()
}
