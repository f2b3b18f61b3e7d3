//! Where the certificates lie that a content network uses.

use std::collections::BTreeSet;

use super::{Reader, by_the_words, place};

impl Reader<'_> {
    /// `証明書は ACM で東京リージョンに発行し、CloudFront にも関連付ける`: where a certificate lies that a content network uses.
    pub(super) fn certified(&mut self, text: &str, line: usize) {
        let lower = place::with_regions(&text.to_lowercase());
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let path = |field| ["security", "certificates", "site", field];
        let is_of_it = has(&["certificate", "証明書"]) && lower.contains("cloudfront");
        if !is_of_it || !has(&["acm", "certificate manager"]) || self.draft.has(&path("region")) {
            return;
        }
        // The certificates of that manager lie in regions of one provider.
        const CITIES: [(&str, &str); 6] = [
            ("東京", "ap-northeast-1"),
            ("tokyo", "ap-northeast-1"),
            ("大阪", "ap-northeast-3"),
            ("osaka", "ap-northeast-3"),
            ("バージニア", "us-east-1"),
            ("virginia", "us-east-1"),
        ];
        let cities = CITIES.iter().filter(|(city, _)| lower.contains(city));
        let words = lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        let regions = words.filter(|word| place::is_region(word));
        let regions: BTreeSet<&str> = regions.chain(cities.map(|(_, region)| *region)).collect();
        // Where two are named, each has one of its own.
        if let (Some(region), 1) = (regions.first().copied(), regions.len()) {
            let why = by_the_words;
            self.draft.guess(&path("region"), region, line, why());
            self.draft
                .push_guess(&path("used_by"), "cloudfront", line, why());
        }
    }
}
