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
    if sight.spec.on_call.as_ref().is_some_and(|on_call| on_call.rotation.is_empty()) {
        found
            .note(sight.places.at(&["on_call", "rotation"]), say!("nobody is in turn", "当番が一人もいません"))
            .hint(say!("list at least one of `people`", "`people` から一人以上を並べます"));
    }
}
