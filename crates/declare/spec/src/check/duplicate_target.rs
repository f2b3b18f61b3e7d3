//! Targets that are scraped twice.

use std::collections::{BTreeMap, HashMap};

use promise::{document::Span, say};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// The same address, path and parameters twice among the scrape targets.
    /// ja: 収集対象に同じアドレス・パス・引数が二度ある。
    /// # Why
    /// Its counters would be counted twice, so ratios over all instances would be wrong.
    /// ja: カウンターが二重に数えられ、全体の割合が狂います。
    /// # Source
    /// No number.
    /// ja: 数値はありません。
    /// # Example
    /// `targets: [shop-1:80, shop-2:80, shop-1:80]`
    /// ja: `targets: [shop-1:80, shop-2:80, shop-1:80]`
    /// # Fix
    /// Remove one of them.
    /// ja: どちらかを消します。
    "duplicate-target": Error, needs [], check
}

/// What is asked: the URL, and the parameters with it.
type Question<'s> = (String, &'s BTreeMap<String, Vec<String>>);

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let mut seen: HashMap<Question<'_>, Span> = HashMap::new();
    for (job, scrape) in &sight.spec.sources.scrape {
        for (index, target) in scrape.targets.iter().enumerate() {
            let path = ["sources", "scrape", job, "targets", &index.to_string()];
            let url = if target.contains("://") { target.clone() } else { format!("{}://{target}{}", scrape.scheme, scrape.path) };
            let here = sight.places.at(&path);
            if let Some(first) = seen.get(&(url.clone(), &scrape.params)) {
                found
                    .note(here, say!("this target is scraped twice", "この対象が二度収集されます"))
                    .also(first.clone(), say!("first here", "最初はここです"))
                    .hint(say!("remove one of them", "どちらかを消してください"));
            } else {
                seen.insert((url, &scrape.params), here);
            }
        }
    }
}
