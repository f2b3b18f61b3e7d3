//! Parts without the tags that all must have.

use promise::say;

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// With `tags_required`, and at least one part that says its `tags`: a part that lacks one of the required ones.
    /// ja: `tags_required` があり、どれかの部品に `tags` の記載があるとき、必須のタグが欠けている部品。
    /// # Why
    /// What has no tag is nobody's: its cost stands under no category, and rules that act by tag pass it by.
    /// ja: タグのないものは費目に現れず、タグで働く規則からも漏れます。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `tags_required: [Owner]` and a bucket with `tags: { Project: shop }`
    /// ja: `tags_required: [Owner]` and a bucket with `tags: { Project: shop }`
    /// # Fix
    /// Add the tag.
    /// ja: タグを付けます。
    "untagged": Warning, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let required = &sight.spec.design.infrastructure.tags_required;
    let parts = design::tagged(sight);
    if parts.iter().all(|(_, _, tags)| tags.is_empty()) {
        return;
    }
    for (section, name, tags) in parts {
        let missing: Vec<&str> = required
            .iter()
            .map(String::as_str)
            .filter(|tag| !tags.contains_key(*tag))
            .collect();
        if missing.is_empty() {
            continue;
        }
        let missing = missing.join(", ");
        let path = ["infrastructure", section, name];
        let at = if tags.is_empty() {
            sight.places.key(&path)
        } else {
            sight.places.key(&[path[0], path[1], path[2], "tags"])
        };
        found
            .note(
                at,
                say!(
                    "`{name}` has no tag {missing}",
                    "`{name}` にタグ {missing} がありません"
                ),
            )
            .also(
                sight.places.at(&["infrastructure", "tags_required"]),
                say!("every part must have them", "すべての資源に必須です"),
            );
    }
}
