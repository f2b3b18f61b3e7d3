//! Sets of parameters that no engine has.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A cache's `parameter_group` that is a family's name with a mistake in it.
    /// ja: 書き間違えたファミリー名の `parameter_group`。
    /// # Why
    /// The cache is created with other parameters, or not at all.
    /// ja: 別のパラメータになるか、作成できません。
    /// # Source
    /// The provider's page, in the table `parameter_groups`; a group of one's own has no dot in its name.
    /// ja: 提供者の資料(`parameter_groups` の表)。自作のグループ名に点は使えません。
    /// # Example
    /// `parameter_group: redis7.x`
    /// ja: `parameter_group: redis7.x`
    /// # Fix
    /// Write the family (`redis7`), or `default.` and the family, or the name of your own group.
    /// ja: ファミリー(`redis7`)、`default.` とファミリー、または自作のグループ名を書きます。
    "parameter-group-unknown": Warning, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.infrastructure.caches {
        let (Some(group), Some(product)) = (it.parameter_group.as_deref(), it.product.as_deref()) else { continue };
        let families: Vec<_> = sight.facts().of("parameter_groups", &[product]).collect();
        let bare = group.strip_prefix("default.").unwrap_or(group);
        let bare = bare.strip_suffix(".cluster.on").unwrap_or(bare);
        let Some(fact) = families.first().filter(|_| bare.contains('.') && !families.iter().any(|fact| fact.get("family") == bare)) else { continue };
        let diagnostic = found.note(sight.places.at(&["infrastructure", "caches", name, "parameter_group"]), say!("`{product}` has no family `{bare}`", "`{product}` に `{bare}` というファミリーはありません"));
        diagnostic.source(fact.source());
        let names = families.iter().map(|fact| fact.get("family"));
        if let Some(meant) = names.filter(|family| bare.starts_with(family)).max_by_key(|family| family.len()) {
            diagnostic.hint(say!("write `{meant}`", "`{meant}` と書きます"));
        }
    }
}
