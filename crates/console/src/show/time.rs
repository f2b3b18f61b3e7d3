//! Instants and lengths of time as people read them.
//!
//! An age is right when the page was made and stays readable without JavaScript; with it `ages.js` counts on, by the
//! same rules as [`length`].

use std::time::Duration;

use jiff::tz::TimeZone;
use maud::{Markup, html};
use promise::{Lang, Timestamp};

use crate::lang::Pick;

/// `4 s`, `35 min`, `5 h 20 min`, `12 d`: never more than two units, as a glance needs.
pub(crate) fn length(duration: Duration, lang: Lang) -> String {
    let secs = duration.as_secs();
    let (s, min, h, d) = match lang {
        Lang::En => (" s", " min", " h", " d"),
        Lang::Ja => (" 秒", " 分", " 時間", " 日"),
    };
    match secs {
        0..120 => format!("{secs}{s}"),
        120..7_200 => format!("{}{min}", secs / 60),
        7_200..172_800 if secs % 3_600 < 60 => format!("{}{h}", secs / 3_600),
        7_200..172_800 => format!("{}{h} {}{min}", secs / 3_600, secs % 3_600 / 60),
        _ => format!("{}{d}", secs / 86_400),
    }
}

fn tag(at: Timestamp, rule: Option<&'static str>, text: &str) -> Markup {
    html! { time datetime=(at) data-age=[rule] { (text) } }
}

/// `4 s ago`
pub(crate) fn ago(at: Timestamp, now: Timestamp, lang: Lang) -> Markup {
    let length = length(now.since(at), lang);
    tag(
        at,
        Some("ago"),
        &match lang {
            Lang::En => format!("{length} ago"),
            Lang::Ja => format!("{length}前"),
        },
    )
}

/// `for 4 s`
pub(crate) fn lasting(at: Timestamp, now: Timestamp, lang: Lang) -> Markup {
    let length = length(now.since(at), lang);
    tag(
        at,
        Some("for"),
        &match lang {
            Lang::En => format!("for {length}"),
            Lang::Ja => format!("{length}間"),
        },
    )
}

/// `in 4 s`, and once it has passed `4 s overdue`.
pub(crate) fn due(at: Timestamp, now: Timestamp, lang: Lang) -> Markup {
    let text = if at >= now {
        let length = length(at.since(now), lang);
        match lang {
            Lang::En => format!("in {length}"),
            Lang::Ja => format!("{length}後"),
        }
    } else {
        let length = length(now.since(at), lang);
        match lang {
            Lang::En => format!("{length} overdue"),
            Lang::Ja => format!("{length}超過"),
        }
    };
    tag(at, Some("due"), &text)
}

/// `22 Nov 10:47:05`, with the year when it is another one.
pub(crate) fn clock(at: Timestamp, now: Timestamp, zone: &TimeZone, lang: Lang) -> Markup {
    let (then, today) = (at.to_zoned(zone), now.to_zoned(zone));
    let form = match (then.year() == today.year(), lang) {
        (true, Lang::En) => "%-d %b %H:%M:%S",
        (true, Lang::Ja) => "%-m月%-d日 %H:%M:%S",
        (false, Lang::En) => "%-d %b %Y %H:%M:%S",
        (false, Lang::Ja) => "%Y年%-m月%-d日 %H:%M:%S",
    };
    tag(at, None, &then.strftime(form).to_string())
}

/// How an instant is written inside a sentence: `2026-11-22T01:47:05.000Z`.
const INSTANT_CHARS: usize = 24;

/// A sentence whose instants are shown as a person reads them, in the service's time zone, and whose names between
/// backticks are set as code.
pub(crate) fn sentence(text: &str, now: Timestamp, zone: &TimeZone, lang: Lang) -> Markup {
    let (mut plain, mut parts) = (String::new(), Vec::new());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let instant = rest
            .get(..INSTANT_CHARS)
            .filter(|word| first.is_ascii_digit() && word.ends_with('Z'));
        if let Some(at) = instant.and_then(|word| word.parse::<Timestamp>().ok()) {
            parts.push((std::mem::take(&mut plain), at));
            rest = &rest[INSTANT_CHARS..];
        } else {
            plain.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    html! { @for (before, at) in &parts { (quoted(before)) (clock(*at, now, zone, lang)) } (quoted(&plain)) }
}

/// Names between backticks set as code.
pub(crate) fn quoted(text: &str) -> Markup {
    let parts: Vec<&str> = text.split('`').collect();
    // An odd backtick quotes nothing.
    if parts.len().is_multiple_of(2) {
        return html! { (text) };
    }
    html! { @for (i, part) in parts.iter().enumerate() {
        @if i % 2 == 1 { code { (part) } } @else { (part) }
    } }
}

/// An axis label, as fine as the axis is long needs: `22 Nov` over days, `10:47` within one, `10:47:05` within
/// minutes.
pub(crate) fn tick(at: Timestamp, span: Duration, zone: &TimeZone, lang: Lang) -> String {
    let form = match span.as_secs() {
        0..1_200 => "%H:%M:%S",
        1_200..172_800 => "%H:%M",
        _ => lang.pick("%-d %b", "%-m/%-d"),
    };
    at.to_zoned(zone).strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_inside_a_sentence_is_shown_in_the_service_s_time() {
        let zone = TimeZone::get("Asia/Tokyo").unwrap_or(TimeZone::UTC);
        let now = Timestamp::from_millis(1_795_312_025_000);
        // 2026-11-22T01:47:05Z is 10:47:05 in Tokyo, nine hours ahead.
        let text = sentence(
            "約束は 2026-11-22T01:47:05.000Z から <x>",
            now,
            &zone,
            Lang::Ja,
        )
        .into_string();
        assert!(
            text.starts_with(
                "約束は <time datetime=\"2026-11-22T01:47:05.000Z\">11月22日 10:47:05</time>"
            ),
            "{text}"
        );
        assert!(text.ends_with(" から &lt;x&gt;"), "{text}");
        assert_eq!(
            sentence("`a` to `<b>` `", now, &zone, Lang::En).into_string(),
            "`a` to `&lt;b&gt;` `",
            "an odd backtick quotes nothing"
        );
        assert_eq!(
            sentence("`<b>` took it", now, &zone, Lang::En).into_string(),
            "<code>&lt;b&gt;</code> took it"
        );
        assert_eq!(
            sentence("9999 約束", now, &zone, Lang::Ja).into_string(),
            "9999 約束"
        );
    }

    #[test]
    fn lengths_read_at_a_glance() {
        let en = |secs| length(Duration::from_secs(secs), Lang::En);
        assert_eq!(
            [en(0), en(119), en(120), en(7_199)],
            ["0 s", "119 s", "2 min", "119 min"]
        );
        assert_eq!(
            [en(7_200), en(19_200), en(172_800)],
            ["2 h", "5 h 20 min", "2 d"]
        );
        assert_eq!(
            length(Duration::from_secs(19_200), Lang::Ja),
            "5 時間 20 分"
        );
    }
}
