//! Keys and secrets that are never changed.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// Keys and secrets without `rotated_every`; one finding.
    /// ja: `rotated_every` のない鍵と秘密情報(まとめて 1 件)。
    /// # Why
    /// A key that leaked works until it is changed.
    /// ja: 漏れた鍵は交換するまで使われ続けます。
    /// # Source
    /// PCI DSS 3.7.4 and 8.6.3.
    /// ja: PCI DSS 3.7.4、8.6.3。
    /// # Example
    /// `secrets: { db: { kept_in: prod/db } }`
    /// ja: `secrets: { db: { kept_in: prod/db } }`
    /// # Fix
    /// Write how often each is changed.
    /// ja: 交換の間隔を書きます。
    "never-rotated": Advice, for [Pci, Hipaa, JpMedical], needs ["security"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let security = &sight.spec.design.security;
    let keys = security.keys.iter().filter(|(_, it)| it.rotated_every.is_none()).map(|(name, _)| ("keys", name.as_str()));
    let secrets = security.secrets.iter().filter(|(_, it)| it.rotated_every.is_none()).map(|(name, _)| ("secrets", name.as_str()));
    let all: Vec<(&str, &str)> = keys.chain(secrets).collect();
    if let Some((section, first)) = all.first() {
        let names = all.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ");
        found
            .note(sight.places.key(&["security", section, first]), say!("no rotation is written: {names}", "交換の間隔が書かれていません: {names}"))
            .hint(say!("add `rotated_every`", "`rotated_every` を加えます"));
    }
}
