//! Managed rule groups that do not exist.

use promise::say;

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A rule of an AWS web firewall that has the form of a managed group's name and is none.
    /// ja: マネージドルールグループの名前の形をしているが、実在しないルール。
    /// # Why
    /// The firewall cannot be created, and the attack that the group was for is not refused.
    /// ja: 作成できず、防ぐはずの攻撃も防げません。
    /// # Source
    /// The provider's list, in the table `waf_groups`.
    /// ja: 提供者の一覧(`waf_groups` の表)。
    /// # Example
    /// `AWSManagedRulesOWASPRuleSet`
    /// ja: `AWSManagedRulesOWASPRuleSet`
    /// # Fix
    /// Name a group that exists; `AWSManagedRulesCommonRuleSet` covers most of the OWASP Top 10.
    /// ja: 実在するグループを書きます。OWASP Top 10 の多くは `AWSManagedRulesCommonRuleSet` が対象です。
    "waf-group-unknown": Error, needs ["security"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, waf) in &sight.spec.design.security.waf {
        for (item, rule) in waf.rules.iter().enumerate() {
            let Some(bare) = design::managed_group(rule) else {
                continue;
            };
            let groups: Vec<_> = sight.facts().of("waf_groups", &["aws_waf"]).collect();
            let Some(fact) = groups
                .first()
                .filter(|_| !groups.iter().any(|fact| fact.get("group") == bare))
            else {
                continue;
            };
            let diagnostic = found.note(
                sight
                    .places
                    .at(&["security", "waf", name, "rules", &item.to_string()]),
                say!(
                    "there is no managed group `{bare}`",
                    "`{bare}` というマネージドルールグループはありません"
                ),
            );
            diagnostic.source(fact.source());
            let all = groups
                .iter()
                .map(|fact| fact.get("group").trim_start_matches("AWSManagedRules"))
                .collect::<Vec<_>>()
                .join(", ");
            diagnostic.hint(say!(
                "AWSManagedRules is followed by one of: {all}",
                "AWSManagedRules の後に続くのは次のいずれか: {all}"
            ));
        }
    }
}
