//! Promises that could break without anybody hearing of it.

use promise::{Kind, Promise, say};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A promise without a severity or an owner, or that no route takes.
    /// ja: 重大度や責任者のない約束、またはどの経路にも当てはまらない約束。
    /// # Why
    /// When it breaks, nobody is told.
    /// ja: 破れても誰にも知らされません。
    /// # Source
    /// No number.
    /// ja: 数値はありません。
    /// # Example
    /// `severity: sev3` while the only route has `severities: [sev1]`
    /// ja: 経路が `severities: [sev1]` だけなのに `severity: sev3`
    /// # Fix
    /// Give it a severity, and a route that takes it; `receivers: { inbox: { kind: inbox } }` is enough.
    /// ja: 重大度と、それを受け取る経路を書きます。宛先は `receivers: { inbox: { kind: inbox } }` で足ります。
    "nobody-told": Warning, needs ["promises", "routes", "severities"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for promise in sight.spec.promises.iter().filter(|it| !matches!(it.kind, Kind::Declared(_))) {
        let id = promise.id.as_str();
        let path = ["promises", id];
        if promise.terms.owner.as_deref().is_none_or(|owner| owner.trim().is_empty()) {
            found.note(
                sight.places.key(&path),
                say!("`{id}` has no owner: nobody answers for it", "`{id}` に責任者がいません"),
            );
        }
        match &promise.terms.severity {
            None => {
                found
                    .note(
                        sight.places.key(&path),
                        say!(
                            "`{id}` has no severity: nobody would be told when it breaks",
                            "`{id}` に重大度がなく、破れても誰にも知らされません"
                        ),
                    )
                    .hint(say!("add `severity:` with a name from `severities`", "`severities` の名前を `severity:` に書きます"));
            }
            Some(severity) if !takes(sight, promise, severity) => {
                found
                    .note(
                        sight.places.at(&["promises", id, "severity"]),
                        say!(
                            "no route takes `{id}`: nobody would be told when it breaks",
                            "`{id}` を受け取る経路がなく、破れても誰にも知らされません"
                        ),
                    )
                    .hint(say!("add `{severity}` to a route", "いずれかの経路に `{severity}` を加えます"));
            }
            Some(_) => {}
        }
    }
}

fn takes(sight: &Sight<'_>, promise: &Promise, severity: &String) -> bool {
    sight.spec.routes.iter().any(|route| {
        (route.severities.is_empty() || route.severities.contains(severity))
            && (route.promises.is_empty() || route.promises.contains(&promise.id))
    })
}
