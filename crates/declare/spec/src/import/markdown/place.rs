//! Values as a document writes them, in the form that a field of the spec wants.

use serde_json::{Value as Json, json};

use super::{
    figures::{Kind, ends_a_span, figures, only},
    words::{self, Form, plain},
};

/// `text` in the form of a field; `None` where it is not of that form.
pub(super) fn value(form: Form, text: &str) -> Option<Json> {
    let text = text.trim();
    if is_open(text) {
        return None;
    }
    let bare = text
        .replace([',', '_'], "")
        .parse::<f64>()
        .ok()
        .filter(|n| n.is_finite() && *n >= 0.0);
    // Of a span of values nobody knows which one is meant.
    let is_span = || {
        let all = figures(text);
        all.iter()
            .any(|it| it.kind != Kind::Count && ends_a_span(text, it))
    };
    if !matches!(form, Form::Text | Form::Texts | Form::Count | Form::Tries) && is_span() {
        return None;
    }
    let number = |unit: &str| bare.map(|n| json!(format!("{n}{unit}")));
    let figure = |kind| {
        only(text)
            .filter(|it| it.kind == kind)
            .map(|it| json!(it.text))
    };
    let first = |kind| {
        figures(text)
            .into_iter()
            .find(|it| it.kind == kind)
            .map(|it| json!(it.text))
    };
    match form {
        Form::Text => (!text.is_empty()).then(|| json!(text)),
        Form::Texts => (!text.is_empty())
            .then(|| json!(text.split(['、', ',']).map(str::trim).collect::<Vec<_>>())),
        Form::Count => count(text).map(|n| json!(n)),
        Form::Tries => count(text).map(|n| json!(n.saturating_sub(1))),
        Form::Flag => flag(text).map(|it| json!(it)),
        Form::Share => number(" %").or_else(|| first(Kind::Share)),
        Form::Seconds => number("s")
            .or_else(|| first(Kind::Time))
            .or_else(|| words::rhythm(text).map(|it| json!(it))),
        Form::Days => number("d").or_else(|| first(Kind::Time)),
        Form::Size => number(" GB")
            .or_else(|| figure(Kind::Size))
            .or_else(|| first(Kind::Size)),
        Form::Rate => number("/s").or_else(|| first(Kind::Rate)),
        Form::Money => first(Kind::Money),
    }
}

/// Whether a form was not filled in here: `[TODO: weekly]`, `{{ retention }}`, `<duration>`, `TBD`.
pub(super) fn is_open(text: &str) -> bool {
    const OPEN: [&str; 6] = ["todo", "tbd", "tbc", "xx", "未定", "要検討"];
    let lower = text.to_lowercase();
    let lower = lower.trim_start_matches(['[', '<', '{', '(', '（', '*', '_', ' ']);
    let names = |word: &&str| {
        lower
            .strip_prefix(*word)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() && c != 'x'))
    };
    let is_form = text.contains("{{")
        || (text.starts_with('<') && text.ends_with('>'))
        || (text.starts_with('[') && text.ends_with(']') && text.chars().any(char::is_alphabetic));
    is_form || OPEN.iter().any(names)
}

fn count(text: &str) -> Option<u64> {
    let figure = figures(text).into_iter().next()?;
    // `100 GB SSD` below `min` is how much, and not how many.
    if figure.kind == Kind::Size {
        return None;
    }
    let digits = figure
        .text
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .next()?;
    digits.parse().ok()
}

pub(super) fn flag(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" | "yes" | "on" | "enabled" | "enable" | "有効" | "あり" | "有" | "する" | "○"
        | "はい" | "worm" => Some(true),
        "cachingdisabled" | "caching_disabled" | "no-store" | "bypass" => Some(false),
        "false" | "no" | "off" | "disabled" | "none" | "無効" | "なし" | "無" | "しない" | "×"
        | "いいえ" => Some(false),
        _ => None,
    }
}

/// The part and product of which a text speaks: `PostgreSQL データベース`, `Cloud SQL`.
pub(super) fn part_in(text: &str) -> Option<(&'static str, Option<&'static str>)> {
    if let Some((section, product)) = product_in(text) {
        return Some((section, Some(product)));
    }
    let found = words::part(&plain(text)).or_else(|| words::part(&plain(subject(text))));
    let found = found.or_else(|| named_by_its_end(&plain(subject(text))));
    found.map(|section| (section, None))
}

