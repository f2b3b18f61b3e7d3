//! Turns that end before an incident does.

use promise::say;

use super::{Found, Sight};
use crate::section::on_call::Layer;

rule! {
    /// # Finds
    /// An on-call turn shorter than an hour.
    /// ja: 1 時間より短い当番。
    /// # Why
    /// In turns of minutes an incident changes hands before it is understood.
    /// ja: 数分で交代すると、障害を理解する前に担当が変わります。
    /// # Source
    /// An hour is four times the 15 minutes in which the worst severity is usually answered.
    /// ja: 1 時間は、最も重い障害への通常の応答時間 15 分の 4 倍です。
    /// # Example
    /// `turn: 7m` where `7d` was meant
    /// ja: `7d` のつもりで `turn: 7m` と書く
    /// # Fix
    /// Write the turn in hours or days.
    /// ja: 当番の長さを時間か日で書きます。
    "turn-too-short": Error, needs ["on_call"], check, always
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let schedules = sight.spec.on_call.iter().flat_map(|on_call| &on_call.schedules);
    let layers = schedules
        .flat_map(|(name, schedule)| schedule.layers.iter().enumerate().map(move |(index, layer)| (name, index, layer)));
    for (name, index, layer) in layers.filter(|(_, _, layer)| layer.turn.0 < Layer::TURN_MIN) {
        let turn = layer.turn;
        let path = ["on_call", "schedules", name, "layers", &index.to_string(), "turn"];
        found
            .note(
                sight.places.at(&path),
                say!("a turn of {turn} is too short to answer an incident in", "当番が {turn} では、障害に対応しきれません"),
            )
            .hint(say!("write an hour or more", "1 時間以上にします"));
    }
}
