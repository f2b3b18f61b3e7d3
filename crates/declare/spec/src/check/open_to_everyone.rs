//! Doors that nobody but us should see, open to everyone.

use promise::say;

use super::{Found, Sight, cidr::Cidr};

rule! {
    /// # Finds
    /// A security group that lets in from 0.0.0.0/0 on a port of administration or of a database, or that protects a database.
    /// ja: 0.0.0.0/0 から管理用やデータベースのポートを許す、またはデータベースを守るのに 0.0.0.0/0 を許すグループ。
    /// # Why
    /// Such doors are found within minutes and tried for ever.
    /// ja: 公開されたポートは数分で見つかり、攻撃され続けます。
    /// # Source
    /// The ports of SSH, RDP, SQL Server, Oracle, MySQL, PostgreSQL, Redis, Elasticsearch and MongoDB (IANA); PCI DSS 1.4.4.
    /// ja: SSH・RDP・主なデータベースのポート(IANA)。PCI DSS 1.4.4。
    /// # Example
    /// `{ from: 0.0.0.0/0, port: 5432 }`
    /// ja: `{ from: 0.0.0.0/0, port: 5432 }`
    /// # Fix
    /// Let in a security group or a private range.
    /// ja: 別のグループか内部の範囲だけを許します。
    "open-to-everyone": Error, needs ["infrastructure"], check
}

const PORTS: [&str; 10] = ["22", "3389", "1433", "1521", "3306", "5432", "6379", "9200", "27017", "11211"];

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let infrastructure = &sight.spec.design.infrastructure;
    for (name, group) in &infrastructure.security_groups {
        let protects = group.protects.iter().find(|part| infrastructure.databases.contains_key(*part) || infrastructure.caches.contains_key(*part));
        for (item, inbound) in group.inbound.iter().enumerate() {
            let is_everyone = inbound.from == "::/0" || Cidr::parse(&inbound.from).is_ok_and(Cidr::is_everything);
            let port = inbound.port.as_deref().unwrap_or("any");
            if !is_everyone || !(PORTS.contains(&port) || port == "any" || protects.is_some()) {
                continue;
            }
            let at = item.to_string();
            let diagnostic = found.note(sight.places.at(&["infrastructure", "security_groups", name, "inbound", &at, "from"]), say!("port {port} is open to everyone", "ポート {port} が誰にでも開いています"));
            if let Some(part) = protects {
                diagnostic.also(sight.places.key(&["infrastructure", "security_groups", name, "protects"]), say!("`{part}` is behind it", "この後ろに `{part}` があります"));
            }
        }
    }
}
