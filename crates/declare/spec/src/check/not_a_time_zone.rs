//! Time zones that do not exist.

use promise::{document::did_you_mean, say};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A `time_zone` that the IANA database does not have.
    /// ja: IANA データベースにない `time_zone`。
    /// # Why
    /// Calendar windows begin at midnight there; with a wrong zone a month's figures belong to other days.
    /// ja: 暦の期間はその時間帯の午前 0 時に始まります。誤っていると、月の数値が別の日のものになります。
    /// # Source
    /// The IANA time zone database.
    /// ja: IANA タイムゾーンデータベース。
    /// # Example
    /// `time_zone: JST`
    /// ja: `time_zone: JST`
    /// # Fix
    /// Write the region and city, such as `Asia/Tokyo`.
    /// ja: `Asia/Tokyo` のように地域と都市で書きます。
    "not-a-time-zone": Error, needs ["service"], check, always
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let zone = &sight.spec.service.time_zone;
    if jiff::tz::TimeZone::get(zone).is_ok() {
        return;
    }
    let known: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    // The usual abbreviations of the first readers, which are nowhere near the names in letters.
    let meant = match zone.as_str() {
        "JST" => Some("Asia/Tokyo"),
        other => did_you_mean(other, known.iter().map(String::as_str)),
    };
    found
        .note(
            sight.places.at(&["service", "time_zone"]),
            say!("there is no time zone `{zone}`", "`{zone}` というタイムゾーンはありません"),
        )
        .hint(match meant {
            Some(meant) => say!("did you mean `{meant}`?", "`{meant}` のことですか?"),
            None => say!("write it like `Asia/Tokyo`", "`Asia/Tokyo` のように書きます"),
        });
}
