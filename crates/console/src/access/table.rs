//! What each role may do, and which addresses do it: the only place where either is said.
//!
//! Reading is for whoever may see; every other method of every route stands here by name, and a test holds this table
//! against the routes, so that an address that is added is refused until somebody has thought about it.

use axum::http::Method;
use spec::section::access::Role;

use crate::api;

/// A kind of thing that people do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// What everybody may: to log in, to follow a signed link, to ask whether the process lives.
    Open,
    /// Handing in evidence: samples, log records, spans, alerts.
    Send,
    /// Looking, with personal fields masked.
    See,
    /// Answering for what happens now: incidents, silences, checklists.
    Work,
    /// What takes something away for good, or lets it be taken: deleting, erasing, releasing a hold.
    Approve,
    /// Personal fields in clear, and copies of records.
    Reveal,
}

impl Act {
    /// | | viewer | operator | approver | auditor | sender |
    /// |---|---|---|---|---|---|
    /// | send | | ✓ | | | ✓ |
    /// | see | ✓ | ✓ | ✓ | ✓ | |
    /// | work | | ✓ | ✓ | | |
    /// | approve | | | ✓ | | |
    /// | reveal | | | ✓ | ✓ | |
    ///
    /// Whoever operates needs no customer's address to mend a service, so an operator reveals nothing; an auditor must see
    /// and may change nothing; an approver decides what an operator may not do alone.
    pub(super) fn is_for(self, role: Role) -> bool {
        use Role::{Approver, Auditor, Operator, Sender, Viewer};
        match self {
            Self::Open => true,
            Self::Send => matches!(role, Operator | Sender),
            Self::See => matches!(role, Viewer | Operator | Approver | Auditor),
            Self::Work => matches!(role, Operator | Approver),
            Self::Approve => matches!(role, Approver),
            Self::Reveal => matches!(role, Approver | Auditor),
        }
    }
}

/// Types of events, as the ledger names them (PCI DSS 10.2.2).
pub mod names {
    pub const LOG_IN: &str = "log_in";
    pub const LOG_OUT: &str = "log_out";
    /// Somebody may not do what they asked for, and it has no name of its own.
    pub const DENIED: &str = "denied";
    pub const ACKNOWLEDGE: &str = "acknowledge";
    pub const WORK: &str = "work";
    pub const CHECKLIST: &str = "checklist";
    pub const SILENCE: &str = "silence";
    pub const UNMASK: &str = "unmask";
    pub const DELETE: &str = "delete";
    pub const EXPORT: &str = "export";
    pub const SEAL: &str = "seal";
    pub const HOLD: &str = "hold";
    pub const RELEASE: &str = "release";
    pub const ERASE: &str = "erase";
    pub const PRUNE: &str = "prune";
    pub const DRILL: &str = "drill";
    pub const RELOAD: &str = "reload";
    pub const READ_LEDGER: &str = "read_ledger";
    pub const DEMO: &str = "demo";

    /// All of them.
    pub const ALL: [&str; 19] = [
        LOG_IN,
        LOG_OUT,
        DENIED,
        ACKNOWLEDGE,
        WORK,
        CHECKLIST,
        SILENCE,
        UNMASK,
        DELETE,
        EXPORT,
        SEAL,
        HOLD,
        RELEASE,
        ERASE,
        PRUNE,
        DRILL,
        RELOAD,
        READ_LEDGER,
        DEMO,
    ];
}

/// That a deed is kept, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kept {
    pub event: &'static str,
    /// Once for each person and place in a while, and not each time.
    pub now_and_then: bool,
}

/// What a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rule {
    pub act: Act,
    pub deed: Option<Kept>,
}

const fn quiet(act: Act) -> Rule {
    Rule { act, deed: None }
}

const fn kept(act: Act, event: &'static str) -> Rule {
    let now_and_then = false;
    Rule {
        act,
        deed: Some(Kept {
            event,
            now_and_then,
        }),
    }
}

const SEE: Rule = quiet(Act::See);
const SEND: Rule = quiet(Act::Send);
const READ_LEDGER: Rule = Rule {
    act: Act::See,
    deed: Some(Kept {
        event: names::READ_LEDGER,
        now_and_then: true,
    }),
};

/// What a route's method takes. An address that no route knows is refused for whoever may not see.
pub(super) fn rule(method: &Method, pattern: Option<&str>, path: &str) -> Rule {
    let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let Some(pattern) = pattern else {
        return if api::elastic::is_meant(path) {
            elastic(method, path)
        } else {
            SEE
        };
    };
    if pattern.starts_with("/elastic") {
        return elastic(method, path.trim_start_matches("/elastic"));
    }
    if let Some(rule) = open(pattern, reads) {
        return rule;
    }
    if reads {
        return if pattern.contains("/ledger") {
            READ_LEDGER
        } else {
            SEE
        };
    }
    // Refused to everybody but the local operator, until it is named.
    changing(pattern, path).unwrap_or(kept(Act::Approve, names::DENIED))
}

fn open(pattern: &str, reads: bool) -> Option<Rule> {
    Some(match pattern {
        "/login" | "/assets/{file}" | "/healthz" | "/readyz" | "/-/healthy" | "/-/ready"
        // Signed by their sender, each in its own way.
        | "/ingest/webhooks/{name}" => quiet(Act::Open),
        "/logout" => kept(Act::Open, names::LOG_OUT),
        "/acknowledge/{token}" if !reads => kept(Act::Open, names::ACKNOWLEDGE),
        "/acknowledge/{token}" => quiet(Act::Open),
        _ => return None,
    })
}

