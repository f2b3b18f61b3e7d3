//! Sentences that promise keys of one's own: `診療文書は、すべて自社が管理する KMS の鍵(CMK)で暗号化する`.

use super::Reader;

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
}
