//! Refunds that are promised, and no time within which they are paid.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A checklist item, duty or answer of a hearing that speaks of refunds, where neither a figure of time nor a promise stands beside it and no promise has `refund` in its name.
    /// ja: 返金に触れる確認項目・義務・回答で、期限も約束も書かれておらず、名前に `refund` を含む約束もないもの。
    /// # Why
    /// A refund that nobody times is late without anybody noticing, and the customer disputes the charge.
    /// ja: 期限のない返金は遅れても誰も気づかず、チャージバックになります。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `text: refunds are handled` without a time
    /// ja: `text: refunds are handled` without a time
    /// # Fix
    /// Promise it: `kind: deadline`, from the request to the payment.
    /// ja: `kind: deadline` の約束として、受付から支払いまでの期限を定めます。
    "refund-without-clock": Advice, needs ["promises", "checklists", "compliance", "hearing"], check
}

/// What a refund is called.
const WORDS: [&str; 3] = ["refund", "返金", "払い戻し"];

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let speaks = |text: &str| {
        let text = text.to_lowercase();
        WORDS.iter().any(|word| text.contains(word))
    };
    if sight
        .spec
        .promises
        .iter()
        .any(|promise| speaks(&promise.id))
    {
        return;
    }
    let design = &sight.spec.design;
    let mut bare = Vec::new();
    for (name, list) in &design.checklists {
        let items = list
            .items
            .iter()
            .enumerate()
            .filter(|(_, it)| it.promise.is_none() && it.bound.is_none() && !it.done);
        bare.extend(items.map(|(item, it)| {
            (
                vec![
                    "checklists".to_owned(),
                    name.clone(),
                    "items".to_owned(),
                    item.to_string(),
                ],
                &it.text,
            )
        }));
    }
    let duties = design
        .compliance
        .duties
        .iter()
        .filter(|(_, it)| it.promises.is_empty());
    bare.extend(duties.map(|(name, it)| {
        (
            ["compliance", "duties", name, "text"]
                .map(str::to_owned)
                .to_vec(),
            &it.text,
        )
    }));
    for (path, text) in bare
        .into_iter()
        .filter(|(_, text)| speaks(text) && !has_time(text))
    {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        found
            .note(
                sight.places.at(&path),
                say!(
                    "a refund without a time: `{text}`",
                    "期限のない返金です: `{text}`"
                ),
            )
            .hint(say!(
                "add a promise with `kind: deadline`",
                "`kind: deadline` の約束を加えます"
            ));
    }
}

/// Whether a text names a time: a number before a unit of it.
fn has_time(text: &str) -> bool {
    const UNITS: [&str; 14] = [
        "s",
        "m",
        "h",
        "d",
        "second",
        "minute",
        "hour",
        "day",
        "business day",
        "秒",
        "分",
        "時間",
        "日",
        "営業日",
    ];
    let after = text.char_indices().filter(|(at, c)| {
        c.is_ascii_digit() && !text[at + 1..].starts_with(|c: char| c.is_ascii_digit())
    });
    let mut after = after.map(|(at, _)| text[at + 1..].trim_start().to_lowercase());
    after.any(|rest| {
        UNITS.iter().any(|unit| {
            rest.strip_prefix(unit).is_some_and(|rest| {
                !unit.is_ascii() || !rest.starts_with(|c: char| c.is_ascii_alphabetic() && c != 's')
            })
        })
    })
}
