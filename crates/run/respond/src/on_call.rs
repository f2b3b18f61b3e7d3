//! Who is on call: people take turns of equal length, from a first instant on. Pure.
//!
//! Turns are counted in elapsed time, so in a zone with daylight saving time the hour of the hand-over moves.

use promise::{Name, Timestamp};
use serde::Serialize;
use spec::section::on_call::OnCall;

/// The person who answers now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OnDuty {
    /// The short name in the spec.
    pub id: String,
    pub name: Name,
    /// Receivers that reach them.
    pub receivers: Vec<String>,
    /// When the turn ends.
    pub until: Timestamp,
}

/// Who has the turn at `now`. `None` before the first turn, and where the rotation names nobody.
#[must_use]
pub fn at(on_call: &OnCall, now: Timestamp) -> Option<OnDuty> {
    let from: Timestamp = on_call.from.parse().ok()?;
    let turn = i64::try_from(on_call.turn.0.as_millis())
        .ok()
        .filter(|turn| *turn > 0)?;
    let elapsed = now
        .as_millis()
        .checked_sub(from.as_millis())
        .filter(|elapsed| *elapsed >= 0)?;
    let turns = elapsed / turn;
    let place = usize::try_from(turns)
        .ok()?
        .checked_rem(on_call.rotation.len())?;
    let id = on_call.rotation.get(place)?;
    let person = on_call.people.get(id)?;
    let until = from
        .as_millis()
        .saturating_add(turns.saturating_add(1).saturating_mul(turn));
    Some(OnDuty {
        id: id.clone(),
        name: person.name.clone(),
        receivers: person.receivers.clone(),
        until: Timestamp::from_millis(until),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use promise::{Say, unit::Span};
    use spec::section::on_call::Person;

    use super::*;

    fn weekly() -> OnCall {
        let person = |name: &str| Person {
            name: Name(Say::same(name)),
            receivers: vec![format!("{name}-mail")],
        };
        OnCall {
            people: ["aoi", "ren"]
                .into_iter()
                .map(|name| (name.to_owned(), person(name)))
                .collect(),
            rotation: vec!["aoi".into(), "ren".into()],
            turn: Span::days(7),
            from: "2026-11-02T09:00:00+09:00".into(),
        }
    }

    #[test]
    fn turns_follow_each_other_from_the_first_instant() {
        let who = |at_: &str| at(&weekly(), at_.parse().unwrap()).map(|duty| duty.id);
        assert_eq!(who("2026-11-01T23:59:59Z"), None, "before the first turn");
        assert_eq!(who("2026-11-02T00:00:00Z").as_deref(), Some("aoi"));
        assert_eq!(who("2026-11-08T23:59:59Z").as_deref(), Some("aoi"));
        assert_eq!(who("2026-11-09T00:00:00Z").as_deref(), Some("ren"));
        assert_eq!(who("2026-11-16T00:00:00Z").as_deref(), Some("aoi"));
    }

    #[test]
    fn a_rotation_without_people_or_time_names_nobody() {
        let now = Timestamp::from_millis(i64::MAX);
        assert_eq!(
            at(
                &OnCall {
                    rotation: vec![],
                    ..weekly()
                },
                now
            ),
            None
        );
        assert_eq!(
            at(
                &OnCall {
                    rotation: vec!["gone".into()],
                    ..weekly()
                },
                now
            ),
            None
        );
        assert_eq!(
            at(
                &OnCall {
                    turn: Span::secs(0),
                    ..weekly()
                },
                now
            ),
            None
        );
        assert_eq!(
            at(
                &OnCall {
                    from: "soon".into(),
                    ..weekly()
                },
                now
            ),
            None
        );
    }
}
