//! Redaction that cannot be done as it is asked for.

use promise::say;

use super::{Found, Sight};
use crate::section::redact::Action;

rule! {
    /// # Finds
    /// An action `tokenise` or `encrypt` in `sources.redact` without a key, a `key` that is not among the `keys`, and `keep` for card numbers or fields.
    /// ja: 鍵のない `tokenise`・`encrypt`、`keys` にない `key`、カード番号や項目への `keep`。
    /// # Why
    /// Without a key such values would be masked, and nobody could find or read them again; a kept card number would break PCI DSS.
    /// ja: 鍵がなければ値は伏せられ、二度と検索も復号もできません。カード番号を残せば PCI DSS に反します。
    /// # Source
    /// PCI DSS 4.0, 3.3 and 3.5.
    /// ja: PCI DSS 4.0 の 3.3 と 3.5。
    /// # Example
    /// `redact: { actions: { mail: tokenise } }`
    /// ja: `redact: { actions: { mail: tokenise } }`
    /// # Fix
    /// Declare a key: `keys: { k1: "${env:REDACT_KEY_1}" }`.
    /// ja: 鍵を宣言します: `keys: { k1: "${env:REDACT_KEY_1}" }`。
    "redact-without-key": Error, needs ["sources"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let redact = &sight.spec.sources.redact;
    for (name, action) in &redact.actions {
        let path = ["sources", "redact", "actions", name];
        let is_kept = *action == Action::Keep && ["pan", "track", "token", "password", "field"].contains(&name.as_str());
        let needs_key = matches!(action, Action::Tokenise | Action::Encrypt) && redact.keys.is_empty();
        if is_kept {
            found
                .note(sight.places.at(&path), say!("`{name}` is never kept", "`{name}` をそのまま残すことはできません"))
                .hint(say!("write `mask`, `tokenise` or `encrypt`", "`mask`、`tokenise`、`encrypt` のいずれかにします"));
        } else if needs_key {
            found
                .note(sight.places.at(&path), say!("`{action}` needs a key", "`{action}` には鍵が必要です"))
                .hint(say!(
                    "add `keys: {{ k1: \"${{env:NAME}}\" }}` to `redact`",
                    "`redact` に `keys: {{ k1: \"${{env:NAME}}\" }}` を加えます"
                ));
        }
    }
    if let Some(key) = redact.key.as_ref().filter(|key| !redact.keys.contains_key(*key)) {
        found.note(
            sight.places.at(&["sources", "redact", "key"]),
            say!("`keys` has no `{key}`", "`keys` に `{key}` がありません"),
        );
    }
}
