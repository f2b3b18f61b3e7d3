//! What names tell of their thing: `p95 of card payments` is not about `balance_payments_p95`.

use std::collections::BTreeSet;

use super::design::Latency;

/// Words that tell how bad it is.
const SEVERITIES: &str = "critical crit severe emergency fatal major warning warn minor info notice early \
    high higher very alert alarm ticket";

/// Words that any name of a time has, and so tell nothing of whose it is.
const OF_ANY_TIME: &str = "latency response responses answer time times duration slow slowness late delay \
    seconds secs ms millis request requests average avg mean max percentile quantile median ninety ninth fifth \
    all every each threshold bound limit of the for over long";

/// The words of a name without those that tell how bad it is; two alerts whose names have the same are about one thing.
pub(super) fn base(name: &str) -> BTreeSet<String> {
    // `4_xxerror`, from `4XXError`: a class of answers.
    let name = name.replace("_xx", "xx");
    let all = name
        .split(|c: char| !c.is_alphanumeric())
        .map(str::to_lowercase);
    all.filter(|word| {
        !word.is_empty()
            && !word.chars().all(|c| c.is_ascii_digit())
            && !is_among(SEVERITIES, word)
            && !is_sev(word)
    })
    .collect()
}

/// Words that any name of a share of failures or successes has.
const OF_ANY_SHARE: &str = "error errors failure failures failed fail rate rates ratio share percent success \
    successes successful succeed surge spike increase 5xx http";

/// The words of a name that tell whose failures or successes they are.
pub(super) fn of_whose(name: &str) -> BTreeSet<String> {
    let all = of_what([name]).into_iter();
    all.filter(|word| !is_among(OF_ANY_SHARE, word)).collect()
}

/// Whether two such names may be of one thing: they share a word, or one of them tells of nothing.
pub(super) fn may_be_of_one(one: &str, other: &str) -> bool {
    // What the caller did wrong is no failure of ours.
    if [one, other]
        .iter()
        .any(|it| it.replace("_xx", "xx").contains("4xx"))
    {
        return false;
    }
    let (one, other) = (of_whose(one), of_whose(other));
    one.is_empty() || other.is_empty() || shared(&one, &other) > 0
}

/// The words of names that tell whose time it is.
pub(super) fn of_what<'n>(names: impl IntoIterator<Item = &'n str>) -> BTreeSet<String> {
    let all = names.into_iter().flat_map(base);
    all.filter(|word| {
        !is_among(OF_ANY_TIME, word)
            && quantile(word).is_none()
            && !word.starts_with(|c: char| c.is_ascii_digit())
    })
    .collect()
}

fn is_among(words: &str, word: &str) -> bool {
    words.split(' ').any(|it| it == word)
}

/// `p1` to `p5`, `sev1`: how bad it is, by number.
fn is_sev(word: &str) -> bool {
    let number = word.strip_prefix("sev").or_else(|| word.strip_prefix('p'));
    number.is_some_and(|it| matches!(it.as_bytes(), [b'0'..=b'5']))
}

/// The quantile that a name speaks of: `p99` of `card_payments_p99`.
pub(super) fn quantile(name: &str) -> Option<String> {
    let mut all = name.split(|c: char| !c.is_alphanumeric() && c != '.');
    all.find(|word| {
        word.strip_prefix(['p', 'P']).is_some_and(|it| {
            it.starts_with(|c: char| c.is_ascii_digit()) && it.parse::<f64>().is_ok()
        })
    })
    .map(str::to_lowercase)
}

/// How many words of the one are in the other; `payment` is in `payments`.
fn shared(one: &BTreeSet<String>, other: &BTreeSet<String>) -> usize {
    // Shorter beginnings are shared by chance; two characters of Japanese are a word.
    let is_long = |word: &str| word.len() >= 4;
    let is_same = |a: &str, b: &str| {
        a == b || (is_long(a) && b.starts_with(a)) || (is_long(b) && a.starts_with(b))
    };
    one.iter()
        .filter(|a| other.iter().any(|b| is_same(a, b)))
        .count()
}

/// Whether a name may be about what has these words: it shares one, or tells of nothing itself.
pub(super) fn is_about(name: &str, named: &BTreeSet<String>) -> bool {
    let own = of_what([name]);
    own.is_empty() || shared(named, &own) > 0
}

/// Those of the promises whose names fit best to what is named so: they share the most words.
pub(super) fn fitting<'l, 's: 'l>(
    latencies: impl IntoIterator<Item = &'l Latency<'s>>,
    named: &BTreeSet<String>,
) -> Vec<&'l Latency<'s>> {
    let scored = latencies
        .into_iter()
        .map(|it| (shared(named, &of_what([it.name])), it));
    let scored: Vec<_> = scored.collect();
    let best = scored.iter().map(|(score, _)| *score).max();
    let best = scored.into_iter().filter(|(score, _)| Some(*score) == best);
    best.map(|(_, it)| it).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_of_what_they_are() {
        let of = |names: &[&'static str]| {
            of_what(names.iter().copied())
                .into_iter()
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(of(&["p95 of card payments"]), "card payments");
        assert_eq!(of(&["the_ninety_ninth_p99", "99th percentile"]), "");
        assert_eq!(of(&["slow_p99_critical", "api"]), "api");
        assert_eq!(of(&["response_time", "sev2"]), "");
        assert_eq!(base("cpu_high_80"), base("cpu_critical"));
        assert_ne!(base("latency_p95"), base("latency_p99"));
        assert_eq!(quantile("card_payments_P99.9").as_deref(), Some("p99.9"));
        assert_eq!(quantile("payments"), None);
        assert_eq!(shared(&base("payment"), &base("card payments")), 1);
        assert_eq!(shared(&base("pay"), &base("payments")), 0);
    }
}
