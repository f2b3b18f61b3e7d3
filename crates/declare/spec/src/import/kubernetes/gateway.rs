//! How long a gateway waits for what is behind it.
//!
//! Source: the API references of the Gateway API (gateway.networking.k8s.io/v1, `timeouts.request`) and of Envoy Gateway
//! (gateway.envoyproxy.io/v1alpha1, `timeout.http.requestTimeout`).

use super::{
    super::taking::{at, text},
    Draft, Object, Source, Taking,
};

impl Object<'_> {
    /// An `HTTPRoute`: its rules may wait differently; the shortest is what a call must keep to.
    pub(super) fn route(&self, spec: &mut Taking<'_>, source: &Source<'_>, draft: &mut Draft) {
        spec.skip(&["parentRefs", "hostnames"]);
        for rule in spec.items("rules") {
            if let Some(node) = at(rule, &["timeouts", "request"])
                && let Some(timeout) = text(node)
            {
                self.waits(timeout, source.line(node.span.start), draft);
            }
        }
    }

    /// A `BackendTrafficPolicy` of all that goes through the gateway that it names.
    pub(super) fn traffic(&self, spec: &mut Taking<'_>, source: &Source<'_>, draft: &mut Draft) {
        let target = spec.items("targetRefs").first();
        let target = target.or_else(|| spec.take("targetRef"));
        let name = target.and_then(|target| target.get("name")).and_then(text);
        let timeout = spec.take("timeout");
        if let Some(node) = timeout.and_then(|it| at(it, &["http", "requestTimeout"]))
            && let Some(timeout) = text(node)
        {
            let gateway = Object {
                name: name.unwrap_or(self.name),
                ..*self
            };
            gateway.waits(timeout, source.line(node.span.start), draft);
        }
    }

    fn waits(&self, timeout: &str, line: usize, draft: &mut Draft) {
        let path = [
            "infrastructure",
            "load_balancers",
            self.name,
            "idle_timeout",
        ];
        if !draft.has(&path) {
            draft.set(&path, timeout, line);
        }
    }
}
