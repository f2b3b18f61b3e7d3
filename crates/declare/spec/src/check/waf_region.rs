//! Web firewalls of CloudFront that are made where CloudFront does not look.

use promise::say;

use crate::diagnostic::Source;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A web firewall of scope `cloudfront` in another AWS region than us-east-1.
    /// ja: `cloudfront` 用なのに、us-east-1 以外の AWS リージョンに作る WAF。
    /// # Why
    /// It cannot be created there, and a regional one cannot be put before CloudFront.
    /// ja: そのリージョンには作成できず、リージョン用の WAF は CloudFront に付けられません。
    /// # Source
    /// AWS WAF developer guide, "Resources that you can protect": for CloudFront, the region is US East (N. Virginia).
    /// ja: AWS WAF 開発者ガイド「Resources that you can protect」: CloudFront では米国東部(バージニア北部)。
    /// # Example
    /// `{ scope: cloudfront, region: ap-northeast-1 }`
    /// ja: `{ scope: cloudfront, region: ap-northeast-1 }`
    /// # Fix
    /// Make it in us-east-1, whatever region the rest is in.
    /// ja: 他の資源のリージョンによらず、us-east-1 に作ります。
    "waf-region": Error, needs ["security"], check
}

const GUIDE: &str = "https://docs.aws.amazon.com/waf/latest/developerguide/how-aws-waf-works-resources.html";

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, waf) in &sight.spec.design.security.waf {
        let is_global = waf.scope.as_deref().is_some_and(|scope| scope.eq_ignore_ascii_case("cloudfront"));
        let Some(region) = waf.region.as_deref().filter(|_| is_global) else { continue };
        // `global` and what else is no region of AWS says nothing wrong: consoles call us-east-1 so.
        if region == "us-east-1" || sight.facts().one("regions", &["aws", region]).is_none() {
            continue;
        }
        let source = Source::of(say!("AWS WAF developer guide", "AWS WAF 開発者ガイド")).at(GUIDE).on("2026-11-23");
        found
            .note(sight.places.at(&["security", "waf", name, "region"]), say!("a web firewall of CloudFront is made in us-east-1, not in {region}", "CloudFront の WAF は {region} ではなく us-east-1 に作ります"))
            .also(sight.places.at(&["security", "waf", name, "scope"]), say!("for CloudFront", "CloudFront 用"))
            .hint(say!("write `region: us-east-1`", "`region: us-east-1` にします"))
            .source(source);
    }
}
