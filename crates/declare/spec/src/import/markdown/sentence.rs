//! A sentence that says what a part is: `RDS PostgreSQL 16.4、db.r6g.large、マルチ AZ。バックアップは 14 日保持`.

use promise::say;
use serde_json::{Value, json};

use super::{
    Reader, by_the_words,
    figures::{Kind, figures},
    place,
    stated::{KEPT, nearest},
};

/// Engines as documents write them, the longer name first, and what a spec calls them.
const ENGINES: [(&str, &str, &str); 13] = [
    ("aurora postgresql", "databases", "aurora-postgresql"),
    ("aurora mysql", "databases", "aurora-mysql"),
    ("postgresql", "databases", "postgres"),
    ("postgres", "databases", "postgres"),
    ("mysql", "databases", "mysql"),
    ("mariadb", "databases", "mariadb"),
    ("oracle", "databases", "oracle"),
    ("sql server", "databases", "sqlserver"),
    ("redis", "caches", "redis"),
    ("valkey", "caches", "valkey"),
    ("memcached", "caches", "memcached"),
    ("opensearch", "search", "opensearch"),
    ("elasticsearch", "search", "elasticsearch"),
];

/// The sections whose parts a sentence describes.
const DESCRIBED: [&str; 3] = ["databases", "caches", "search"];

/// Says what one piece of a sentence tells of a part: a field and its value.
type Told = Vec<(&'static str, Value)>;

impl Reader<'_> {
    /// Reads the pieces that say what a part is; returns what is left of the text, or `None` where nothing was read.
    pub(super) fn part_sentence(&mut self, text: &str, line: usize) -> Option<String> {
        let (section, id, product) = self.spoken_of(text)?;
        let mut left = Vec::new();
        let mut is_read = false;
        for piece in text
            .split(['、', '。', '，', '；', ';', '（', '）'])
            .flat_map(|it| it.split(", "))
        {
            let told = told(section, piece);
            if told.is_empty() {
                left.push(piece.trim());
                continue;
            }
            is_read = true;
            for (field, value) in told {
                // Aurora speaks an engine of its own.
                let value = match value.as_str() {
                    Some(engine @ ("postgres" | "mysql"))
                        if field == "engine" && product == Some("aurora") =>
                    {
                        json!(format!(
                            "aurora-{}",
                            if engine == "postgres" {
                                "postgresql"
                            } else {
                                engine
                            }
                        ))
                    }
                    // `RDS t4g.medium`: people leave out what its kinds begin with.
                    Some(class) if field == "instance" && class.split('.').count() == 2 => {
                        match product {
                            Some("rds" | "aurora") => json!(format!("db.{class}")),
                            Some("elasticache") => json!(format!("cache.{class}")),
                            _ => value,
                        }
                    }
                    _ => value,
                };
                let path = ["infrastructure", section, id.as_str(), field];
                if !self.draft.has(&path) {
                    self.draft.guess(&path, value, line, by_the_words());
                }
            }
        }
        if !is_read {
            return None;
        }
        self.subject = Some((section, id.clone()));
        let path = ["infrastructure", section, id.as_str(), "product"];
        if let Some(product) = product.filter(|_| !self.draft.has(&path)) {
            self.draft.guess(
                &path,
                product,
                line,
                say!("the text names it", "文中に名前がある"),
            );
        }
        left.retain(|piece| !piece.is_empty());
        Some(left.join("、"))
    }

    /// The part of which a sentence speaks: what its heading is about, or what it names itself.
    fn spoken_of(&mut self, text: &str) -> Option<(&'static str, String, Option<&'static str>)> {
        let lower = text.to_lowercase();
        let engine = ENGINES.iter().find(|(word, ..)| lower.contains(word));
        let product = place::product_in(text).filter(|(section, _)| DESCRIBED.contains(section));
        let section = product
            .map(|(section, _)| section)
            .or(engine.map(|(_, section, _)| *section));
        let above = self.subject.clone().or_else(|| self.part.clone());
        let own = above.filter(|(of, _)| {
            DESCRIBED.contains(of) && section.is_none_or(|section| section == *of)
        });
        let product = product
            .map(|(_, product)| product)
            .filter(|product| *product != "redis");
        if let Some((section, id)) = own {
            return Some((section, id, product));
        }
        // Elsewhere a name alone is a mention; only what comes with its version or machine describes a part.
        let section = section?;
        describes(section, text).then(|| {
            let known = self.draft.only_in(&["infrastructure", section]);
            let id = known.unwrap_or_else(|| self.draft.id(section, product.unwrap_or("main")));
            (section, id, product)
        })
    }
}

/// Whether a sentence says what a part is: its version or machine. What else it says is of that part.
pub(super) fn describes(section: &'static str, text: &str) -> bool {
    let mut told = told(section, text).into_iter();
    told.any(|(field, _)| ["version", "instance"].contains(&field))
}

/// The section of the engine that a text names.
pub(super) fn engine_in(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase().replace('-', " ");
    let engine = ENGINES.iter().find(|(word, ..)| lower.contains(word));
    engine.map(|(_, section, _)| *section)
}

