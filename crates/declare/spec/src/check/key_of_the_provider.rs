//! Stores under a key of the provider's where keys of one's own are promised.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A database or bucket with `customer_managed_key: false` while `security.customer_managed_keys` is `true`.
    /// ja: `security.customer_managed_keys` が `true` なのに `customer_managed_key: false` のデータベースや保管先。
    /// # Why
    /// Whoever manages the key can shut everybody out; under the provider's key nobody but the provider can.
    /// ja: 鍵を管理する者だけが閲覧を止められます。提供者の鍵では、自社では止められません。
    /// # Source
    /// No number of ours. Amazon S3's `AES256` is SSE-S3, whose keys are Amazon's; `aws:kms` without a key is `aws/s3`.
    /// ja: 独自の数値はありません。Amazon S3 の `AES256` は SSE-S3(鍵は Amazon が管理)、鍵を指定しない `aws:kms` は `aws/s3` です。
    /// # Example
    /// `security: { customer_managed_keys: true }`, `buckets: { records: { customer_managed_key: false } }`
    /// ja: `security: { customer_managed_keys: true }`, `buckets: { records: { customer_managed_key: false } }`
    /// # Fix
    /// Encrypt it under a key of your own, and re-encrypt what lies there already.
    /// ja: 自社の鍵で暗号化し、既にあるものも暗号化し直します。
    "key-of-the-provider": Error, needs ["security", "infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    if sight.spec.design.security.customer_managed_keys != Some(true) {
        return;
    }
    let it = &sight.spec.design.infrastructure;
    let databases = it.databases.iter().map(|(name, it)| ("databases", name, it.customer_managed_key));
    let buckets = it.buckets.iter().map(|(name, it)| ("buckets", name, it.customer_managed_key));
    for (section, name, _) in databases.chain(buckets).filter(|(.., own)| *own == Some(false)) {
        found
            .note(sight.places.at(&["infrastructure", section, name, "customer_managed_key"]), say!("`{name}` is encrypted under a key of the provider's", "`{name}` は提供者の鍵で暗号化されています"))
            .also(sight.places.at(&["security", "customer_managed_keys"]), say!("keys of one's own are promised", "自社の鍵を約束"));
    }
}
