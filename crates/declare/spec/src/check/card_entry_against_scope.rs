//! Card numbers that the service takes itself, with the requirements left out.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// With the profile `pci`: `card_entry: direct`, and a requirement of 3 (stored account data) under `not_applicable`, or `saq: A` or `A-EP`.
    /// ja: `pci` の基準で、`card_entry: direct` なのに要件 3(保存データの保護)を `not_applicable` としているか、`saq` を `A` や `A-EP` としているもの。
    /// # Why
    /// A service through which card numbers pass has the whole standard to keep (SAQ D); only a page that redirects or embeds the provider's has less.
    /// ja: カード番号が通るサービスは全要件の対象(SAQ D)です。軽くなるのは、提供者の画面へ転送するか埋め込む場合だけです。
    /// # Source
    /// PCI SSC, Self-Assessment Questionnaire instructions: SAQ A is for merchants whose payment page comes wholly from the provider.
    /// ja: PCI SSC の自己問診票の説明: SAQ A は決済画面がすべて提供者から配信される加盟店が対象です。
    /// # Example
    /// `card_entry: direct` with `not_applicable: { "pci_dss:3.5.1": … }`
    /// ja: `card_entry: direct` with `not_applicable: { "pci_dss:3.5.1": … }`
    /// # Fix
    /// Redirect to the provider's page or embed it, or take the requirement in.
    /// ja: 提供者の画面に転送するか埋め込むか、要件を対象に戻します。
    "card-entry-against-scope": Error, for [Pci], needs ["security", "compliance"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let design = &sight.spec.design;
    if design.security.card_entry.as_deref() != Some("direct") {
        return;
    }
    if let Some(saq) = design.compliance.saq.as_deref().filter(|saq| ["A", "A-EP"].contains(saq)) {
        found
            .note(
                sight.places.at(&["compliance", "saq"]),
                say!("SAQ {saq} is for merchants whose servers card numbers do not reach; this is SAQ D", "SAQ {saq} はカード番号が自社のサーバを通らない加盟店向けです。SAQ D の対象です"),
            )
            .also(sight.places.at(&["security", "card_entry"]), say!("taken here", "ここで受け取っています"));
    }
    let left_out = design.compliance.not_applicable.keys().filter(|clause| {
        clause
            .strip_prefix("pci_dss:3")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    for clause in left_out {
        found
            .note(
                sight.places.key(&["compliance", "not_applicable", clause]),
                say!(
                    "`{clause}` applies: card numbers pass through the service",
                    "カード番号がサービスを通るため、`{clause}` は対象です"
                ),
            )
            .also(
                sight.places.at(&["security", "card_entry"]),
                say!("taken here", "ここで受け取っています"),
            );
    }
}
