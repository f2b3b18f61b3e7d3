//! Resources whose fields belong together, or that stand below another: subnets, alarms, log groups, security groups.

use promise::{
    document::{Node, Value},
    say,
};
use serde_json::json;

use super::{
    Draft, Known, Resolve, Resource, Source, Taking, Tool,
    kinds::How::{Days, Number, Secs, Text},
    shown, unknown, value, written,
};
use crate::import::{draft::id, taking::items};

impl Resource<'_> {
    /// Kinds that stand below another, or whose fields belong together.
    pub(super) fn special(
        &self,
        taking: &mut Taking<'_>,
        source: &Source<'_>,
        draft: &mut Draft,
        resolve: &Resolve<'_>,
    ) -> bool {
        let is = |terraform: &str, cloudformation: &str| match self.tool {
            Tool::Terraform => self.kind == terraform,
            Tool::CloudFormation => !cloudformation.is_empty() && self.kind == cloudformation,
        };
        let pick = |terraform: &'static str, cloudformation: &'static str| {
            if self.tool == Tool::Terraform {
                terraform
            } else {
                cloudformation
            }
        };
        let mut said = |name: &str| {
            let node = taking.take(name)?;
            match value(node, resolve) {
                Known::Said(text) | Known::Guessed(_, text) => {
                    Some((text, source.line(node.span.start)))
                }
                Known::Computed(expression) => Some((expression, source.line(node.span.start))),
                _ => None,
            }
        };
        if is("aws_subnet", "AWS::EC2::Subnet") {
            let network = said(pick("vpc_id", "VpcId"));
            let network = network.map_or("network".to_owned(), |(text, _)| id(referred(&text)));
            let path = |field| {
                [
                    "infrastructure",
                    "networks",
                    &network,
                    "subnets",
                    self.name,
                    field,
                ]
                .map(str::to_owned)
            };
            for (from, to) in [
                (pick("cidr_block", "CidrBlock"), "cidr"),
                (pick("availability_zone", "AvailabilityZone"), "zone"),
            ] {
                if let Some((text, line)) = said(from) {
                    // What is computed is no address yet, and no zone.
                    let is_known = match to {
                        "cidr" => {
                            let is_of_range =
                                |c: char| c.is_ascii_hexdigit() || ['.', ':', '/'].contains(&c);
                            text.contains('/') && text.chars().all(is_of_range)
                        }
                        _ => text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'),
                    };
                    if !is_known {
                        draft.lost(line, &format!("{}.{to}", self.name), unknown(&text));
                        continue;
                    }
                    let path = path(to);
                    draft.set(&path.each_ref().map(String::as_str), text, line);
                }
            }
            return true;
        }
        if is("azurerm_virtual_network", "") {
            let path = ["infrastructure", "networks", self.name, "cidr"];
            let space = taking.take("address_space");
            for range in space.map_or(&[][..], items).iter().take(1) {
                draft.set(&path, shown(range), source.line(range.span.start));
            }
            return true;
        }
        if is("azurerm_subnet", "") {
            let network = said("virtual_network_name");
            let network =
                network.map_or("network".to_owned(), |(text, _)| referred(&text).to_owned());
            let ranges = taking.take("address_prefixes");
            for range in ranges.map_or(&[][..], items).iter().take(1) {
                let path = [
                    "infrastructure",
                    "networks",
                    &network,
                    "subnets",
                    self.name,
                    "cidr",
                ];
                draft.set(&path, shown(range), source.line(range.span.start));
            }
            return true;
        }
        if is("azurerm_network_security_rule", "") {
            let says = |said: Option<(String, usize)>, wanted: &str| {
                said.is_some_and(|(text, _)| text.eq_ignore_ascii_case(wanted))
            };
            let lets_in = says(said("direction"), "Inbound") && says(said("access"), "Allow");
            let (from, port) = (
                said("source_address_prefix"),
                said("destination_port_range"),
            );
            if let Some((from, line)) = from.filter(|_| lets_in) {
                let everyone = ["*", "Internet", "0.0.0.0/0"].contains(&from.as_str());
                let from = if everyone {
                    "0.0.0.0/0".to_owned()
                } else {
                    from
                };
                let mut rule = json!({ "from": from });
                if let Some((port, _)) = port.filter(|(port, _)| port != "*") {
                    rule["port"] = json!(port);
                }
                let group = said("network_security_group_name");
                let group =
                    group.map_or(self.name.to_owned(), |(text, _)| referred(&text).to_owned());
                draft.push(
                    &["infrastructure", "security_groups", &group, "inbound"],
                    rule,
                    line,
                );
            } else {
                let why = say!("it lets nobody in", "受け入れる通信がありません");
                draft.noted(self.line, self.name, why);
            }
            return true;
        }
        if is("google_kms_crypto_key", "") || is("aws_kms_key", "AWS::KMS::Key") {
            let id = draft.id("security.keys", self.name);
            let days = said(pick("rotation_period_in_days", "RotationPeriodInDays"))
                .map(|(text, line)| (format!("{text}d"), line));
            if let Some((every, line)) = said("rotation_period").or(days) {
                draft.set(&["security", "keys", &id, "rotated_every"], every, line);
            }
            return true;
        }
        if is("google_compute_ssl_policy", "") {
            let id = draft.id("infrastructure.load_balancers", self.name);
            if let Some((text, line)) = said("min_tls_version") {
                let version = text.trim_start_matches("TLS_").replace('_', ".");
                draft.set(
                    &["infrastructure", "load_balancers", &id, "tls_min"],
                    version,
                    line,
                );
            }
            return true;
        }
        if is("google_compute_firewall", "") {
            let id = draft.id("infrastructure.security_groups", self.name);
            let path = ["infrastructure", "security_groups", &id, "inbound"];
            let (ranges, allowed) = (taking.take("source_ranges"), taking.take("allow"));
            let blocks = allowed.map_or(&[][..], |it| match &it.value {
                Value::List(blocks) => blocks,
                _ => std::slice::from_ref(it),
            });
            // What only answers pings opens no port.
            let pings = |it: &&Node| it.get("protocol").map(shown).is_some_and(|it| it == "icmp");
            let opening = || blocks.iter().filter(|it| !pings(it));
            if opening().next().is_none() {
                let why = say!("it opens no port", "開けるポートがありません");
                draft.noted(self.line, self.name, why);
                return true;
            }
            let ports = opening().filter_map(|it| it.get("ports"));
            let ports: Vec<String> = ports.flat_map(items).map(shown).collect();
            for range in ranges.map_or(&[][..], items) {
                let line = source.line(range.span.start);
                for port in ports
                    .iter()
                    .map(Some)
                    .chain(ports.is_empty().then_some(None))
                {
                    let mut rule = json!({ "from": shown(range) });
                    if let Some(port) = port {
                        rule["port"] = json!(port);
                    }
                    draft.push(&path, rule, line);
                }
            }
            return true;
        }
        if is("azurerm_log_analytics_workspace", "") {
            let id = draft.id("log_analysis", self.name);
            if let Some((text, line)) = said("retention_in_days")
                && let Some(value) = written(&text, Days)
            {
                draft.set(&["log_analysis", &id, "retention"], value, line);
            }
            return true;
        }
        if is("aws_cloudwatch_metric_alarm", "AWS::CloudWatch::Alarm") {
            let id = draft.id("monitoring.metrics", self.name);
            let path = ["monitoring", "metrics", &id];
            let operator = said(pick("comparison_operator", "ComparisonOperator"));
            let threshold = said(pick("threshold", "Threshold"));
            let sign = operator.as_ref().map(|(text, _)| match text.as_str() {
                "GreaterThanThreshold" => ">",
                "GreaterThanOrEqualToThreshold" => ">=",
                "LessThanThreshold" => "<",
                _ => "<=",
            });
            let threshold = threshold.filter(|(text, _)| text.parse::<f64>().is_ok());
            if let (Some(sign), Some((number, line))) = (sign, threshold) {
                draft.set(
                    &[path[0], path[1], path[2], "bound"],
                    format!("{sign} {number}"),
                    line,
                );
            }
            for (from, to, how) in [
                (pick("period", "Period"), "period", Secs),
                (
                    pick("evaluation_periods", "EvaluationPeriods"),
                    "periods",
                    Number,
                ),
                (pick("statistic", "Statistic"), "statistic", Text),
                (pick("alarm_name", "AlarmName"), "alarm", Text),
                (pick("metric_name", "MetricName"), "measures", Text),
            ] {
                if let Some((text, line)) = said(from)
                    && let Some(value) = written(&text, how)
                {
                    draft.set(&[path[0], path[1], path[2], to], value, line);
                }
            }
            return true;
        }
        if is("aws_cloudwatch_log_group", "AWS::Logs::LogGroup") {
            let id = draft.id("log_analysis", self.name);
            if let Some((text, line)) = said(pick("retention_in_days", "RetentionInDays"))
                && let Some(value) = written(&text, Days)
            {
                draft.set(&["log_analysis", &id, "retention"], value, line);
            }
            if let Some((text, line)) = said(pick("name", "LogGroupName")) {
                draft.set(&["log_analysis", &id, "pattern"], text, line);
            }
            return true;
        }
        if is("aws_security_group", "AWS::EC2::SecurityGroup") {
            let id = draft.id("infrastructure.security_groups", self.name);
            let rules = taking.take(pick("ingress", "SecurityGroupIngress"));
            for rule in rules.map_or(&[][..], items) {
                self.inbound(
                    rule,
                    &["infrastructure", "security_groups", &id, "inbound"],
                    (source, resolve),
                    draft,
                );
            }
            // Others may name it as the one that they let in.
            draft.name(&["infrastructure", "security_groups"], &id);
            if rules.is_none() {
                draft.noted(
                    self.line,
                    self.name,
                    say!("it lets nobody in", "受け入れる通信がありません"),
                );
            }
            return true;
        }
        false
    }

    fn inbound(
        &self,
        rule: &Node,
        to: &[&str],
        (source, resolve): (&Source<'_>, &Resolve<'_>),
        draft: &mut Draft,
    ) {
        let line = source.line(rule.span.start);
        let first = |names: &[&str]| {
            names.iter().find_map(|name| match &rule.get(name)?.value {
                Value::List(items) => items.first(),
                _ => rule.get(name),
            })
        };
        let text = |names: &[&str]| first(names).map(shown);
        let from = first(&[
            "cidr_blocks",
            "CidrIp",
            "security_groups",
            "SourceSecurityGroupId",
            "ipv6_cidr_blocks",
            "CidrIpv6",
        ]);
        let ports = (
            text(&["from_port", "FromPort"]),
            text(&["to_port", "ToPort"]),
        );
        let Some(from) = from else {
            return draft.lost(
                line,
                self.name,
                say!(
                    "it does not say who may connect",
                    "どこからの通信かが書かれていません"
                ),
            );
        };
        let from = match value(from, resolve) {
            // Everyone is what such a parameter has as long as nobody gives it: whoever runs it says who may connect.
            Known::Guessed(expression, text) if text.ends_with("/0") => {
                return draft.lost(line, self.name, unknown(&expression));
            }
            Known::Guessed(_, text) => text,
            Known::Computed(expression) if source.has_parameter(&expression) => {
                return draft.lost(line, self.name, unknown(&expression));
            }
            _ => shown(from),
        };
        let port = match ports {
            (Some(from), Some(to)) if from == to => Some(from),
            (Some(from), Some(to)) => Some(format!("{from}-{to}")),
            (port, _) => port,
        };
        let mut rule = json!({ "from": from });
        if let Some(port) = port {
            rule["port"] = json!(port);
        }
        draft.push(to, rule, line);
    }
}

/// The name within `aws_vpc.main.id`; the text itself where it is no such reference.
pub(super) fn referred(expression: &str) -> &str {
    let mut parts = expression.split('.');
    match (parts.next(), parts.next()) {
        (Some(kind), Some(name)) if kind.contains('_') => name,
        _ => expression,
    }
}
