//! Stores of protected data without encryption.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A database, cache, bucket or group with `encrypted: false` while the spec is held to a standard.
    /// ja: 基準に準拠するのに `encrypted: false` のデータベース・キャッシュ・保管先・群。
    /// # Why
    /// A lost disk or a copied snapshot is then a leak that must be reported.
    /// ja: 媒体の紛失やスナップショットの複製が、報告義務のある漏えいになります。
    /// # Source
    /// PCI DSS 3.5.1; HIPAA 164.312(a)(2)(iv); the Japanese guidelines on medical information systems.
    /// ja: PCI DSS 3.5.1、HIPAA 164.312(a)(2)(iv)、医療情報システムの安全管理ガイドライン。
    /// # Example
    /// `databases: { main: { encrypted: false } }`
    /// ja: `databases: { main: { encrypted: false } }`
    /// # Fix
    /// Encrypt it at rest.
    /// ja: 保存時に暗号化します。
    "store-not-encrypted": Error, for [Pci, Hipaa, JpMedical], needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let it = &sight.spec.design.infrastructure;
    let databases = it.databases.iter().map(|(name, it)| ("databases", name, it.encrypted));
    let caches = it.caches.iter().map(|(name, it)| ("caches", name, it.encrypted));
    let buckets = it.buckets.iter().map(|(name, it)| ("buckets", name, it.encrypted));
    let compute = it.compute.iter().map(|(name, it)| ("compute", name, it.encrypted));
    for (section, name, _) in databases.chain(caches).chain(buckets).chain(compute).filter(|(.., encrypted)| *encrypted == Some(false)) {
        found
            .note(sight.places.at(&["infrastructure", section, name, "encrypted"]), say!("`{name}` is not encrypted at rest", "`{name}` は保存時に暗号化されていません"))
            .also(sight.places.key(&["profiles"]), say!("held to this", "準拠する基準"));
    }
}
