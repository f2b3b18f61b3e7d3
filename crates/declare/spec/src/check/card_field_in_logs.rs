//! Log fields that hold card numbers or their secrets.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A field of a log stream whose name says that it holds a card number, a security code, a PIN or track data, and that is not redacted.
    /// ja: カード番号・セキュリティコード・PIN・磁気データを示す名前の、伏せられていないログの項目。
    /// # Why
    /// A log is copied to more places than any database; security codes must never be stored.
    /// ja: ログはデータベースより多くの場所に複製されます。セキュリティコードは保存してはなりません。
    /// # Source
    /// PCI DSS 3.3.1 and 3.5.1.
    /// ja: PCI DSS 3.3.1、3.5.1。
    /// # Example
    /// `fields: [card_number, cvv]`
    /// ja: `fields: [card_number, cvv]`
    /// # Fix
    /// Add the field to `redacted`, or do not log it.
    /// ja: `redacted` に加えるか、記録しません。
    "card-field-in-logs": Error, needs ["log_analysis", "sources"], check
}

const NAMES: [&str; 12] = ["card_number", "cardnumber", "card_no", "pan", "primary_account_number", "cvv", "cvc", "cvv2", "security_code", "pin_block", "track_data", "track2"];

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, stream) in &sight.spec.design.log_analysis {
        for (item, field) in stream.fields.iter().enumerate() {
            let is_card = NAMES.contains(&field.to_ascii_lowercase().as_str());
            if is_card && !stream.redacted.contains(field) && !sight.spec.sources.redact.fields.contains(field) {
                found
                    .note(sight.places.at(&["log_analysis", name, "fields", &item.to_string()]), say!("`{field}` must not stand in a log", "`{field}` をログに残してはなりません"))
                    .hint(say!("add `{field}` to `redacted`", "`{field}` を `redacted` に加えます"));
            }
        }
    }
}