/// Whether a text is about a store as a whole: it begins with its engine or product, and is not `Java 21, PostgreSQL`.
pub(super) fn stores(text: &str) -> bool {
    let first = text.split([',', '、', '(', '（', '/', '+']).next();
    first.is_some_and(|first| {
        engine_in(first).is_some()
            || place::product_in(first).is_some_and(|(section, _)| DESCRIBED.contains(&section))
    })
}

pub(super) fn told(section: &'static str, piece: &str) -> Told {
    let mut told = Told::new();
    let lower = piece.to_lowercase().replace("aurora-", "aurora ");
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let is_denied = says(&[
        "なし",
        "無効",
        "しない",
        "シングル",
        "disabled",
        "not ",
        "no ",
        "single",
    ]);
    if let Some((word, of, engine)) = ENGINES.iter().find(|(word, ..)| lower.contains(word))
        && *of == section
    {
        told.push(("engine", json!(engine)));
        let rest = lower
            .split_once(word)
            .map_or("", |(_, rest)| rest)
            .trim_start_matches([' ', '_', 'v', '(', '（']);
        let version: String = rest
            .chars()
            .take_while(|c| c.is_ascii_digit() || *c == '.')
            .collect();
        let version = version.trim_end_matches('.');
        let is_unit = rest[version.len()..]
            .trim_start()
            .starts_with(['台', 'g', 't', '個']);
        // `PostgreSQL 12+` and `PostgreSQL < 12` name no version that runs.
        let is_open = rest[version.len()..].starts_with('+');
        if !version.is_empty() && !is_unit && !is_open {
            told.push(("version", json!(version)));
        }
    }
    if let Some(instance) = piece
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-'))
        .find(|word| is_instance(word))
    {
        told.push(("instance", json!(instance)));
    }
    if section == "caches" {
        let nodes = figures(piece).into_iter().find(|it| {
            let after = piece[it.end..].trim_start().to_lowercase();
            it.kind == Kind::Count && (after.starts_with("ノード") || after.starts_with("node"))
        });
        let nodes = nodes.and_then(|it| it.text.parse::<u64>().ok());
        told.extend(nodes.map(|nodes| ("nodes", json!(nodes))));
        if says(&[
            "no replica",
            "without replica",
            "without a replica",
            "レプリカなし",
            "レプリカ無し",
            "レプリカは置かない",
        ]) {
            told.push(("replicas", json!(0)));
        }
        if says(&[
            "one node",
            "single node",
            "single-node",
            "1ノード構成",
            "シングルノード",
        ]) && nodes.is_none()
        {
            told.push(("nodes", json!(1)));
        }
    }
    if section != "search"
        && says(&[
            "マルチ az",
            "マルチaz",
            "multi-az",
            "multi az",
            "シングル az",
            "シングルaz",
            "single-az",
        ])
    {
        told.push(("multi_az", json!(!is_denied)));
    }
    if section == "databases"
        && says(&["バックアップ", "backup", "スナップショット", "snapshot"])
        && says(&KEPT)
    {
        let kept = nearest(piece, &KEPT, Kind::Time);
        told.extend(kept.map(|(_, value)| ("backup_retention", value)));
    }
    if section == "databases"
        && says(&["暗号化", "encrypt"])
        && !says(&["tls", "ssl", "通信", "transit"])
    {
        told.push(("encrypted", json!(!is_denied)));
    }
    if section == "databases" && says(&["ストレージ", "ディスク", "storage", "disk"]) {
        let size = figures(piece).into_iter().find(|it| it.kind == Kind::Size);
        told.extend(size.map(|it| ("storage", json!(it.text))));
    }
    told
}

/// `db.r6g.large`, `cache.t3.micro`, `r6g.large.search`.
fn is_instance(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    let is_family = |part: &&str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.contains(|c: char| c.is_ascii_digit())
            && part.len() < 8
    };
    const SIZES: [&str; 7] = [
        "nano", "micro", "small", "medium", "large", "xlarge", "metal",
    ];
    let is_size = |part: &&str| SIZES.iter().any(|size| part.ends_with(size));
    match parts.as_slice() {
        ["db" | "cache", family, size]
        | [family, size, "search" | "elasticsearch"]
        | [family, size] => is_family(family) && is_size(size),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_say_what_a_database_is() {
        let field = |piece: &str, field: &str| {
            told("databases", piece)
                .into_iter()
                .find(|(known, _)| *known == field)
                .map(|(_, value)| value)
        };
        for (piece, name, value) in [
            ("RDS PostgreSQL 16.4", "version", json!("16.4")),
            ("Aurora MySQL 3.05", "engine", json!("aurora-mysql")),
            ("db.r6g.2xlarge を使う", "instance", json!("db.r6g.2xlarge")),
            ("マルチ AZ 構成", "multi_az", json!(true)),
            ("シングル AZ", "multi_az", json!(false)),
            (
                "自動バックアップは 14 日間保持する",
                "backup_retention",
                json!("14d"),
            ),
            (
                "backups are retained for 7 days",
                "backup_retention",
                json!("7d"),
            ),
            ("ストレージは 200 GB", "storage", json!("200 GB")),
            ("保存データは暗号化しない", "encrypted", json!(false)),
        ] {
            assert_eq!(field(piece, name), Some(value), "{piece}");
        }
        assert_eq!(field("PostgreSQL 2 台", "version"), None);
        assert_eq!(told("databases", "p99 は 3 秒"), Vec::new());
    }
}
