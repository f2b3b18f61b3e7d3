//! Certificates that a content network cannot use.

use promise::say;

use crate::diagnostic::Source;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A certificate with `used_by: [cloudfront]` whose `region` is another than `us-east-1`.
    /// ja: `used_by: [cloudfront]` で `region` が `us-east-1` 以外の証明書。
    /// # Why
    /// CloudFront offers none of another region: the distribution cannot be made.
    /// ja: 他のリージョンの証明書は CloudFront で選べず、ディストリビューションを作れません。
    /// # Source
    /// AWS, "Requirements for using SSL/TLS certificates with CloudFront": one of AWS Certificate Manager must be in US East (N. Virginia).
    /// ja: AWS「Requirements for using SSL/TLS certificates with CloudFront」。ACM の証明書は米国東部(バージニア北部)に必要です。
    /// # Example
    /// `{ used_by: [cloudfront], region: ap-northeast-1 }`
    /// ja: `{ used_by: [cloudfront], region: ap-northeast-1 }`
    /// # Fix
    /// Ask for a second certificate in `us-east-1`.
    /// ja: `us-east-1` にもう 1 枚発行します。
    "certificate-of-other-region": Error, needs ["security"], check
}

/// The only region whose certificates CloudFront takes.
const REGION: &str = "us-east-1";
const PAGE: &str = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html";

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.security.certificates {
        let at = |field| sight.places.at(&["security", "certificates", name, field]);
        let Some(region) = it.region.as_deref().filter(|region| *region != REGION) else { continue };
        if it.used_by.iter().any(|user| user == "cloudfront") {
            found
                .note(at("region"), say!("CloudFront takes certificates of `{REGION}` only, and this one is in `{region}`", "CloudFront が使えるのは `{REGION}` の証明書だけですが、これは `{region}` にあります"))
                .also(at("used_by"), say!("what uses it", "利用する製品"))
                .source(Source::of(say!("AWS, CloudFront Developer Guide", "AWS、CloudFront 開発者ガイド")).at(PAGE).on("2026-11-24"));
        }
    }
}