/// `会計 DB`, `Session cache`: what a thing is stands at the end of its name.
fn named_by_its_end(name: &str) -> Option<&'static str> {
    const NAMED: [&str; 4] = ["databases", "caches", "queues", "search"];
    let last = name.rsplit('_').next().unwrap_or(name);
    let by_word = words::part(last).filter(|_| last != name);
    let by_end = || {
        let ends: Vec<usize> = name.char_indices().map(|(at, _)| at).collect();
        let mut ends = ends
            .into_iter()
            .map(|at| &name[at..])
            .filter(|end| !end.is_ascii() || end.len() > 1);
        ends.find_map(|end| words::part(end).filter(|_| !end.is_ascii()))
    };
    by_word
        .or_else(by_end)
        .filter(|section| NAMED.contains(section))
}

/// What a heading is about, without its number and what it says of the kind of chapter: `3.2 データベース設計`.
fn subject(text: &str) -> &str {
    const KINDS: [&str; 7] = [
        "設計",
        "構成",
        "設定",
        "仕様",
        " design",
        " configuration",
        " settings",
    ];
    let numbering = |c: char| c.is_ascii_digit() || ".()（）第章節項 ".contains(c);
    let bare = text.trim_start_matches(numbering).trim_end();
    let kind = KINDS.iter().find_map(|kind| bare.strip_suffix(kind));
    kind.unwrap_or(bare).trim()
}

/// `10.0.0.1`, also where its parts are out of bounds.
pub(super) fn is_address(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let is_part =
        |part: &&str| (1..=3).contains(&part.len()) && part.chars().all(|c| c.is_ascii_digit());
    parts.len() == 4 && parts.iter().all(is_part)
}

/// Regions as Azure's pages name them, the longer first, and their ids.
const REGIONS: [(&str, &str); 24] = [
    ("north central us", "northcentralus"),
    ("south central us", "southcentralus"),
    ("west central us", "westcentralus"),
    ("central us", "centralus"),
    ("east us 2", "eastus2"),
    ("east us", "eastus"),
    ("west us 3", "westus3"),
    ("west us 2", "westus2"),
    ("west us", "westus"),
    ("canada central", "canadacentral"),
    ("canada east", "canadaeast"),
    ("japan east", "japaneast"),
    ("japan west", "japanwest"),
    ("north europe", "northeurope"),
    ("west europe", "westeurope"),
    ("uk south", "uksouth"),
    ("uk west", "ukwest"),
    ("germany west central", "germanywestcentral"),
    ("france central", "francecentral"),
    ("switzerland north", "switzerlandnorth"),
    ("southeast asia", "southeastasia"),
    ("east asia", "eastasia"),
    ("australia east", "australiaeast"),
    ("korea central", "koreacentral"),
];

/// A text in small letters with the ids of the regions that it names.
pub(super) fn with_regions(lower: &str) -> String {
    let mut text = lower.to_owned();
    for (name, id) in REGIONS {
        if text.contains(name) {
            text = text.replace(name, id);
        }
    }
    text
}

/// Whether a text is the name of a region of a provider: `ap-northeast-1`, `asia-northeast1`, `us-gov-west-1`, `eastus2`.
pub(super) fn is_region(text: &str) -> bool {
    if REGIONS.iter().any(|(_, id)| *id == text) {
        return true;
    }
    const AREAS: [&str; 14] = [
        "us-",
        "ap-",
        "eu-",
        "ca-",
        "sa-",
        "af-",
        "me-",
        "il-",
        "mx-",
        "asia-",
        "europe-",
        "australia-",
        "northamerica-",
        "southamerica-",
    ];
    text.ends_with(|c: char| c.is_ascii_digit())
        && AREAS.iter().any(|area| text.starts_with(area))
        && ["north", "south", "east", "west", "central"]
            .iter()
            .any(|side| text.contains(side))
}

/// The product that a text names, where it names one.
pub(super) fn product_in(text: &str) -> Option<(&'static str, &'static str)> {
    let lower = text.to_lowercase();
    let is_word = |at: usize, word: &str| {
        let before = lower[..at].chars().next_back();
        let after = lower[at + word.len()..].chars().next();
        !before.is_some_and(|c| c.is_ascii_alphanumeric())
            && !after.is_some_and(|c| c.is_ascii_alphanumeric())
    };
    let named = |word: &str| lower.match_indices(word).any(|(at, _)| is_word(at, word));
    words::products()
        .find(|(word, ..)| named(word))
        .map(|(_, section, product)| (section, product))
}

/// What a kind of machine tells of the product that it belongs to.
pub(super) fn product_of(section: &str, instance: &str) -> Option<&'static str> {
    match section {
        "databases" if instance.starts_with("db.") => Some("rds"),
        "caches" if instance.starts_with("cache.") => Some("elasticache"),
        "search" if instance.ends_with(".search") || instance.ends_with(".elasticsearch") => {
            Some("opensearch_service")
        }
        _ => None,
    }
}
