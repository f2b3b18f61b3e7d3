//! Promises of providers that they do not make.

use promise::{say, unit::Percent};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// An availability under `slas` or `dependencies` that is higher than what the provider promises of that product in any configuration, or of that edition.
    /// ja: `slas` や `dependencies` の可用性のうち、提供者がその製品(エディション)についてどの構成でも約束していない高い値。
    /// # Why
    /// The sum of a design rests on it, and nobody pays when it is not kept.
    /// ja: 設計の計算がこの値に頼り、守られなくても補償されません。
    /// # Source
    /// The provider's page, in the table `sla`.
    /// ja: 提供者のページ(`sla` の表)。
    /// # Example
    /// `slas: { cdn: { product: cloudfront, availability: 99.99 % } }`
    /// ja: `slas: { cdn: { product: cloudfront, availability: 99.99 % } }`
    /// # Fix
    /// Write the provider's figure, and reckon with it.
    /// ja: 提供者の値に改め、計算し直します。
    "sla-overstated": Error, needs [], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let design = &sight.spec.design;
    let counted = design.infrastructure.slas.iter().map(|(name, it)| {
        (vec!["infrastructure", "slas", name.as_str(), "availability"], it.product.as_deref(), it.edition.as_deref(), it.availability)
    });
    let promised = design.dependencies.iter().map(|(name, it)| {
        (vec!["dependencies", name.as_str(), "availability"], it.product.as_deref(), None, it.availability)
    });
    for (path, product, edition, said) in counted.chain(promised) {
        let (Some(product), Some(said)) = (product, said) else { continue };
        let own = edition.map(|edition| format!("{product}_{edition}"));
        let own = own.and_then(|own| sight.facts().one("sla", &[&own]));
        let Some(fact) = own.or_else(|| sight.facts().one("sla", &[product])) else { continue };
        let Some(most) = fact.figure::<Percent>("most").filter(|most| said > *most) else { continue };
        found
            .note(sight.places.at(&path), say!("{said} is reckoned with, and the provider promises {most} of `{product}`", "{said} を前提としていますが、提供者が `{product}` について約束するのは {most} です"))
            .hint(say!("write {most}", "{most} にします"))
            .source(fact.source());
    }
}
