//! Escalation: who is told next while nobody answers. Pure.
//!
//! The steps of a policy are one sequence in time from when the incident opened: all steps, after a pause all of them
//! again as often as the policy says, then the fallback. An incident counts how many it has taken, so a restart, a
//! clock that jumps or a reload never takes one twice and never leaves one out.

use std::time::Duration;

use promise::Timestamp;
use spec::section::escalation::{Escalation, Step};

use crate::{Config, on_call::Rota, route::Target};

/// One step of the sequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Due<'c> {
    pub at: Timestamp,
    /// 1 for the first walk through the steps.
    pub round: u64,
    pub whom: Whom<'c>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Whom<'c> {
    Step(&'c Step),
    /// Everybody's last resort.
    Fallback(&'c [String]),
}

/// The step of this number (0 for the first) for an incident opened at `opened`; `None` after the last.
#[must_use]
pub fn step(policy: &Escalation, opened: Timestamp, number: u64) -> Option<Due<'_>> {
    let count = u64::try_from(policy.steps.len()).ok()?;
    let last = policy
        .steps
        .iter()
        .map(|step| step.after.0)
        .max()
        .unwrap_or_default();
    let lap = |round: u64| -> Duration {
        let round = u32::try_from(round).unwrap_or(u32::MAX);
        (last + policy.pause.0).saturating_mul(round)
    };
    let rounds = policy.again.saturating_add(1);
    if count > 0 && number / count < rounds {
        let round = number / count;
        let step = policy.steps.get(usize::try_from(number % count).ok()?)?;
        return Some(Due {
            at: opened + lap(round).saturating_add(step.after.0),
            round: round + 1,
            whom: Whom::Step(step),
        });
    }
    let is_fallback = number == count.saturating_mul(rounds) && !policy.fallback.is_empty();
    is_fallback.then(|| Due {
        at: opened + lap(rounds),
        round: rounds,
        whom: Whom::Fallback(&policy.fallback),
    })
}

/// The receivers that a step reaches at `now`, each once, in the order in which they stand there.
#[must_use]
pub fn targets(config: &Config, whom: Whom<'_>, now: Timestamp) -> Vec<Target> {
    let mut names: Vec<String> = Vec::new();
    match whom {
        Whom::Fallback(receivers) => names.extend_from_slice(receivers),
        // Its roles are nobody's yet; silence would be worse than asking those on call again.
        Whom::Step(step) if step.names_nobody() => {
            names.extend(
                config
                    .on_duty(now)
                    .into_iter()
                    .flat_map(|duty| duty.receivers),
            );
        }
        Whom::Step(step) => {
            if let Some(on_call) = &config.on_call {
                let rota = Rota::new(on_call, &config.time_zone);
                for schedule in &step.schedules {
                    names.extend(
                        rota.who(schedule, now)
                            .into_iter()
                            .flat_map(|duty| duty.receivers),
                    );
                }
                let people = step.people.iter().filter_map(|id| on_call.people.get(id));
                names.extend(people.flat_map(|person| person.receivers.iter().cloned()));
            }
            names.extend_from_slice(&step.receivers);
        }
    }
    Target::each_once(names, config)
}

#[cfg(test)]
mod tests {
    use promise::unit::Span;

    use super::*;

    fn step_after(secs: u64) -> Step {
        Step {
            after: Span::secs(secs),
            schedules: vec![],
            people: vec![],
            receivers: vec![],
            roles: vec![],
        }
    }

    /// Steps after 0 s and 300 s, a pause of 120 s, once again, then the fallback: 0, 300 | 420, 720 | 840.
    #[test]
    fn steps_come_in_rounds_and_then_the_fallback() {
        let policy = Escalation {
            steps: vec![step_after(0), step_after(300)],
            again: 1,
            pause: Span::secs(120),
            fallback: vec!["everybody".to_owned()],
        };
        let seconds =
            |number| step(&policy, Timestamp::EPOCH, number).map(|due| due.at.as_millis() / 1000);
        let times: Vec<_> = (0..6).map(seconds).collect();
        assert_eq!(
            times,
            [Some(0), Some(300), Some(420), Some(720), Some(840), None]
        );
        let whom = step(&policy, Timestamp::EPOCH, 4).map(|due| due.whom);
        assert_eq!(whom, Some(Whom::Fallback(&policy.fallback)));
    }

    #[test]
    fn a_policy_without_steps_or_fallback_ends() {
        let policy = Escalation {
            steps: vec![],
            again: 9,
            pause: Span::secs(0),
            fallback: vec![],
        };
        assert_eq!(step(&policy, Timestamp::EPOCH, 0), None);
    }
}
