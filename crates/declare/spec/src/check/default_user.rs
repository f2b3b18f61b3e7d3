//! Accounts that every attacker tries first.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A database that the service uses as `root`, `admin`, `sa`, `postgres` or another name that it comes with.
    /// ja: `root`・`admin`・`sa`・`postgres` など、初めからある名前で接続するデータベース。
    /// # Why
    /// The name is known, and it may do everything.
    /// ja: 名前が知られているうえ、何でもできます。
    /// # Source
    /// PCI DSS 2.2.2: vendor defaults are changed or disabled.
    /// ja: PCI DSS 2.2.2: 製品の既定アカウントは変更または無効化します。
    /// # Example
    /// `user: postgres`
    /// ja: `user: postgres`
    /// # Fix
    /// Create a user of the service with the least rights that it needs.
    /// ja: 必要最小限の権限を持つ専用の利用者を作ります。
    "default-user": Warning, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.infrastructure.databases {
        let engine = it.engine.as_deref().unwrap_or_default();
        let known = OF_ENGINES.iter().find(|(word, _)| engine.contains(word));
        let known = known.map_or(OF_ANY, |(_, users)| *users);
        let Some(user) = it.user.as_deref().filter(|user| known.contains(user)) else { continue };
        found.note(sight.places.at(&["infrastructure", "databases", name, "user"]), say!("`{user}` is the account that the product comes with", "`{user}` は製品に初めからあるアカウントです"));
    }
}

const OF_ANY: &[&str] = &["root", "admin", "administrator", "sa", "postgres", "mysql", "oracle", "system", "elastic"];
/// What the engine itself, or the provider's console, calls the first account.
const OF_ENGINES: [(&str, &[&str]); 5] = [
    ("postgres", &["postgres"]),
    ("mysql", &["root", "admin", "mysql"]),
    ("mariadb", &["root", "admin", "mysql"]),
    ("sqlserver", &["sa", "admin"]),
    ("oracle", &["system", "sys", "oracle", "admin"]),
];
