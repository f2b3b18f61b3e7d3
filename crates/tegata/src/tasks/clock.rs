//! Notices when the wall clock jumps: it is compared with the monotonic one once a second.

use std::{sync::Arc, time::Duration};

use promise::{Clock, Timestamp};
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{events::Judges, judge::Input};
use crate::book::{Book, kind};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// NTP slews by less than this between two looks; a larger step is a jump (or a suspended machine).
const JUMP_MIN: Duration = Duration::from_secs(5);

pub(crate) async fn run(
    clock: Arc<dyn Clock>,
    book: Book,
    judges: Judges,
    stop: CancellationToken,
) {
    let (mut wall, mut steady) = (clock.now(), Instant::now());
    while stop
        .run_until_cancelled(tokio::time::sleep(LOOK_EVERY))
        .await
        .is_some()
    {
        let (wall_now, steady_now) = (clock.now(), Instant::now());
        let expected = wall + (steady_now - steady);
        if let Some((from, to)) = jump(expected, wall_now) {
            tracing::warn!(%from, %to, "the clock jumped");
            let body = json!({ "from": from, "to": to });
            if let Err(error) = book.note(kind::CLOCK_JUMPED, "", body).await {
                tracing::error!(%error, "a jump of the clock could not be written to the ledger");
            }
            let judge = judges.borrow().clone();
            if let Some(judge) = judge {
                let _ = judge.send(Input::ClockJumped { from, to }).await;
            }
        }
        (wall, steady) = (wall_now, steady_now);
    }
}

/// What was expected and what was found, when they differ too much.
pub(crate) fn jump(expected: Timestamp, found: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let apart = expected.since(found).max(found.since(expected));
    (apart >= JUMP_MIN).then_some((expected, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_an_hour_is_a_jump_and_a_slew_is_not() {
        let at = Timestamp::from_millis;
        assert_eq!(
            jump(at(1_000), at(3_601_000)),
            Some((at(1_000), at(3_601_000)))
        );
        assert_eq!(
            jump(at(3_601_000), at(1_000)),
            Some((at(3_601_000), at(1_000)))
        );
        assert_eq!(jump(at(1_000), at(1_500)), None);
    }
}
