//! Calls that the product ends before they may.

use promise::{say, unit::Span};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A `timeout` of a compute that is longer than its product lets one call run.
    /// ja: 製品が 1 回の呼び出しに許す時間より長い `timeout`。
    /// # Why
    /// The provider refuses the setting, or ends the call half done.
    /// ja: 設定が拒まれるか、処理が途中で打ち切られます。
    /// # Source
    /// The provider's page, in the table `limits`.
    /// ja: 提供者の資料(`limits` の表)。
    /// # Example
    /// `{ product: lambda, timeout: 30m }`
    /// ja: `{ product: lambda, timeout: 30m }`
    /// # Fix
    /// Cut the work into steps, or run it as a batch.
    /// ja: 処理を分割するか、バッチとして実行します。
    "timeout-beyond-product": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.infrastructure.compute {
        let (Some(timeout), Some(product)) = (it.timeout, &it.product) else { continue };
        let Some((most, fact)) = sight.facts().limit::<Span>(product, "timeout_max").filter(|(most, _)| timeout > *most) else { continue };
        found
            .note(sight.places.at(&["infrastructure", "compute", name, "timeout"]), say!("{timeout} is more than the {most} after which `{product}` ends a call", "{timeout} は `{product}` が呼び出しを打ち切る {most} を超えています"))
            .also(sight.places.at(&["infrastructure", "compute", name, "product"]), say!("ends it after {most}", "{most} で打ち切ります"))
            .hint(say!("write `timeout: {most}` or less; what runs longer is a batch, such as `aws_batch` or `cloud_run_job`", "`timeout: {most}` 以下にします。これより長い処理は `aws_batch` や `cloud_run_job` などのバッチにします"))
            .source(fact.source());
    }
}
