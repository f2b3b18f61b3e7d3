//! Data of cards that must be gone, or unreadable.

use promise::{say, unit::Span};

use crate::section::security::CardData;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// Under `card_data`: a verification code, track data or a PIN that is there after authorization or kept for a day or longer, encrypted or not; a card number with `encrypted: false`.
    /// ja: `card_data` のうち、オーソリの後も残る、または 1 日以上保存するセキュリティコード・磁気データ・PIN(暗号化していても)。`encrypted: false` のカード番号。
    /// # Why
    /// With a verification code or a PIN a stolen card number can be used; no encryption makes keeping them permitted.
    /// ja: セキュリティコードや PIN があれば、盗まれたカード番号が使えます。暗号化しても保存は認められません。
    /// # Source
    /// The clause, in the table `card_data`: PCI DSS 3.3.1.1 to 3.3.1.3 and 3.5.1. An authorization takes seconds: what is kept for a day outlives it. Issuers are free of it by 3.3.3: suppress it there.
    /// ja: 条項は `card_data` の表(PCI DSS 3.3.1.1〜3.3.1.3、3.5.1)。オーソリは数秒で終わるため、1 日以上の保存はその後も残ることを意味します。カード発行者は 3.3.3 により対象外なので、抑制してください。
    /// # Example
    /// `card_data: { cvv: { kept_for: 90d, encrypted: true } }`
    /// ja: `card_data: { cvv: { kept_for: 90d, encrypted: true } }`
    /// # Fix
    /// Delete it as soon as the payment is authorized; keep a token in the place of the number.
    /// ja: オーソリが済みしだい削除します。カード番号の代わりにトークンを保存します。
    "card-data-kept": Error, for [Pci], needs ["security"], check
}

/// What its name says that it is, as the table calls it. Only whole names: `cvv_result` and `masked_pan` may be kept.
const NAMES: [(&str, &[&str]); 4] = [
    ("track", &["track", "track1", "track2", "track_data", "full_track", "magnetic_stripe"]),
    ("cvv", &["cvv", "cvv2", "cvc", "cvc2", "cav2", "cid", "security_code", "verification_code", "card_verification_code"]),
    ("pin", &["pin", "pin_block"]),
    ("pan", &["pan", "full_pan", "card_number", "primary_account_number"]),
];

/// What is kept for so long is there after the authorization, which takes seconds.
const OUTLIVES: Span = Span::secs(86_400);

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, data) in &sight.spec.design.security.card_data {
        let bare = name.to_ascii_lowercase().replace('-', "_");
        let Some((what, _)) = NAMES.iter().find(|(_, names)| names.contains(&bare.as_str())) else { continue };
        for (item, profile) in sight.spec.profiles.iter().enumerate() {
            let Some(fact) = sight.facts().one("card_data", &[profile.as_str(), what]) else { continue };
            let (field, said) = match fact.get("must") {
                "unreadable" if data.encrypted == Some(false) && !is_nothing(data) => {
                    ("encrypted", say!("`{name}` is kept readable", "`{name}` が読める形で保存されます"))
                }
                "gone after authorization" => match outlives(data) {
                    Some(field) => (field, say!("`{name}` is kept after authorization, which no encryption permits", "`{name}` がオーソリの後も残ります。暗号化していても認められません")),
                    None => continue,
                },
                _ => continue,
            };
            found
                .note(sight.places.at(&["security", "card_data", name, field]), said)
                .also(sight.places.at(&["profiles", &item.to_string()]), say!("held to this", "準拠する基準"))
                .hint(match *what {
                    "pan" => say!("keep a token, or write how it is made unreadable and `encrypted: true`", "トークンを保存するか、読めない形にして `encrypted: true` にします"),
                    _ => say!("delete it once the payment is authorized, and write `after_authorization: false`", "オーソリの後に削除し、`after_authorization: false` にします"),
                })
                .source(fact.source());
        }
    }
}

/// The field that says that it is there after the authorization.
fn outlives(data: &CardData) -> Option<&'static str> {
    match (data.after_authorization, data.kept_for) {
        _ if is_nothing(data) => None,
        (Some(true), _) => Some("after_authorization"),
        (None, Some(kept)) if kept >= OUTLIVES => Some("kept_for"),
        _ => None,
    }
}

/// Whether the spec says that nothing is kept.
fn is_nothing(data: &CardData) -> bool {
    data.kept_for.is_some_and(|kept| kept.0.is_zero())
}