/// What routes do that do more than read.
fn changing(pattern: &str, path: &str) -> Option<Rule> {
    use Act::{Approve, Reveal, Work};
    Some(match pattern {
        "/logs/unmasked" => kept(Reveal, names::UNMASK),
        "/api/v1/logs/export" => kept(Reveal, names::EXPORT),
        "/logs/delete"
        | "/api/v1/logs/delete"
        | "/api/v1/admin/tsdb/delete_series"
        | "/api/v1/admin/tsdb/clean_tombstones" => kept(Approve, names::DELETE),
        "/logs/holds/{name}/release" | "/api/v1/logs/holds/{name}/release" => {
            kept(Approve, names::RELEASE)
        }
        "/ledger/erase" | "/api/v1/ledger/erase" => kept(Approve, names::ERASE),
        "/ledger/prune" | "/api/v1/ledger/prune" => kept(Approve, names::PRUNE),
        "/api/v1/drills" => kept(Work, names::DRILL),
        "/logs/holds" | "/api/v1/logs/holds" => kept(Work, names::HOLD),
        "/logs/seal" | "/api/v1/logs/seal" => kept(Work, names::SEAL),
        "/incidents/{id}/acknowledge" | "/api/v1/incidents/{id}/acknowledge" => {
            kept(Work, names::ACKNOWLEDGE)
        }
        "/incidents"
        | "/incidents/{id}/work"
        | "/api/v1/incidents"
        | "/api/v1/incidents/{id}/work" => kept(Work, names::WORK),
        "/alerts/silences"
        | "/alerts/silences/{id}/expire"
        | "/api/v2/silences"
        | "/api/v2/silence/{id}" => kept(Work, names::SILENCE),
        "/checklists/{list}/tick"
        | "/checklists/{list}/sign"
        | "/api/v1/checklists/{list}/tick"
        | "/api/v1/checklists/{list}/sign" => kept(Work, names::CHECKLIST),
        "/demo/outages/{name}/{to}" => kept(Work, names::DEMO),
        "/api/v1/query"
        | "/api/v1/query_range"
        | "/api/v1/query_exemplars"
        | "/api/v1/format_query"
        | "/api/v1/parse_query"
        | "/api/v1/series"
        | "/api/v1/labels" => SEE,
        "/api/v2/alerts"
        | "/api/v1/write"
        | "/v1/metrics"
        | "/api/v1/otlp/v1/metrics"
        | "/v1/logs"
        | "/v1/traces"
        | "/loki/api/v1/push"
        | "/metrics/{*group}"
        | "/ingest/logs/{stream}" => SEND,
        _ if path.starts_with("/opentelemetry.proto.collector.") => SEND,
        _ => return None,
    })
}

/// Of Elasticsearch's API: what only asks, though it may come as a POST.
const ELASTIC_ASKS: [&str; 14] = [
    "_search",
    "_msearch",
    "_count",
    "_field_caps",
    "_mget",
    "_validate",
    "_explain",
    "_analyze",
    "_pit",
    "_async_search",
    "_rank_eval",
    "_render",
    "_termvectors",
    "_sql",
];

fn elastic(method: &Method, path: &str) -> Rule {
    let asks = path.split('/').any(|part| ELASTIC_ASKS.contains(&part));
    match *method {
        Method::GET | Method::HEAD | Method::OPTIONS => SEE,
        _ if asks => SEE,
        Method::DELETE => kept(Act::Approve, names::DELETE),
        _ if path.contains("_delete_by_query") => kept(Act::Approve, names::DELETE),
        _ => SEND,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: &str, path: &str) -> Rule {
        let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes());
        let pattern = (!path.starts_with("/_")).then_some(path);
        rule(&method.unwrap_or_default(), pattern, path)
    }

    #[test]
    fn every_route_that_changes_something_is_named() {
        for route in crate::route::table() {
            if route.method == "get" || route.path.starts_with("/elastic") {
                continue;
            }
            let named = open(route.path, false).or_else(|| changing(route.path, route.path));
            assert!(named.is_some(), "{} {}", route.method, route.path);
        }
    }

    #[test]
    fn nobody_but_an_approver_takes_away_and_no_operator_reveals() {
        for (method, path, who) in [
            ("post", "/api/v1/logs/delete", vec![Role::Approver]),
            ("delete", "/elastic/{*path}", vec![Role::Approver]),
            ("post", "/api/v1/ledger/erase", vec![Role::Approver]),
            (
                "post",
                "/logs/unmasked",
                vec![Role::Approver, Role::Auditor],
            ),
            (
                "post",
                "/api/v2/silences",
                vec![Role::Operator, Role::Approver],
            ),
            ("post", "/api/v1/write", vec![Role::Operator, Role::Sender]),
            ("post", "/_bulk", vec![Role::Operator, Role::Sender]),
            (
                "post",
                "/_search",
                vec![Role::Viewer, Role::Operator, Role::Approver, Role::Auditor],
            ),
            // An address that nobody has named.
            ("post", "/api/v9/wipe", vec![Role::Approver]),
        ] {
            let act = asked(method, path).act;
            let may: Vec<Role> = Role::ALL.into_iter().filter(|it| act.is_for(*it)).collect();
            assert_eq!(may, who, "{method} {path}");
        }
    }

    #[test]
    fn every_kept_event_is_among_the_names() {
        for route in crate::route::table() {
            if let Some(kept) = asked(route.method, route.path).deed {
                assert!(names::ALL.contains(&kept.event), "{}", kept.event);
            }
        }
    }
}
