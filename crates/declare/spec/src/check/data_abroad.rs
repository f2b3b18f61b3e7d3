//! Data in countries where it must not be.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A region, that of a database or bucket, one that a backup is copied to, or a dependency with `countries`, outside the countries of `compliance.data_in`; `EU` stands for its member states.
    /// ja: `compliance.data_in` にない国のリージョン(データベース・バケットのものを含む)、バックアップの複製先のリージョン、または `countries` がその外にある依存先。`EU` は全加盟国を表す。
    /// # Why
    /// Where data rests decides whose law opens it.
    /// ja: データの所在で、どの国の法律が及ぶかが決まります。
    /// # Source
    /// A region's country from the table `regions`, or what the spec says.
    /// ja: リージョンの国は `regions` の表、または仕様の値。
    /// # Example
    /// `data_in: [JP]` with `us-west-2` as the standby
    /// ja: `data_in: [JP]` with `us-west-2` as the standby
    /// # Fix
    /// Choose a region in the country, or leave what is protected out of the copy.
    /// ja: 国内のリージョンを選ぶか、保護すべきデータを複製から外します。
    "data-abroad": Error, needs ["compliance", "infrastructure", "dependencies"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let allowed = &sight.spec.design.compliance.data_in;
    if allowed.is_empty() {
        return;
    }
    let infrastructure = &sight.spec.design.infrastructure;
    let provider = infrastructure.provider.as_deref().unwrap_or_default();
    let all = allowed.join(", ");
    let is_abroad = |country: &&str| !country.is_empty() && !allowed.iter().any(|it| it == country || it == UNION && MEMBERS.contains(country));
    let region_named = |name: &str| match provider {
        "" => sight.facts().of("regions", &[]).find(|fact| fact.get("region") == name),
        _ => sight.facts().one("regions", &[provider, name]),
    };
    for (name, region) in &infrastructure.regions {
        let fact = region_named(name);
        let Some(country) = region.country.as_deref().or(fact.map(|fact| fact.get("country"))).filter(is_abroad) else { continue };
        let diagnostic = found.note(sight.places.key(&["infrastructure", "regions", name]), say!("`{name}` lies in {country}, and data may rest in {all} only", "`{name}` は {country} にありますが、データを置けるのは {all} だけです"));
        diagnostic.also(sight.places.key(&["compliance", "data_in"]), say!("allowed", "許される国"));
        if let Some(fact) = fact.filter(|_| region.country.is_none()) {
            diagnostic.source(fact.source());
        }
    }
    // A store in a region that the design names for itself is told of there.
    let databases = infrastructure.databases.iter().map(|(name, it)| ("databases", name, &it.region));
    let buckets = infrastructure.buckets.iter().map(|(name, it)| ("buckets", name, &it.region));
    for (section, name, region) in databases.chain(buckets) {
        let Some(region) = region.as_ref().filter(|region| !infrastructure.regions.contains_key(*region)) else { continue };
        let Some((country, fact)) = region_named(region).map(|fact| (fact.get("country"), fact)).filter(|(country, _)| is_abroad(country)) else { continue };
        found
            .note(sight.places.at(&["infrastructure", section, name, "region"]), say!("`{name}` rests in {region}, which lies in {country}, and data may rest in {all} only", "`{name}` の {region} は {country} にありますが、データを置けるのは {all} だけです"))
            .also(sight.places.key(&["compliance", "data_in"]), say!("allowed", "許される国"))
            .source(fact.source());
    }
    for (name, backup) in &sight.spec.design.continuity.backups {
        for (at, region) in backup.copied_to.iter().enumerate() {
            let Some(fact) = sight.facts().of("regions", &[]).find(|fact| fact.get("region") == region) else { continue };
            let country = fact.get("country");
            if !is_abroad(&country) {
                continue;
            }
            found
                .note(sight.places.at(&["continuity", "backups", name, "copied_to", &at.to_string()]), say!("`{region}` lies in {country}, and data may rest in {all} only", "`{region}` は {country} にありますが、データを置けるのは {all} だけです"))
                .also(sight.places.key(&["compliance", "data_in"]), say!("allowed", "許される国"))
                .source(fact.source());
        }
    }
    for (name, it) in &sight.spec.design.dependencies {
        let Some(country) = it.countries.iter().find(|country| is_abroad(&country.as_str())) else { continue };
        found
            .note(sight.places.key(&["dependencies", name, "countries"]), say!("`{name}` keeps data in {country}, and it may rest in {all} only", "`{name}` は {country} にデータを置きますが、許されるのは {all} だけです"))
            .also(sight.places.key(&["compliance", "data_in"]), say!("allowed", "許される国"));
    }
}

/// What stands for all states of the European Union together.
const UNION: &str = "EU";
/// Its member states, by ISO 3166 (Treaty on European Union, article 52).
const MEMBERS: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];
