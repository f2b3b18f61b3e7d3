//! Object stores that are copied or locked without keeping versions.

use promise::{
    document::{Edit, Fix, Safety},
    say,
};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A bucket with `replicated: true` or `locked_for` and `versioning: false`.
    /// ja: `versioning: false` なのに `replicated: true` または `locked_for` のあるバケット。
    /// # Why
    /// S3 copies and locks versions of objects: without them both are refused.
    /// ja: S3 の複製とロックは版に対して働くため、版がなければどちらも設定できません。
    /// # Source
    /// Amazon S3, replication and Object Lock: both need versioning.
    /// ja: Amazon S3 のレプリケーションとオブジェクトロックは、どちらもバージョニングが必要です。
    /// # Example
    /// `{ replicated: true, versioning: false }`
    /// ja: `{ replicated: true, versioning: false }`
    /// # Fix
    /// Switch versioning on.
    /// ja: バージョニングを有効にします。
    "copied-without-versions": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.infrastructure.buckets {
        let needs = [
            ("replicated", it.replicated == Some(true)),
            ("locked_for", it.locked_for.is_some()),
        ];
        let Some((field, _)) = needs
            .into_iter()
            .find(|(_, is)| *is && it.versioning == Some(false))
        else {
            continue;
        };
        let at = sight
            .places
            .at(&["infrastructure", "buckets", name, "versioning"]);
        found
            .note(
                at.clone(),
                say!(
                    "`{field}` needs versions, and `{name}` keeps none",
                    "`{field}` には版が必要ですが、`{name}` は版を残しません"
                ),
            )
            .also(
                sight.places.at(&["infrastructure", "buckets", name, field]),
                say!("needs them", "版が必要です"),
            )
            .fix(Fix {
                title: say!("write `versioning: true`", "`versioning: true` と書く"),
                safety: Safety::Unsafe,
                edits: vec![Edit {
                    span: at,
                    text: "true".to_owned(),
                }],
            });
    }
}
