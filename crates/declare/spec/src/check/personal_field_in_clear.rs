//! Log fields about people that anybody who reads logs can read.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A log stream with fields that tell of a person (an address of the network, a mail address, a name, a patient) and that are neither redacted nor encrypted; one finding for each stream.
    /// ja: 個人に関する項目(IP アドレス、メールアドレス、氏名、患者など)が、伏せも暗号化もされていないログ(ストリームごとに 1 件)。
    /// # Why
    /// Logs are read by more people than the data, and outlive what was deleted on request.
    /// ja: ログはデータより多くの人が読み、削除請求の後も残ります。
    /// # Source
    /// GDPR art. 4(1); the Japanese Act on the Protection of Personal Information, art. 2; HIPAA 164.514(b)(2).
    /// ja: GDPR 4 条 1 項、個人情報保護法 2 条、HIPAA 164.514(b)(2)。
    /// # Example
    /// `fields: [user_id, ip_address, amount]`
    /// ja: `fields: [user_id, ip_address, amount]`
    /// # Fix
    /// Add them to `redacted` or `encrypted`.
    /// ja: `redacted` か `encrypted` に加えます。
    "personal-field-in-clear": Warning, needs ["log_analysis", "sources"], check
}

/// Words of which a field's name is made when it tells of a person. `user_agent` tells of a machine.
const NAMES: [&str; 18] = [
    "ip_address", "client_ip", "remote_addr", "email", "mail_address", "phone", "phone_number", "full_name", "first_name", "last_name", "birth_date", "date_of_birth",
    "patient_id", "patient_name", "medical_record_number", "my_number", "ssn", "address",
];

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, stream) in &sight.spec.design.log_analysis {
        let is_clear = |field: &&String| {
            NAMES.contains(&field.to_ascii_lowercase().as_str())
                && ![&stream.redacted, &stream.encrypted, &sight.spec.sources.redact.fields].iter().any(|covered| covered.contains(*field))
        };
        let clear: Vec<&str> = stream.fields.iter().filter(is_clear).map(String::as_str).collect();
        if clear.is_empty() {
            continue;
        }
        let all = clear.join(", ");
        found
            .note(sight.places.key(&["log_analysis", name, "fields"]), say!("these tell of a person and are stored in clear: {all}", "個人に関する項目がそのまま保存されます: {all}"))
            .hint(say!("write `redacted: [{all}]`, or the same under `encrypted`", "`redacted: [{all}]` または `encrypted` に書きます"));
    }
}
