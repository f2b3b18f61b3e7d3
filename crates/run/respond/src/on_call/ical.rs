//! Shifts as a calendar feed (RFC 5545) that phones and Google Calendar subscribe to.

use promise::Lang;
use promise::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{Rota, Shift};

/// Octets in a line before it is folded (section 3.1).
const LINE_MAX: usize = 75;

/// The feed of `shifts`; gaps are events of their own, for whoever looks at the week must see them. `stamp` is when the
/// feed was made.
#[must_use]
pub fn feed(rota: &Rota<'_>, shifts: &[Shift], stamp: Timestamp, lang: Lang) -> String {
    let mut out = String::new();
    let mut line = |text: &str| fold(&mut out, text);
    line("BEGIN:VCALENDAR");
    line("VERSION:2.0");
    line("PRODID:-//Tegata//on call//EN");
    line("METHOD:PUBLISH");
    for shift in shifts {
        let who = shift.who.as_deref().map_or_else(
            || match lang {
                Lang::En => "nobody".to_owned(),
                Lang::Ja => "当番なし".to_owned(),
            },
            |id| rota.name(id).0.get(lang).to_owned(),
        );
        line("BEGIN:VEVENT");
        line(&format!("UID:{}", uid(shift)));
        line(&format!("DTSTAMP:{}", instant(stamp)));
        line(&format!("DTSTART:{}", instant(shift.from)));
        line(&format!("DTEND:{}", instant(shift.to)));
        line(&format!(
            "SUMMARY:{}",
            text(&format!("{who} ({})", shift.schedule))
        ));
        line("TRANSP:TRANSPARENT");
        line("END:VEVENT");
    }
    line("END:VCALENDAR");
    out
}

/// The same for the same shift in every feed, so that a calendar updates an event and does not double it.
fn uid(shift: &Shift) -> String {
    let digest = Sha256::digest(format!(
        "{}/{}/{}",
        shift.schedule,
        shift.who.as_deref().unwrap_or_default(),
        shift.from
    ));
    let hex: String = digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{hex}@tegata")
}

fn instant(at: Timestamp) -> String {
    at.to_zoned(&jiff::tz::TimeZone::UTC)
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string()
}

/// Section 3.3.11.
fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for char in value.chars() {
        match char {
            '\\' | ';' | ',' => out.extend(['\\', char]),
            '\n' => out.push_str("\\n"),
            char if char.is_control() => {}
            char => out.push(char),
        }
    }
    out
}

/// Section 3.1: lines end in CRLF, and long ones go on behind a space, never inside a character.
fn fold(out: &mut String, line: &str) {
    let mut room = LINE_MAX;
    for char in line.chars() {
        if char.len_utf8() > room {
            out.push_str("\r\n ");
            room = LINE_MAX - 1;
        }
        room -= char.len_utf8();
        out.push(char);
    }
    out.push_str("\r\n");
}
