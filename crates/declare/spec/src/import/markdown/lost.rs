//! Recovery that is told by what is lost: which tier a backup brings back, where each row is an event and not a service.

use promise::{record::Scalar as _, say, unit::Span};
use serde_json::Value;

use super::{Reader, place, whose::words_of};

/// A row of a table of backups.
pub(super) struct Saved {
    pub(super) id: String,
    pub(super) name: String,
    /// All its cells, in lower case.
    pub(super) row: String,
    pub(super) line: usize,
}

const REGION: [&str; 7] = [
    "region",
    "リージョン",
    "data centre",
    "data center",
    "データセンター",
    "広域災害",
    "拠点",
];
const DATA: [&str; 11] = [
    "data",
    "ransomware",
    "logical",
    "データ",
    "操作ミス",
    "誤操作",
    "誤削除",
    "論理",
    "消した",
    "破壊",
    "改ざん",
];
const ZONE: [&str; 6] = [
    "a zone",
    "one zone",
    "zone loss",
    "az 障害",
    "az障害",
    "ゾーン障害",
];
/// What lies elsewhere than what it is a copy of.
const ABROAD: [&str; 13] = [
    "リージョン間",
    "別リージョン",
    "遠隔",
    "へのコピー",
    "へコピー",
    "に複製",
    "cross-region",
    "cross region",
    "outside the region",
    "other region",
    "another region",
    "off-site",
    "offsite",
];
/// Files are not what the recovery point of a database is about.
pub(super) const FILES: [&str; 13] = [
    "s3",
    "gcs",
    "bucket",
    "blob",
    "object",
    "file",
    "image",
    "document",
    "画像",
    "文書",
    "ファイル",
    "オブジェクト",
    "バケット",
];

impl Reader<'_> {
    /// Where recovery is told by what is lost, a region's failover is owed where the region is lost, and a restore where
    /// the data is.
    pub(super) fn tiers_of_what_is_lost(&mut self) {
        let of_event = |words: &[&str]| -> Vec<(String, String)> {
            let rows = self.tier_rows.iter().filter(|(tier, row)| {
                let said = self
                    .draft
                    .says(&["service", "tiers", tier, "name"])
                    .and_then(Value::as_str);
                let name = said.map_or_else(|| tier.replace('_', " "), str::to_lowercase);
                let names_region = || name.split_whitespace().any(place::is_region);
                !row.is_empty()
                    && (words.iter().any(|word| says(&name, word))
                        || words == REGION && names_region())
            });
            rows.cloned().collect()
        };
        let (regions, data) = (of_event(&REGION), of_event(&DATA));
        // Files have a recovery of their own in some tables.
        let of_databases = |rows: &[(String, String)]| -> Vec<(String, String)> {
            let (files, others): (Vec<_>, Vec<_>) =
                rows.iter().cloned().partition(|(_, row)| is_of_files(row));
            if others.is_empty() { files } else { others }
        };
        let (left_abroad, left_here) = (of_databases(&regions), of_databases(&data));
        let only = |rows: &[(String, String)]| match rows {
            [(tier, _)] => Some(tier.clone()),
            _ => None,
        };
        let restored = only(&data);
        let is_of_zone = |row: &str| {
            let row = row.to_lowercase();
            ZONE.iter().any(|word| row.contains(word))
        };
        // Where the loss of a zone has a row of its own, another region is not what it waits for.
        let rows = || self.tier_rows.iter();
        let beyond: Vec<String> = match rows().any(|(_, row)| is_of_zone(row)) {
            true => rows()
                .filter(|(_, row)| !is_of_zone(row))
                .map(|(tier, _)| tier.clone())
                .collect(),
            false => Vec::new(),
        };
        let why = || say!("the row says what is lost", "失うものの行による");
        let failover = ["continuity", "failover", "region"];
        if self.draft.has(&failover) {
            let path = [failover[0], failover[1], failover[2], "tiers"];
            let all: Vec<String> = regions.iter().map(|(tier, _)| tier.clone()).collect();
            for tier in if all.is_empty() { beyond } else { all } {
                self.draft.push_guess(&path, tier, 0, why());
            }
        }
        let mut backups = std::mem::take(&mut self.backed_up);
        let known = self.draft.names(&["continuity", "backups"]);
        // A row that says nothing of a backup's own made none.
        backups.retain(|saved| known.contains(&saved.id));
        for saved in &backups {
            let abroad = self.is_abroad(saved, &regions);
            let path = |field| ["continuity", "backups", saved.id.as_str(), field];
            if abroad && !self.draft.has(&path("cross_region")) {
                self.draft
                    .guess(&path("cross_region"), true, saved.line, why());
            }
            if is_of_files(&saved.name) || self.draft.has(&path("tier")) {
                continue;
            }
            // Only a copy elsewhere is left where the region is not.
            if let Some(tier) = told_by_name(saved, if abroad { &left_abroad } else { &left_here })
            {
                self.draft.guess(&path("tier"), tier, saved.line, why());
            }
        }
        // What is backed up is told without a table.
        let told = |id: &String| backups.iter().any(|saved| saved.id == *id);
        let mut untold = self.draft.names(&["continuity", "backups"]);
        untold.retain(|id| !told(id) && !is_of_files(id));
        for id in untold {
            let path = ["continuity", "backups", id.as_str(), "tier"];
            if let Some(tier) = restored.as_deref().filter(|_| !self.draft.has(&path)) {
                self.draft.guess(&path, tier, 0, why());
            }
        }
        self.backed_up = backups;
    }

    /// Whether a backup lies elsewhere than in the region that is lost.
    fn is_abroad(&self, saved: &Saved, regions: &[(String, String)]) -> bool {
        let named = |text: &str| -> Vec<String> {
            let text = place::with_regions(&text.to_lowercase());
            let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
            words
                .filter(|word| place::is_region(word))
                .map(str::to_owned)
                .collect()
        };
        let lost: Vec<String> = regions.iter().flat_map(|(_, row)| named(row)).collect();
        let elsewhere = named(&saved.row)
            .into_iter()
            .any(|region| !lost.is_empty() && !lost.contains(&region));
        elsewhere || ABROAD.iter().any(|word| saved.row.contains(word))
    }
}

/// Whether a text has a word; `database` is not `data`.
fn says(text: &str, word: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    match word.is_ascii() && !word.contains(' ') {
        true => words.any(|own| own.trim_end_matches('s') == word),
        false => text.contains(word),
    }
}

fn is_of_files(said: &str) -> bool {
    let said = said.to_lowercase();
    FILES.iter().any(|word| said.contains(word))
}

/// The tier of an event that a backup is left for: the only one, the one whose row shares a word with what is backed up,
/// or the one that may lose least of databases.
fn told_by_name(saved: &Saved, tiers: &[(String, String)]) -> Option<String> {
    let own = words_of(&saved.name);
    let shares = |row: &str| {
        let words = words_of(row);
        own.iter()
            .any(|word| words.contains(word) && Span::parse(word).is_err())
    };
    let mut sharing = tiers.iter().filter(|(_, row)| shares(row));
    match (tiers, sharing.next(), sharing.next()) {
        ([(tier, _)], ..) | (_, Some((tier, _)), None) => Some(tier.clone()),
        _ => None,
    }
}
