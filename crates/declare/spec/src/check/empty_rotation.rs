//! Rotations in which nobody's turn comes.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A rotation without people.
    /// ja: 人のいない当番表。
    /// # Why
    /// With nobody in turn a page has nobody to reach.
    /// ja: 当番がいなければ通知は誰にも届きません。
    /// # Source
    /// No number.
    /// ja: 数値はありません。
    /// # Example
    /// `rotation: []`
    /// ja: `rotation: []`
    /// # Fix
    /// List at least one of `people`.
    /// ja: `people` から一人以上を並べます。
    "empty-rotation": Error, needs ["on_call"], check, always
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let schedules = sight.spec.on_call.iter().flat_map(|on_call| &on_call.schedules);
    for (name, schedule) in schedules {
        if schedule.layers.is_empty() {
            found
                .note(
                    sight.places.at(&["on_call", "schedules", name, "layers"]),
                    say!("`{name}` has no layers, so nobody is on call", "`{name}` に層がなく、当番がいません"),
                )
                .hint(say!("add a layer with a `rotation`", "`rotation` のある層を追加してください"));
        }
        let empty = schedule.layers.iter().enumerate().filter(|(_, layer)| layer.rotation.is_empty());
        for (index, _) in empty {
            let path = ["on_call", "schedules", name, "layers", &index.to_string(), "rotation"];
            found
                .note(sight.places.at(&path), say!("nobody is in turn", "当番が一人もいません"))
                .hint(say!("list at least one of `people`", "`people` から一人以上を並べます"));
        }
    }
}
