//! URLs that nothing can fetch.

use promise::say;

use super::{Found, Sight, lookup};
use crate::section::{
    receiver::{Receiver, Secret},
    source::Probe,
};

rule! {
    /// # Finds
    /// A URL that is not `http://` or `https://` with a host, or that holds a user name and password.
    /// ja: `http://` か `https://` とホストの形でない URL、または利用者名とパスワードを含む URL。
    /// # Why
    /// It could never be fetched; and credentials in a URL end up in logs and reports.
    /// ja: 決して取得できません。また URL の中の認証情報はログや報告書に残ります。
    /// # Source
    /// RFC 9110, sections 4.2.1, 4.2.2 and 4.2.4.
    /// ja: RFC 9110 の 4.2.1、4.2.2、4.2.4 節。
    /// # Example
    /// `url: shop.example/health`
    /// ja: `url: shop.example/health`
    /// # Fix
    /// Write the whole URL; give a token as `bearer: ${env:NAME}`.
    /// ja: URL 全体を書きます。トークンは `bearer: ${env:NAME}` で渡します。
    "not-a-url": Error, needs [], check, always
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let mut test = |path: &[&str], url: &str| {
        if lookup::is_url(url) {
            return;
        }
        // Not repeated: what is wrong with it may be that it holds a password.
        found
            .note(sight.places.at(path), say!("this is not an http or https URL", "http か https の URL ではありません"))
            .hint(say!("write it like `https://shop.example/health`", "`https://shop.example/health` のように書きます"));
    };
    for (job, scrape) in &sight.spec.sources.scrape {
        for (index, target) in scrape.targets.iter().enumerate().filter(|(_, target)| target.contains("://")) {
            test(&["sources", "scrape", job, "targets", &index.to_string()], target);
        }
    }
    for (name, probe) in &sight.spec.sources.probes {
        if let Probe::HttpProbe(probe) = probe {
            test(&["sources", "probes", name, "url"], &probe.url);
        }
    }
    if let Some(engine) = &sight.spec.metrics {
        test(&["metrics", "query"], &engine.query);
        if let Some(write) = &engine.write {
            test(&["metrics", "write"], write);
        }
    }
    if let Some(engine) = &sight.spec.logs {
        test(&["logs", "url"], &engine.url);
    }
    for (name, witness) in &sight.spec.ledger.witnesses {
        if let Some(url) = witness.url() {
            test(&["ledger", "witnesses", name, "url"], url);
        }
    }
    if let Some(url) = &sight.spec.console.url {
        test(&["console", "url"], url);
    }
    for (name, receiver) in &sight.spec.receivers {
        for (field, secret) in receiver.secrets() {
            if let (Secret::Loopback(url), false) = (secret, field.starts_with("headers.")) {
                test(&["receivers", name, &field], url);
            }
        }
        match receiver {
            Receiver::SlackBot(bot) => test(&["receivers", name, "api"], &bot.api),
            Receiver::PagerDuty(it) => test(&["receivers", name, "api"], &it.api),
            Receiver::Ntfy(ntfy) => test(&["receivers", name, "server"], &ntfy.server),
            _ => {}
        }
    }
}
