//! Jobs that ask nobody.

use promise::say;

use super::{Found, Sight};
use crate::section::discovery::DnsType;

rule! {
    /// # Finds
    /// A scrape job without any target and without any way to find some, or one that looks for them by DNS records
    /// that say no port while it names none.
    /// ja: 対象も、対象を見つける方法もないジョブ。または、ポートを含まない DNS レコードを使うのに `port` がないジョブ。
    /// # Why
    /// Nothing would ever be asked, and promises over its metrics would stay unproven.
    /// ja: どこにも問い合わせず、そのメトリクスの約束は証拠なしのままになります。
    /// # Source
    /// No number; Prometheus refuses DNS discovery without a port too.
    /// ja: 数値はありません。DNS の場合は Prometheus も拒みます。
    /// # Example
    /// `scrape: { app: { interval: 15s } }`
    /// ja: `scrape: { app: { interval: 15s } }`
    /// # Fix
    /// Write `targets`, `groups`, `files`, `dns` or `kubernetes`.
    /// ja: `targets`・`groups`・`files`・`dns`・`kubernetes` のいずれかを書きます。
    "no-targets": Error, needs [], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (job, scrape) in &sight.spec.sources.scrape {
        let path = ["sources", "scrape", job];
        let is_empty = scrape.targets.is_empty()
            && scrape.groups.iter().all(|group| group.targets.is_empty())
            && scrape.files.is_empty()
            && scrape.dns.is_empty()
            && scrape.kubernetes.is_empty();
        if is_empty {
            found.note(
                sight.places.at(&path),
                say!("this job has no targets", "このジョブには対象がありません"),
            );
        }
        for (index, dns) in scrape.dns.iter().enumerate() {
            if dns.r#type != DnsType::Srv && dns.port.is_none() {
                let (index, kind) = (index.to_string(), dns.r#type);
                found.note(
                    sight.places.at(&["sources", "scrape", job, "dns", &index]),
                    say!(
                        "{kind} records say no port: write `port`",
                        "{kind} レコードにポートはありません。`port` を書いてください"
                    ),
                );
            }
        }
    }
}
