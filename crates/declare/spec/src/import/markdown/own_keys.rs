//! Sentences that promise keys of one's own: `診療文書は、すべて自社が管理する KMS の鍵(CMK)で暗号化する`.

use std::collections::BTreeSet;

use promise::say;

use super::{Reader, place};

/// Keys that the team manages itself.
const OWN: [&str; 14] = [
    "customer-managed key",
    "customer managed key",
    "customer-managed kms",
    "customer managed kms",
    "customer-managed encryption key",
    "our own key",
    "our own kms",
    "cmk",
    "cmek",
    "byok",
    "顧客管理鍵",
    "顧客管理の鍵",
    "カスタマー管理",
    "お客様管理",
];
const ALL: [&str; 9] = [
    "all ",
    "every ",
    "each ",
    "only ",
    "must ",
    "always ",
    "すべて",
    "全て",
    "必ず",
];
const NOT: [&str; 8] = [
    "not ",
    "n't",
    "no ",
    "except",
    "ではない",
    "しない",
    "使わない",
    "を除",
];
/// What is encrypted lies somewhere.
const STORED: [&str; 13] = [
    "encrypt",
    "at rest",
    "bucket",
    "stored",
    "storage",
    "database",
    "blob",
    "backup",
    "暗号",
    "バケット",
    "保存",
    "保管",
    "データベース",
];

impl Reader<'_> {
    pub(super) fn own_keys(&mut self, text: &str, line: usize) {
        let lower = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if has(&OWN) && has(&ALL) && has(&STORED) && !has(&NOT) {
            self.once(&["security", "customer_managed_keys"], true, line);
        }
    }

    /// `証明書は ACM で東京リージョンに発行し、CloudFront にも関連付ける`: where a certificate lies that a content network uses.
    pub(super) fn certified(&mut self, text: &str, line: usize) {
        let lower = place::with_regions(&text.to_lowercase());
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let path = |field| ["security", "certificates", "site", field];
        let is_of_it = has(&["certificate", "証明書"]) && lower.contains("cloudfront");
        if !is_of_it || !has(&["acm", "certificate manager"]) || self.draft.has(&path("region")) {
            return;
        }
        // The certificates of that manager lie in regions of one provider.
        const CITIES: [(&str, &str); 6] = [
            ("東京", "ap-northeast-1"),
            ("tokyo", "ap-northeast-1"),
            ("大阪", "ap-northeast-3"),
            ("osaka", "ap-northeast-3"),
            ("バージニア", "us-east-1"),
            ("virginia", "us-east-1"),
        ];
        let cities = CITIES.iter().filter(|(city, _)| lower.contains(city));
        let words = lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        let regions = words.filter(|word| place::is_region(word));
        let regions: BTreeSet<&str> = regions.chain(cities.map(|(_, region)| *region)).collect();
        // Where two are named, each has one of its own.
        if let (Some(region), 1) = (regions.first().copied(), regions.len()) {
            let why = || say!("told by the words around it", "前後の語による");
            self.draft.guess(&path("region"), region, line, why());
            self.draft
                .push_guess(&path("used_by"), "cloudfront", line, why());
        }
    }
}
