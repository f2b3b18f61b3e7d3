//! Which language a visitor reads: what the address asks for, else what was chosen before, else what the browser
//! prefers.

use axum::http::{HeaderMap, header};
use promise::Lang;

/// Remembers the choice. It holds nothing but `en` or `ja`.
pub(crate) const COOKIE: &str = "tegata_lang";

/// A year, so that nobody has to choose twice.
pub(crate) const COOKIE_MAX_AGE_SECS: u32 = 365 * 86_400;

/// A word of the page in the visitor's language. A missing translation does not compile.
pub(crate) trait Pick: Copy {
    fn pick<'a>(self, en: &'a str, ja: &'a str) -> &'a str;
}

impl Pick for Lang {
    fn pick<'a>(self, en: &'a str, ja: &'a str) -> &'a str {
        match self {
            Self::En => en,
            Self::Ja => ja,
        }
    }
}

pub(crate) fn from_tag(tag: &str) -> Option<Lang> {
    Lang::ALL.into_iter().find(|lang| lang.tag() == tag)
}

pub(crate) fn choose(asked: Option<&str>, headers: &HeaderMap) -> Lang {
    asked
        .and_then(from_tag)
        .or_else(|| from_cookie(headers))
        .or_else(|| preferred(headers))
        .unwrap_or_default()
}

fn from_cookie(headers: &HeaderMap) -> Option<Lang> {
    let cookies = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .and_then(|(_, value)| from_tag(value))
}

/// The language with the highest weight (RFC 9110, 12.5.4); of equals the first.
fn preferred(headers: &HeaderMap) -> Option<Lang> {
    let line = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(f32, Lang)> = None;
    for range in line.split(',') {
        let mut parts = range.trim().split(';');
        let Some(lang) = parts.next().and_then(Lang::asked_for) else {
            continue;
        };
        let weight = parts
            .find_map(|part| part.trim().strip_prefix("q="))
            .map_or(1.0, |text| text.trim().parse::<f32>().unwrap_or(0.0));
        if weight > 0.0 && best.is_none_or(|(most, _)| weight > most) {
            best = Some((weight, lang));
        }
    }
    best.map(|(_, lang)| lang)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn the_address_wins_over_the_cookie_and_the_cookie_over_the_browser() {
        let both = headers(&[
            (header::COOKIE, "a=b; tegata_lang=ja"),
            (header::ACCEPT_LANGUAGE, "en"),
        ]);
        assert_eq!(choose(Some("en"), &both), Lang::En);
        assert_eq!(choose(Some("fr"), &both), Lang::Ja);
        assert_eq!(
            choose(None, &headers(&[(header::ACCEPT_LANGUAGE, "ja-JP")])),
            Lang::Ja
        );
        assert_eq!(choose(None, &HeaderMap::new()), Lang::En);
    }

    #[test]
    fn weights_decide_and_unknown_languages_are_passed_over() {
        let weighted = |line| choose(None, &headers(&[(header::ACCEPT_LANGUAGE, line)]));
        assert_eq!(weighted("fr-CH, en;q=0.7, ja;q=0.9"), Lang::Ja);
        assert_eq!(weighted("ja;q=0, en;q=0.1"), Lang::En);
        assert_eq!(weighted("*"), Lang::En);
    }
}
