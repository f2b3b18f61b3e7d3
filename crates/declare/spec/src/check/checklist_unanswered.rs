//! Checklists whose items nothing can answer.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// Items of a recurring checklist that have neither a figure nor a promise; one finding for each list.
    /// ja: 数値も約束もない、繰り返すチェックリストの項目(リストごとに 1 件)。
    /// # Why
    /// What has no answer is ticked.
    /// ja: 答えの決まらない項目は、見ずに印が付けられます。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `- text: look at the database`
    /// ja: `- text: look at the database`
    /// # Fix
    /// Say what would be wrong, or name the promise that answers.
    /// ja: 何が異常かを数値で書くか、答えとなる約束を書きます。
    "checklist-unanswered": Advice, needs ["checklists"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, list) in sight.spec.design.checklists.iter().filter(|(_, it)| it.every.is_some()) {
        let bare = list.items.iter().filter(|it| it.bound.is_none() && it.promise.is_none() && !it.done);
        let texts: Vec<&str> = bare.map(|it| it.text.as_str()).collect();
        if !texts.is_empty() {
            let (count, of, all) = (texts.len(), list.items.len(), texts.join(" / "));
            found.note(sight.places.key(&["checklists", name, "items"]), say!("{count} of {of} items have no figure and no promise: {all}", "{of} 項目のうち {count} 項目に数値も約束もありません: {all}"));
        }
    }
}
