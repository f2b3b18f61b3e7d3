//! Protocols that nobody answers any more.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A protocol of `security.protocols` in a version that was withdrawn.
    /// ja: 廃止された版の通信方式(`security.protocols`)。
    /// # Why
    /// The other side does not answer it, or it can be broken; what depends on it fails, and what it was to prove is not proven.
    /// ja: 相手が応答しないか、破られる恐れがあります。これに頼る処理は失敗し、証明も成り立ちません。
    /// # Source
    /// The table `protocols`.
    /// ja: `protocols` の表。
    /// # Example
    /// `protocols: [three_d_secure 1.0.2]`
    /// ja: `protocols: [three_d_secure 1.0.2]`
    /// # Fix
    /// Take it out, and say what happens where the newer version is not answered.
    /// ja: 取り除き、新しい版に応答がないときの扱いを決めます。
    "protocol-withdrawn": Error, needs ["security"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (at, said) in sight.spec.design.security.protocols.iter().enumerate() {
        let Some((protocol, version)) = said.split_once(' ') else { continue };
        let is_version = |known: &str| {
            let rest = version.strip_prefix(known);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let Some(fact) = sight.facts().of("protocols", &[protocol]).find(|fact| is_version(fact.get("version"))) else { continue };
        let since = fact.get("since");
        found
            .note(sight.places.at(&["security", "protocols", &at.to_string()]), say!("{said} was withdrawn on {since}", "{said} は {since} に廃止されました"))
            .source(fact.source());
    }
}
