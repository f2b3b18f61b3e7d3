//! Resources that say something of another: a listener of its load balancer, a scaling target of its service, a
//! parameter group of its database.

use promise::{
    document::{Node, Value},
    say,
};
use serde_json::json;

use super::{Draft, Known, Resolve, Resource, Source, Taking, special::referred, value};
use crate::import::taking::{self, entries, items};

impl Resource<'_> {
    /// Reads such a resource; `false` where it is none.
    pub(super) fn joined(
        &self,
        taking: &mut Taking<'_>,
        source: &Source<'_>,
        draft: &mut Draft,
        resolve: &Resolve<'_>,
    ) -> bool {
        let kind = match self.kind {
            "AWS::ElasticLoadBalancingV2::Listener" => "aws_lb_listener",
            "AWS::Lambda::EventSourceMapping" => "aws_lambda_event_source_mapping",
            "AWS::ApplicationAutoScaling::ScalableTarget" => "aws_appautoscaling_target",
            "AWS::WAFv2::WebACL" => "aws_wafv2_web_acl",
            kind => kind,
        };
        let mut said = |names: [&str; 2]| {
            let node = names.iter().find_map(|name| taking.take(name))?;
            let line = source.line(node.span.start);
            match value(node, resolve) {
                Known::Said(text) | Known::Guessed(_, text) | Known::Computed(text) => {
                    Some((text, line))
                }
                Known::Nothing | Known::List => None,
            }
        };
        match kind {
            "aws_lb_listener" | "aws_alb_listener" => {
                let policy = said(["ssl_policy", "SslPolicy"]);
                let of = said(["load_balancer_arn", "LoadBalancerArn"]);
                let id = of.map_or(self.name.to_owned(), |(text, _)| referred(&text).to_owned());
                match policy {
                    Some((policy, line)) => draft.set(
                        &["infrastructure", "load_balancers", &id, "tls_min"],
                        policy,
                        line,
                    ),
                    None => draft.noted(self.line, self.name, say!("a listener", "リスナー")),
                }
            }
            "aws_lambda_event_source_mapping" => {
                let from = said(["event_source_arn", "EventSourceArn"]);
                let to = said(["function_name", "FunctionName"]);
                if let (Some((from, line)), Some((to, _))) = (from, to) {
                    let path = ["infrastructure", "compute", referred(&to), "triggered_by"];
                    draft.set(&path, referred(&from), line);
                }
            }
            "aws_appautoscaling_target" => {
                let least = said(["min_capacity", "MinCapacity"]);
                let most = said(["max_capacity", "MaxCapacity"]);
                let of =
                    said(["resource_id", "ResourceId"]).map_or(String::new(), |(text, _)| text);
                let named = of.rsplit('/').next().unwrap_or_default();
                let known = draft.names(&["infrastructure", "compute"]);
                let id = known
                    .iter()
                    .find(|id| *id == self.name || *id == named)
                    .map_or(self.name, String::as_str);
                for (bound, field) in [(least, "instances_min"), (most, "instances_max")] {
                    if let Some((text, line)) = bound
                        && let Ok(count) = text.parse::<u64>()
                    {
                        draft.set(&["infrastructure", "compute", id, field], count, line);
                    }
                }
            }
            "aws_db_parameter_group" | "aws_rds_cluster_parameter_group" => {
                let known = draft.names(&["infrastructure", "databases"]);
                let own = known.iter().find(|id| *id == self.name).cloned();
                let id = own.or_else(|| draft.only_in(&["infrastructure", "databases"]));
                let id = id.unwrap_or_else(|| self.name.to_owned());
                let all = taking.take("parameter");
                for parameter in all.map_or(&[][..], items) {
                    let part = |name| parameter.get(name).and_then(taking::text);
                    if part("name") == Some("max_connections")
                        && let Some(most) = part("value").and_then(|it| it.parse::<u64>().ok())
                    {
                        let line = source.line(parameter.span.start);
                        let path = ["infrastructure", "databases", &id, "connections_max"];
                        draft.set(&path, most, line);
                    }
                }
            }
            "aws_s3_bucket_lifecycle_configuration" | "aws_s3_bucket_object_lock_configuration" => {
                let of = said(["bucket", "bucket"]);
                let id = of.map_or(self.name.to_owned(), |(text, _)| referred(&text).to_owned());
                let rules = taking.take("rule");
                for rule in rules.map_or(&[][..], items) {
                    for (block, field) in [
                        ("expiration", "expires_after"),
                        ("default_retention", "locked_for"),
                    ] {
                        let inner = rule.get(block).map(|it| items(it).first().unwrap_or(it));
                        let days = inner.and_then(|it| it.get("days"));
                        if let Some((node, days)) =
                            days.and_then(|it| Some((it, taking::text(it)?)))
                        {
                            let path = ["infrastructure", "buckets", &id, field];
                            draft.set(&path, format!("{days}d"), source.line(node.span.start));
                        }
                    }
                }
            }
            "aws_s3_bucket_server_side_encryption_configuration" => {
                let of = said(["bucket", "bucket"]);
                let id = of.map_or(self.name.to_owned(), |(text, _)| referred(&text).to_owned());
                let rules = taking.take("rule");
                for rule in rules.map_or(&[][..], items) {
                    let how = rule.get("apply_server_side_encryption_by_default");
                    let how = how.map(|it| items(it).first().unwrap_or(it));
                    let Some(algorithm) = how.and_then(|it| it.get("sse_algorithm")) else {
                        continue;
                    };
                    // `aws:kms` without a key of one's own takes the provider's.
                    let is_own = how.is_some_and(|it| it.get("kms_master_key_id").is_some());
                    let line = source.line(algorithm.span.start);
                    let at = |field| ["infrastructure", "buckets", id.as_str(), field];
                    draft.set(&at("encrypted"), true, line);
                    draft.set(&at("customer_managed_key"), is_own, line);
                }
            }
            "aws_wafv2_web_acl" => {
                let id = draft.id("waf", self.name);
                let scope = said(["scope", "Scope"]);
                if let Some((scope, line)) = scope {
                    draft.set(&["security", "waf", &id, "scope"], scope, line);
                }
                let rules = taking.take("rule").or_else(|| taking.take("Rules"));
                for rule in rules.map_or(&[][..], items) {
                    let mut found = Vec::new();
                    managed(rule, 0, &mut found);
                    for (group, node) in found {
                        let line = source.line(node.span.start);
                        draft.push(&["security", "waf", &id, "rules"], json!(group), line);
                    }
                }
            }
            _ => return false,
        }
        true
    }
}

/// The managed groups of rules that stand somewhere in a rule.
fn managed<'n>(node: &'n Node, depth: usize, out: &mut Vec<(&'n str, &'n Node)>) {
    const DEPTH_MAX: usize = 12;
    if depth > DEPTH_MAX {
        return;
    }
    for (key, below) in entries(node) {
        let group = ["managed_rule_group_statement", "ManagedRuleGroupStatement"];
        if group.contains(&key.name.as_str()) {
            let block = items(below).first().unwrap_or(below);
            let name = block.get("name").or_else(|| block.get("Name"));
            out.extend(name.and_then(|it| Some((taking::text(it)?, it))));
        } else {
            managed(below, depth + 1, out);
        }
    }
    if let Value::List(list) = &node.value {
        list.iter().for_each(|it| managed(it, depth + 1, out));
    }
}
