//! Alert policies and their conditions, as burn alerts.

use promise::{document::Node, record::Scalar, say, unit::Span};

use super::{
    Note,
    import::Known,
    objects::{Object, items, text},
};

/// A burn alert as it is written in a spec.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Alert {
    pub rate: String,
    pub over: Span,
    pub severity: String,
}

/// The burn alerts of an objective.
pub(super) fn alerts(slo: &Object, known: &Known, notes: &mut Vec<Note>) -> Vec<Alert> {
    let mut found = Vec::new();
    for item in items(slo.at(&["spec", "alertPolicies"])) {
        let policy = match item
            .get("alertPolicyRef")
            .and_then(text)
            .or_else(|| text(item))
        {
            Some(name) => known.get("AlertPolicy", name).cloned(),
            None => Some(slo.inline("AlertPolicy", item)),
        };
        let Some(policy) = policy else {
            notes.push(slo.note(
                item,
                say!(
                    "there is no such alert policy",
                    "このアラートポリシーは見つかりません"
                ),
            ));
            continue;
        };
        found.extend(condition(&policy, known, notes));
        about_policy(&policy, notes);
    }
    found
}

fn condition(policy: &Object, known: &Known, notes: &mut Vec<Note>) -> Option<Alert> {
    let item = items(policy.at(&["spec", "conditions"])).first()?;
    let condition = match item.get("conditionRef").and_then(text) {
        Some(name) => known.get("AlertCondition", name).cloned(),
        None => Some(policy.inline("AlertCondition", item)),
    };
    let Some(condition) = condition else {
        notes.push(policy.note(
            item,
            say!("there is no such condition", "この条件は見つかりません"),
        ));
        return None;
    };
    let part = |name| condition.at(&["spec", "condition", name]);
    let kind = part("kind").and_then(text).unwrap_or("burnrate");
    let rate = part("threshold")
        .and_then(text)
        .filter(|text| text.parse::<f64>().is_ok_and(|rate| rate > 0.0));
    let over = part("lookbackWindow")
        .and_then(text)
        .and_then(|text| Span::parse(text).ok());
    let (Some(rate), Some(over), "burnrate") = (rate, over, kind) else {
        let what = say!(
            "a condition is carried over when it is a burn rate over a look-back",
            "取り込めるのは、ある期間のバーンレートの条件だけです"
        );
        notes.push(condition.note(&condition.node, what));
        return None;
    };
    if let Some(op) = part("op").filter(|op| !matches!(text(op), Some("gt" | "gte"))) {
        let what = say!(
            "a burn alert is told above its rate; `op` is read as `gt`",
            "バーンレートのアラートは上回ったときに知らせます。`op` は `gt` と読みます"
        );
        notes.push(condition.note(op, what));
    }
    if let Some(after) = part("alertAfter") {
        let what = say!(
            "`alertAfter` is not carried over: a short look-back, a twelfth of the long one, confirms the burn instead",
            "`alertAfter` は引き継ぎません。代わりに、長い期間の 12 分の 1 の短い期間で確かめます"
        );
        notes.push(condition.note(after, what));
    }
    Some(Alert {
        rate: rate.to_owned(),
        over,
        severity: condition
            .text_at(&["spec", "severity"])
            .unwrap_or("page")
            .to_ascii_lowercase(),
    })
}

fn about_policy(policy: &Object, notes: &mut Vec<Note>) {
    let is = |name: &str, value: &str| {
        policy
            .at(&["spec", name])
            .filter(|node| text(node) == Some(value))
    };
    let mut tell =
        |node: Option<&Node>, what| notes.extend(node.map(|node| policy.note(node, what)));
    tell(
        is("alertWhenBreaching", "false"),
        say!("a burn is always told", "減りが速いときは必ず知らせます"),
    );
    tell(
        is("alertWhenResolved", "false"),
        say!(
            "whoever was told hears of the end too",
            "知らせた相手には解消も知らせます"
        ),
    );
    tell(
        is("alertWhenNoData", "false"),
        say!(
            "missing data is its own state here, *unproven*, and is never silent",
            "データの欠落は「証拠なし」という状態になり、黙殺されません"
        ),
    );
    tell(
        policy.at(&["spec", "notificationTargets"]),
        say!(
            "targets are declared in `receivers` and `routes`, by severity",
            "通知先は `receivers` と `routes` に重大度ごとに書きます"
        ),
    );
}
