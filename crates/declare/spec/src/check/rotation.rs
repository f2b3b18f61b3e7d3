//! Rotations in which nobody's turn comes.

use std::time::Duration;

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A rotation without people, or turns shorter than an hour.
    /// ja: 人のいない当番表、または 1 時間より短い当番。
    /// # Why
    /// With nobody in turn a page has nobody to reach; in turns of minutes an incident changes hands before it is understood.
    /// ja: 当番がいなければ通知は届きません。数分で交代すると、障害を理解する前に担当が変わります。
    /// # Source
    /// An hour: longer than the time in which the worst severity is usually answered (15 minutes).
    /// ja: 1 時間。最も重い障害への応答時間(通常 15 分)より十分に長い値です。
    /// # Example
    /// `rotation: []`
    /// ja: `rotation: []`
    /// # Fix
    /// List at least one of `people`; write the turn in hours or days.
    /// ja: `people` から一人以上を並べ、当番の長さは時間か日で書きます。
    "empty-rotation": Error, needs ["on_call"], check
}

const TURN_MIN: Duration = Duration::from_secs(3600);

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let Some(on_call) = &sight.spec.on_call else { return };
    if on_call.rotation.is_empty() {
        found
            .note(sight.places.at(&["on_call", "rotation"]), say!("nobody is in turn", "当番が一人もいません"))
            .hint(say!("list at least one of `people`", "`people` から一人以上を並べます"));
    }
    let turn = on_call.turn;
    if turn.0 < TURN_MIN {
        found
            .note(
                sight.places.at(&["on_call", "turn"]),
                say!("a turn of {turn} is too short to answer an incident in", "当番が {turn} では、障害に対応しきれません"),
            )
            .hint(say!("write an hour or more", "1 時間以上にします"));
    }
}
