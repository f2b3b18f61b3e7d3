//! `tegata oncall`: who answers now, who will, and what is wrong with the plan.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use promise::{Clock as _, Lang, State, Timestamp, say};
use respond::on_call::{Rota, Shift, ical, review};
use serde_json::json;
use spec::Spec;

use super::Common;
use crate::{clock::SystemClock, exit::Stop, spec_file};

/// Say who is on call, and find what is wrong with the plan before it comes.
#[derive(Debug, Args)]
pub(crate) struct OnCall {
    #[command(subcommand)]
    what: What,
    /// The spec.
    #[arg(long, global = true, default_value = "tegata.yaml")]
    spec: PathBuf,
    /// As it will be at this instant, RFC 3339.
    #[arg(long, global = true, value_name = "TIME", value_parser = instant)]
    at: Option<Timestamp>,
    /// Print JSON, with a stable shape.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Who answers now, in each schedule.
    Now,
    /// Who comes next, and when.
    Next,
    /// Everybody's shifts of the next seven days.
    Week,
    /// Gaps, double bookings and shifts that are too long; exit code 30 where there are any.
    Check(Ahead),
    /// The shifts as a calendar feed (iCalendar).
    Ical(Ahead),
}

#[derive(Debug, Args)]
struct Ahead {
    /// How many days ahead.
    #[arg(long, default_value_t = 28, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,
}

const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// How far ahead the next shift is looked for; whoever takes turns of half a year knows the next one.
const NEXT: Duration = Duration::from_secs(200 * 86_400);

fn instant(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not an instant like 2026-11-02T09:00:00+09:00"))
}

impl Ahead {
    fn end(&self, now: Timestamp) -> Timestamp {
        now + Duration::from_secs(u64::from(self.days) * 86_400)
    }
}

impl OnCall {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let spec = spec_file::open(&self.spec, lang)?.into_spec(lang)?;
        let now = self.at.unwrap_or_else(|| SystemClock.now());
        let Some(on_call) = &spec.on_call else {
            let nothing = say!("the spec has no `on_call`", "仕様に `on_call` がありません");
            return Err(Stop::missing(nothing.get(lang)).into());
        };
        let view = View {
            rota: Rota::new(on_call, &spec.service.time_zone),
            zone: TimeZone::get(&spec.service.time_zone).unwrap_or(TimeZone::UTC),
            lang,
            json: self.json,
        };
        match self.what {
            What::Now => view.now(&spec, now)?,
            What::Next => view.shifts("next", &next(&view.rota.shifts(now, now + NEXT), now))?,
            What::Week => view.shifts("shifts", &view.rota.shifts(now, now + WEEK))?,
            What::Ical(ahead) => {
                let shifts = view.rota.shifts(now, ahead.end(now));
                outln!("{}", ical::feed(&view.rota, &shifts, now, lang).trim_end());
            }
            What::Check(ahead) => {
                let zone = &spec.service.time_zone;
                let found = review::review(on_call, zone, now, ahead.end(now));
                view.findings(&found, ahead.days)?;
                if !found.is_empty() {
                    return Ok(ExitCode::from(State::Unproven.exit_code()));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// How it is shown.
struct View<'s> {
    rota: Rota<'s>,
    zone: TimeZone,
    lang: Lang,
    json: bool,
}

impl View<'_> {
    fn now(&self, spec: &Spec, now: Timestamp) -> anyhow::Result<()> {
        let on_duty = self.rota.on_duty(now);
        if self.json {
            return print(&json!({ "version": 1, "at": now, "on_duty": on_duty }));
        }
        let schedules = spec
            .on_call
            .iter()
            .flat_map(|on_call| on_call.schedules.keys());
        for schedule in schedules {
            match on_duty.iter().find(|duty| &duty.schedule == schedule) {
                Some(duty) => {
                    let (name, until) = (duty.name.0.get(self.lang), self.local(duty.until));
                    let line = say!(
                        "● {schedule}: {name} until {until}",
                        "● {schedule}: {name} ({until} まで)"
                    );
                    outln!("{}", line.get(self.lang));
                }
                None => {
                    let line = say!("✕ {schedule}: nobody", "✕ {schedule}: 当番なし");
                    outln!("{}", line.get(self.lang));
                }
            }
        }
        Ok(())
    }

    fn shifts(&self, key: &str, shifts: &[Shift]) -> anyhow::Result<()> {
        if self.json {
            return print(&json!({ "version": 1, key: shifts }));
        }
        for shift in shifts {
            let (from, to) = (self.local(shift.from), self.local(shift.to));
            let who = self.who(shift.who.as_deref());
            let stands_in = say!(" (stands in)", "(代理)");
            let mark = if shift.stands_in {
                stands_in.get(self.lang)
            } else {
                ""
            };
            outln!("{from} – {to}  {}: {who}{mark}", shift.schedule);
        }
        Ok(())
    }

    fn findings(&self, found: &[review::Finding], days: u16) -> anyhow::Result<()> {
        if self.json {
            return print(&json!({ "version": 1, "days": days, "findings": found }));
        }
        for it in found {
            let (from, to) = (self.local(it.from), self.local(it.to));
            outln!(
                "✕ {from} – {to}  {}: {}",
                it.schedule,
                it.what.get(self.lang)
            );
        }
        if found.is_empty() {
            let good = say!(
                "● somebody is on call for the next {days} days, and nobody too often",
                "● 今後 {days} 日間、当番は途切れず、偏りもありません"
            );
            outln!("{}", good.get(self.lang));
        }
        Ok(())
    }

    fn who(&self, id: Option<&str>) -> String {
        let nobody = say!("nobody", "当番なし");
        id.map_or_else(
            || nobody.get(self.lang).to_owned(),
            |id| self.rota.name(id).0.get(self.lang).to_owned(),
        )
    }

    fn local(&self, at: Timestamp) -> String {
        at.to_zoned(&self.zone)
            .strftime("%Y-%m-%d %H:%M")
            .to_string()
    }
}

/// The first shift of each schedule that begins later than now.
fn next(shifts: &[Shift], now: Timestamp) -> Vec<Shift> {
    let mut next: Vec<Shift> = Vec::new();
    for shift in shifts.iter().filter(|shift| shift.from > now) {
        if !next.iter().any(|known| known.schedule == shift.schedule) {
            next.push(shift.clone());
        }
    }
    next
}

fn print(body: &serde_json::Value) -> anyhow::Result<()> {
    outln!("{}", serde_json::to_string_pretty(body)?);
    Ok(())
}
