//! `ledger`: who outside witnesses that the ledger only grew, how often, and how long its entries are kept.

use std::{collections::BTreeMap, time::Duration};

use promise::{Promise, Say, document::parse_yaml, record, say, tagged, unit::Span};

pub use super::incident::id_of;

record! {
    /// The ledger: who outside witnesses that it only grew, and how long its entries are kept.
    /// ja: 台帳。追記だけであることを外部で見届ける証人と、記録の保存期間。
    pub struct Ledger: Default {
        /// Who is asked to witness it, by name. That each of them does in time is a promise of its own, `tegata_witness_<name>`.
        /// ja: 証人(名前ごと)。それぞれが期限内に見届けることは、組み込みの約束 `tegata_witness_<名前>` になります。
        witnesses: BTreeMap<String, Witness> = BTreeMap::new(),
        /// How long the bodies of entries are kept; for good by default. Hashes and proofs stay, and a legal hold of `*` or `tegata_ledger` keeps what it covers.
        /// ja: 記録の本文を保存する期間。省略時は消しません。ハッシュと証明は残り、`*` か `tegata_ledger` への証拠保全の範囲は消しません。
        keep: Option<Span>,
        /// How bad it is when a witness is missing; a key of `severities`. The mildest by default.
        /// ja: 証人の確認が途切れたときの重大度。`severities` の名前。省略時は最も軽いもの。
        severity: Option<String>,
    }
}

tagged! {
    /// Somebody or something outside that remembers what the ledger was.
    /// ja: 台帳の過去の姿を外部で覚えておくもの。
    pub enum Witness {
        "cosigner" => Cosigner,
        "git" => Git,
        "timestamp" => Authority,
    }
}

record! {
    /// A witness that speaks C2SP tlog-witness, best on a host that another operates: `tegata ledger cosign` is one.
    /// ja: C2SP tlog-witness の証人。別の管理者のホストに置きます(`tegata ledger cosign` で立てられます)。
    pub struct Cosigner {
        /// Where it answers: what stands before `/add-checkpoint`.
        /// ja: 証人の URL(`/add-checkpoint` の前まで)。
        url: String,
        /// Its key, as it told you (`name+id+key`).
        /// ja: 証人の鍵(`name+id+key` の形)。
        key: String,
        /// How often it is asked.
        /// ja: 依頼の間隔。
        every: Span = Span::secs(3_600),
        /// The longest time without it that is borne; three times `every` by default.
        /// ja: 途切れても許される最長の時間。省略時は `every` の 3 倍。
        within: Option<Span>,
    }
}

record! {
    /// A Git repository: each checkpoint becomes a commit, and is pushed where there is a remote.
    /// ja: Git リポジトリ。チェックポイントを都度コミットし、リモートがあれば push します。
    pub struct Git {
        /// Its folder, seen from the spec.
        /// ja: リポジトリのフォルダー(仕様から見たパス)。
        folder: String,
        /// How often.
        /// ja: 間隔。
        every: Span = Span::days(1),
        /// The longest time without it that is borne; three times `every` by default.
        /// ja: 途切れても許される最長の時間。省略時は `every` の 3 倍。
        within: Option<Span>,
    }
}

record! {
    /// A time-stamping authority (RFC 3161).
    /// ja: タイムスタンプ局(RFC 3161)。
    pub struct Authority {
        /// Where it answers.
        /// ja: 宛先。
        url: String,
        /// A PEM file with the certificate of its root, seen from the spec.
        /// ja: ルート証明書の PEM ファイル(仕様から見たパス)。
        ca_file: String,
        /// How often.
        /// ja: 間隔。
        every: Span = Span::days(1),
        /// The longest time without it that is borne; three times `every` by default.
        /// ja: 途切れても許される最長の時間。省略時は `every` の 3 倍。
        within: Option<Span>,
    }
}

/// A witness that did not answer once is asked again in time; one that missed three turns is missing.
const TURNS: u32 = 3;

impl Witness {
    fn spans(&self) -> (Span, Option<Span>) {
        match self {
            Self::Cosigner(it) => (it.every, it.within),
            Self::Git(it) => (it.every, it.within),
            Self::Authority(it) => (it.every, it.within),
        }
    }

    /// How often it is asked.
    #[must_use]
    pub fn every(&self) -> Duration {
        self.spans().0.0
    }

    /// The longest time without it that is borne.
    #[must_use]
    pub fn within(&self) -> Duration {
        let (every, within) = self.spans();
        within.map_or(every.0 * TURNS, |within| within.0)
    }

    /// What it is asked at, where that is a URL.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Cosigner(it) => Some(&it.url),
            Self::Git(_) => None,
            Self::Authority(it) => Some(&it.url),
        }
    }

    /// What people call such a one.
    #[must_use]
    pub fn say(&self) -> Say {
        match self {
            Self::Cosigner(_) => say!("cosigning witness", "連署する証人"),
            Self::Git(_) => say!("Git repository", "Git リポジトリ"),
            Self::Authority(_) => say!("time-stamping authority", "タイムスタンプ局"),
        }
    }
}

impl Ledger {
    /// The built-in promises that each witness sees the ledger in time.
    pub(super) fn promises(&self, mildest: Option<&String>) -> Vec<Promise> {
        let one = |(name, witness): (&String, &Witness)| {
            let (within, id) = (Span(witness.within()), id_of(name));
            let text = format!(
                "{{ kind: freshness, logs: \"stream:tegata_pages AND event:witnessed AND witness:{id}\", within: {within}, \
                 name: {{ en: \"{id}: the ledger is witnessed\", ja: \"{id}: 台帳が見届けられる\" }} }}"
            );
            let id = format!("tegata_witness_{id}");
            let mut promise = Promise::read(&id, &parse_yaml(&text).0?, &mut Vec::new())?;
            promise.terms.severity = self.severity.as_ref().or(mildest).cloned();
            Some(promise)
        };
        self.witnesses.iter().filter_map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use promise::Kind;

    use super::*;

    #[test]
    fn each_witness_is_a_promise_that_three_missed_turns_break() {
        let git = |every, within| {
            Witness::Git(Git {
                folder: "kept".to_owned(),
                every,
                within,
            })
        };
        let ledger = Ledger {
            witnesses: BTreeMap::from([
                ("A host".to_owned(), git(Span::secs(3_600), None)),
                ("b".to_owned(), git(Span::days(1), Some(Span::secs(90_000)))),
            ]),
            severity: None,
            keep: None,
        };
        let mild = "Sev3".to_owned();
        let promises = ledger.promises(Some(&mild));
        let within: Vec<u64> = promises
            .iter()
            .map(|it| {
                let Kind::Freshness(it) = &it.kind else {
                    panic!("another kind")
                };
                it.within.0.as_secs()
            })
            .collect();
        assert_eq!(within, [10_800, 90_000]);
        assert_eq!(promises[0].id, "tegata_witness_a_host");
        assert!(
            promises
                .iter()
                .all(|it| it.terms.severity.as_ref() == Some(&mild))
        );
    }
}
