//! More rules of a web firewall than its price includes.

use promise::say;

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A web firewall whose managed groups need together more capacity units than are included.
    /// ja: マネージドルールグループの容量の合計が、料金に含まれる量を超える WAF。
    /// # Why
    /// Beyond 1,500 units each request costs more; beyond 5,000 the firewall cannot be created.
    /// ja: 1,500 を超えると要求ごとの料金が上がり、5,000 を超えると作成できません。
    /// # Source
    /// The provider's pages, in the tables `waf_groups` and `limits`.
    /// ja: 提供者の資料(`waf_groups` と `limits` の表)。
    /// # Example
    /// a dozen managed groups in one firewall
    /// ja: a dozen managed groups in one firewall
    /// # Fix
    /// Leave out groups for what the service does not run, such as WordPress.
    /// ja: WordPress など、使っていないもののためのグループを外します。
    "waf-over-capacity": Advice, needs ["security"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, waf) in &sight.spec.design.security.waf {
        let Some((included, fact)) = sight.facts().limit::<u64>("aws_waf", "units_included") else {
            return;
        };
        let groups = waf.rules.iter().filter_map(|rule| {
            let group = design::managed_group(rule)?;
            sight.facts().one("waf_groups", &["aws_waf", group])
        });
        let units: u64 = groups
            .filter_map(|group| group.figure::<u64>("units"))
            .sum();
        if units <= included {
            continue;
        }
        found
            .note(
                sight.places.key(&["security", "waf", name, "rules"]),
                say!("these groups need {units} units, and the price includes {included}", "これらのグループの容量は合計 {units} で、料金に含まれるのは {included} までです"),
            )
            .source(fact.source());
    }
}
