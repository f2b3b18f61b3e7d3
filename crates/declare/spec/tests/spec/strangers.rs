//! What real files say that is no mistake: each was once taken for one in a file that somebody else wrote, and stands
//! here in our own words, beside the mistake that looks like it.

use spec::import::{About, File, Imported, import};

use crate::load;

fn read(name: &str, text: &str) -> Imported {
    let file = File {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let about = About {
        name: "shop",
        time_zone: "Asia/Tokyo",
        lang: promise::Lang::En,
    };
    import(&[file], &about)
}

/// The codes of what is found in a file, errors and warnings.
fn found(name: &str, text: &str) -> Vec<&'static str> {
    let loaded = load(&read(name, text).text);
    let told = loaded.diagnostics.iter();
    let told = told.filter(|it| it.level != spec::Level::Advice);
    told.map(|it| it.code).collect()
}

fn is_found(code: &str, name: &str, text: &str) -> bool {
    found(name, text).contains(&code)
}

const NOTHING: [&str; 0] = [];

const TEMPLATE: &str = "
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  AdminRange: { Type: String, Default: 0.0.0.0/0 }
  OfficeRange: { Type: String }
Resources:
  ShopVPC: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: 10.4.0.0/16 } }
  FrontA: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: !Ref ShopVPC, CidrBlock: 10.4.1.0/24 } }
  FrontGroup: { Type: 'AWS::EC2::SecurityGroup', Properties: { GroupDescription: front } }
  AppGroup:
    Type: AWS::EC2::SecurityGroup
    Properties:
      SecurityGroupIngress:
        - { IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: !Ref AdminRange }
        - { IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: !Ref OfficeRange }
        - { IpProtocol: tcp, FromPort: 80, ToPort: 80, SourceSecurityGroupId: !Ref FrontGroup }
  Orders: { Type: 'AWS::RDS::DBInstance', Properties: { Engine: MySQL, DBInstanceClass: db.t3.small } }
";

#[test]
fn a_template_that_is_asked_for_ranges_and_names_its_network_as_it_likes() {
    assert_eq!(found("stack.yaml", TEMPLATE), NOTHING);
    let open = TEMPLATE.replace("!Ref OfficeRange", "0.0.0.0/0");
    assert_eq!(found("stack.yaml", &open), ["open-to-everyone"]);
    let lost = TEMPLATE.replace("10.4.1.0/24", "10.5.1.0/24");
    assert_eq!(found("stack.yaml", &lost), ["subnet-outside-network"]);
}

#[test]
fn a_monitor_without_a_timeout_waits_no_longer_than_its_interval() {
    let monitor = "
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: { name: orders }
spec: { endpoints: [{ port: http, interval: 5s }] }
";
    assert_eq!(found("monitor.yaml", monitor), NOTHING);
    let longer = monitor.replace("interval: 5s", "interval: 5s, scrapeTimeout: 8s");
    assert_eq!(found("monitor.yaml", &longer), ["timeout-exceeds-interval"]);
}

#[test]
fn targets_without_a_port_have_that_of_their_scheme() {
    let config = "
scrape_configs:
  - { job_name: shop, static_configs: [{ targets: [carts, 'orders:8080'] }] }
  - { job_name: pay, scheme: https, static_configs: [{ targets: [pay.example.com] }] }
";
    assert_eq!(found("prometheus.yml", config), NOTHING);
    let text = read("prometheus.yml", config).text;
    for target in ["carts:80", "orders:8080", "pay.example.com:443"] {
        assert!(text.contains(target), "{text}");
    }
}

/// A recovery point of an hour, and backups of a day: a contradiction wherever it is meant.
const DAILY: &str = "- RPO: 1 hour\n- Database backups: daily\n";

#[test]
fn what_only_shows_how_something_is_written_is_owed_by_nobody() {
    assert!(is_found("backup-exceeds-rpo", "design.md", DAILY));
    for shown in [
        format!("# Guide\n\n## 3. Good example\n\n{DAILY}"),
        format!("# Guide\n\n## Writing objectives\n\n**Example:**\n\n{DAILY}"),
        format!("# 手引き\n\n## 可用性\n\n### ❌ 悪い例: 矛盾した目標\n\n{DAILY}"),
        format!("# 手引き\n\n## 可用性\n\n記入例：\n\n```\n{DAILY}```\n"),
        format!("# Guide\n\n## Your design\n\n```markdown\n{DAILY}```\n"),
        format!("# Guide\n\n## Options considered\n\n| RPO | 1 hour |\n|---|---|\n\n{DAILY}"),
        "# Guide\n\n- ✅ Good: \"RPO: 1 hour\"\n- 例: 日次バックアップ\n".to_owned(),
        "# 要件\n\n- RPO は 1 時間（例）\n- バックアップは日次\n".to_owned(),
    ] {
        assert!(
            !is_found("backup-exceeds-rpo", "design.md", &shown),
            "{shown}"
        );
    }
    // A document that is wholly within a fence is meant.
    let fenced = format!("```markdown\n# Shop\n\n## Recovery\n\n{DAILY}```\n");
    assert!(is_found("backup-exceeds-rpo", "design.md", &fenced));
}

#[test]
fn of_several_environments_the_one_that_serves_is_read() {
    let table = "
# Shop

## VPC

| 項目 | dev | stg | prod |
|---|---|---|---|
| VPC CIDR | 10.0.0.0/16 | 10.1.0.0/16 | 10.2.0.0/16 |

## Public subnets

| AZ | CIDR (dev) | CIDR (stg) | CIDR (prod) |
|---|---|---|---|
| ap-northeast-1a | 10.0.1.0/24 | 10.1.1.0/24 | 10.2.1.0/24 |
";
    assert_eq!(found("design.md", table), NOTHING);
    let other = table.replace("10.2.1.0/24", "10.3.1.0/24");
    assert_eq!(found("design.md", &other), ["subnet-outside-network"]);
}

#[test]
fn routes_are_no_subnets_and_a_bare_range_is_the_networks() {
    let design = "
# Shop

## VPC

| Item | Value |
|---|---|
| CIDR | 10.4.0.0/16 |

## Subnets

| Name | CIDR | AZ |
|---|---|---|
| public-a | 10.4.1.0/24 | eu-west-1a |

## Route tables

| Name | Destination | Target |
|---|---|---|
| public | 0.0.0.0/0 | internet gateway |
| private | 0.0.0.0/0 | NAT gateway |

- Private subnets: `0.0.0.0/0 -> nat-1`
";
    assert_eq!(found("design.md", design), NOTHING);
    let other = design.replace("10.4.1.0/24", "10.5.1.0/24");
    assert_eq!(found("design.md", &other), ["subnet-outside-network"]);
    let more = "
# Shop

```yaml
shop_vpc:
  cidr_block: 10.4.0.0/16
  secondary_cidr_blocks: [10.5.0.0/16]
  subnets: { public_a: 10.4.1.0/24 }
summary:
  network: { vpc: 10.4.0.0/16 }
```
";
    assert_eq!(found("design.md", more), NOTHING);
}

#[test]
fn a_total_is_that_of_its_own_list_of_what_is_paid() {
    let costs = "
# Plan

## Budget: tools
- Encryption: $500
- Scanner: $300
- Total: $800

## Budget: services
- Consulting: $700

## Cost metrics
- Total cost per customer: $6.25
- 削減効果: 90万円
";
    assert_eq!(found("plan.md", costs), NOTHING);
    let wrong = costs.replace("Scanner: $300", "Scanner: $400");
    assert_eq!(found("plan.md", &wrong), ["total-does-not-add-up"]);
}

#[test]
fn a_log_beside_the_backups_loses_less_than_they_do() {
    let plan = "
# Shop

## Recovery
- RPO: 5 minutes
- RTO: 1 hour

## Backups
- Full backups: weekly
- Incremental backups: daily, using the WAL
- Restores are tested monthly
";
    assert!(is_found("backup-exceeds-rpo", "plan.md", plan));
    let logged = format!("{plan}- Point-in-time recovery: WAL archiving\n");
    assert_eq!(found("plan.md", &logged), NOTHING);
    let denied = format!("{plan}- Point-in-time recovery: not used\n");
    assert!(is_found("backup-exceeds-rpo", "plan.md", &denied));
}

#[test]
fn conditions_signs_and_shares_are_taken_for_what_they_are() {
    for harmless in [
        "# S\n\n- RPO: 0\n- We leave the region when replication lag exceeds 5 minutes\n",
        "# S\n\n## Goals\n\n- Burst capacity: 200% of the usual load\n- 表示倍率 200 % でも利用できる\n",
        "# S\n\n- RTO: 5 min\n\n```yaml\nfailover:\n  back: { backup_retention: 35 days }\n```\n\n- Restores are tested monthly\n",
        "# S\n\n- 可用性: 99.9 %\n- 1時間以内に復旧できない場合は部長に報告する\n",
        "# S\n\nPCI DSS applies.\n\n```yaml\naccess:\n  admin: { session_timeout: 1 hour }\n```\n",
        "# S\n\nPCI DSS applies.\n\n```yaml\nclasses:\n  money: { level: high, fields: [card_number] }\n```\n",
        "# S\n\n- RPO: 1 hour\n- Database scaling: read replicas of the data and sharding\n",
    ] {
        assert_eq!(found("design.md", harmless), NOTHING, "{harmless}");
    }
    let idle =
        "# S\n\nPCI DSS applies.\n\n```yaml\naccess:\n  admin: { idle_timeout: 1 hour }\n```\n";
    assert_eq!(found("design.md", idle), ["sign-in-too-weak"]);
    let logged = "# S\n\n```yaml\nlogs:\n  money: { level: high, fields: [card_number] }\n```\n";
    assert!(is_found("card-field-in-logs", "design.md", logged));
}

#[test]
fn a_list_in_a_plan_to_recover_is_not_always_one_of_steps() {
    let plan = "
# Disaster recovery

## Objectives
1. **RTO**: 30 minutes
2. **RPO**: 1 hour

## Failover
1. Promote the standby (10 min)
2. Switch DNS (5 min)

## Review meeting
1. Overview (20 minutes)
2. Causes (40 minutes)

## Validation of the recovery
1. Confirm that p95 is back at 2 hours or less
";
    let text = read("plan.md", plan).text;
    assert!(!is_found("recovery-exceeds-rto", "plan.md", plan), "{text}");
    let steps = text.matches("text:").count();
    assert_eq!(steps, 2, "{text}");
    let longer = plan.replace("(10 min)", "(40 min)");
    assert!(is_found("recovery-exceeds-rto", "plan.md", &longer));
}

#[test]
fn a_form_that_nobody_filled_in_says_nothing() {
    let form = "
# Service

## Maintenance

| Kind | Window | Frequency |
|---|---|---|
| Planned | [TODO: Sun 02:00-06:00] | [TODO: Weekly] |

## Backups

| Backup | Frequency | Retention |
|---|---|---|
| Orders | {{ rhythm }} | TBD |
";
    let text = read("form.md", form).text;
    assert!(!text.contains("TODO") && !text.contains("every"), "{text}");
    let tried = "# P\n\nBackups are made daily. They must be regularly tested by restoring data.\n";
    assert_eq!(found("policy.md", tried), NOTHING);
}

#[test]
fn what_is_forbidden_or_explained_lets_nobody_in_and_is_no_network() {
    for harmless in [
        "# S\n\n- 5.1 Ensure no ACL may allow ingress from 0.0.0.0/0 to SSH\n",
        "# S\n\n## VPC peering\n\nIn this example both networks have a subnetwork 10.0.0.0/24.\nFor network A there is no problem, because it knows only one 10.0.0.0/24 subnetwork.\n",
        "# S\n\n## Load balancer\n\n- The load balancer looks at the health of a pod by polling `/live` every 5 seconds, with a timeout of 5 seconds\n- The clients of the API have a timeout of 30 minutes\n",
    ] {
        assert_eq!(found("design.md", harmless), NOTHING, "{harmless}");
    }
    let open = "# S\n\n- The bastion is open to 0.0.0.0/0 for SSH\n";
    assert!(is_found("open-to-everyone", "design.md", open));
}

#[test]
fn amounts_that_are_reckoned_or_free_limit_nothing() {
    let costs = "
# Cost

## Secrets
- Two secrets: 2 × $0.40 = $0.80 a month
- Total: $0.85 a month

## Free
- 無料枠の予算額は $0.00

## Budget
- 予算額: $5.00
";
    assert_eq!(found("cost.md", costs), NOTHING);
}

#[test]
fn alerts_of_other_things_are_not_held_against_each_other() {
    let alerts = "
# Monitoring

## Alerts
- 4XXError > 10% (warning)
- 5XXError > 0.3% (critical)

## Goals
- Payment success rate >= 99.5 %

## Monitoring of images
- Image error rate > 5 % (warning)
";
    assert_eq!(found("monitoring.md", alerts), NOTHING);
    let of_payments = alerts.replace("Image error", "Payment error");
    let told = "errors-beyond-promise";
    assert!(is_found(told, "monitoring.md", &of_payments));
}

#[test]
fn the_first_account_is_that_of_its_engine() {
    let database = |engine: &str| {
        format!(
            "resource \"aws_db_instance\" \"main\" {{\n  engine = \"{engine}\"\n  username = \"root\"\n}}\n"
        )
    };
    assert!(is_found("default-user", "main.tf", &database("mysql")));
    assert!(!is_found("default-user", "main.tf", &database("postgres")));
}

#[test]
fn a_firewall_opens_the_ports_of_all_its_blocks_and_pings_open_none() {
    let wall = |more: &str| {
        format!(
            "resource \"google_compute_firewall\" \"a\" {{\n  allow {{\n    protocol = \"icmp\"\n  }}\n{more}  source_ranges = [\"0.0.0.0/0\"]\n}}\n"
        )
    };
    assert_eq!(found("main.tf", &wall("")), NOTHING);
    let web = "  allow {\n    protocol = \"tcp\"\n    ports = [\"443\"]\n  }\n";
    assert_eq!(found("main.tf", &wall(web)), NOTHING);
    let shell = web.replace("443", "22");
    assert_eq!(found("main.tf", &wall(&shell)), ["open-to-everyone"]);
}

#[test]
fn what_runs_later_is_no_address_yet() {
    let subnets = "
AWSTemplateFormatVersion: '2010-09-09'
Resources:
  Shop: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: !Sub '10.${B}.0.0/16' } }
  A: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: !Ref Shop, CidrBlock: !Sub '10.${B}.1.0/24' } }
";
    assert_eq!(found("stack.yaml", subnets), NOTHING);
    let fenced = "# S\n\n```hcl\nresource \"aws_subnet\" \"a\" {\n  vpc_id     = aws_vpc.main.id\n  cidr_block = each.value.cidr\n}\n```\n";
    assert_eq!(found("design.md", fenced), NOTHING);
}

/// What the made spec says at a path, without where it came from.
fn says(text: &str, path: &str) -> bool {
    let done = read("design.md", text);
    let told = done.report.iter();
    told.filter_map(|it| it.to.as_deref())
        .any(|to| to.starts_with(path))
}

#[test]
fn figures_that_tell_a_story_are_no_promises() {
    for story in [
        "# S\n\n## Requirements\n\nAn audit of the maps showed that less than 1% of the requests had one.\n",
        "# S\n\n## Monitoring\n\n[up]: https://example.com/graph?expr=avg%20by%20(env)%2022%25\n",
        "# S\n\n## Monitoring\n\nSee [the graph](https://example.com/95%25/5m) for more.\n",
        "# S\n\n## 要件\n\n- 過去 35 日間の任意の時点に戻せる\n",
        "# S\n\n## Goals\n\n- Estimates: 30-60 minutes\n",
    ] {
        assert!(!says(story, "promises"), "{story}");
    }
    for owed in [
        "# S\n\n## Requirements\n\n- Answers of the login page: 800 ms\n",
        "# S\n\n## Goals\n\nFewer than 1% of the requests of a month fail: less than 1% must fail.\n",
    ] {
        assert!(says(owed, "promises"), "{owed}");
    }
    let least = read("design.md", "# S\n\n## Goals\n\n- Minimum pause: 2 s\n").text;
    assert!(least.contains(">= 2s"), "{least}");
    let named = "# S\n\n## Recovery\n\n- **RPO（目標復旧時点）**: 5分以内\n";
    assert!(says(named, "service.tiers.service.rpo"));
}

#[test]
fn tables_and_words_that_only_look_like_others() {
    let records = "
# S

## 障害対応の成果物

| 成果物 | 内容 | 更新頻度 |
|---|---|---|
| 問合せ記録 | 対応履歴 | 随時更新 |
| 障害報告書 | 原因と対策 | 発生時 |
";
    assert!(!says(records, "severities"));
    let ranked =
        "# S\n\n## 障害対応\n\n| 重大度 | 初動 |\n|---|---|\n| S | 15分以内 |\n| A | 1時間以内 |\n";
    assert!(says(ranked, "severities"));
    let pages = "# S\n\nPages such as the home page are kept in the cache for 5 minutes. Critical pages too, 5 minutes.\n";
    assert!(!says(pages, "severities"));
    let people = "# S\n\nContacts of all key personnel must be reviewed quarterly.\n";
    assert!(!says(people, "security.keys"));
    let limits = "# S\n\n## ALB\n\n| Item | Value |\n|---|---|\n| Idle timeout | 1〜4000 秒 |\n";
    assert!(!says(
        limits,
        "infrastructure.load_balancers.alb.idle_timeout"
    ));
    let open = "# S\n\n## On-call\n\n- Alert answered within: [TODO: e.g., 15 minutes]\n";
    assert!(!says(open, "monitoring") && !says(open, "promises"));
}

#[test]
fn of_objectives_for_each_kind_of_disaster_none_is_the_services() {
    let plan = "
# Shop

Backups of the database are made daily, and restores are tried monthly.

## If the front end is lost
- RTO: 5 minutes
- RPO: 5 minutes

## If the data is lost
- RTO: 30 minutes
- RPO: 24 hours
";
    assert_eq!(found("plan.md", plan), NOTHING);
    let whole = format!("{plan}\n## Recovery objectives\n- RPO: 1 hour\n");
    assert_eq!(found("plan.md", &whole), ["backup-exceeds-rpo"]);
}

#[test]
fn what_is_done_beyond_a_figure_is_no_promise_to_be_beyond_it() {
    for trigger in [
        "# S\n\n## Requirements\n\n- CPU utilization: >70% for 5 minutes\n",
        "# S\n\n## Auto-scaling triggers\n\n- Request rate: >1000 req/s sustained\n",
        "# S\n\n## Goals\n\n- Automatic escalation after 15 minutes\n",
    ] {
        assert!(!says(trigger, "promises"), "{trigger}");
    }
    for owed in [
        "# S\n\n## Goals\n\n- Throughput: > 1000 req/s\n",
        "# S\n\n## Goals\n\n- MTBF: > 90 days\n",
        "# S\n\n## Goals\n\n- Error rate: < 1 %\n",
    ] {
        assert!(says(owed, "promises"), "{owed}");
    }
}

#[test]
fn a_share_of_a_year_leaves_more_at_once_than_one_of_a_month() {
    let design = "# S\n\n## 可用性\n\n- 年間稼働率: 99.9%以上\n- RTO: 4時間以内\n";
    assert_eq!(found("design.md", design), NOTHING);
    let longer = design.replace("4時間", "9時間");
    assert_eq!(found("design.md", &longer), ["rto-against-availability"]);
    let monthly = design.replace("年間", "月間");
    assert_eq!(found("design.md", &monthly), ["rto-against-availability"]);
}

#[test]
fn when_something_is_done_or_looked_at_is_not_how_long_it_is_kept_or_takes() {
    for harmless in [
        "# S\n\nPCI DSS is in scope.\n\n## Plan\n\n- 30 days: audit trail reporting\n",
        "# S\n\n- RDS backups are kept 30 days\n- Annual review of backup procedures\n",
        "# S\n\n## Recovery\n\n1. Query the logs of the failover within the last 1 hour\n2. Escalate to the queue of the managers\n",
    ] {
        assert_eq!(found("plan.md", harmless), NOTHING, "{harmless}");
        assert!(!says(harmless, "continuity.failover"), "{harmless}");
    }
    let kept = "# S\n\nPCI DSS is in scope.\n\n- Audit trail: 30 days\n";
    assert_eq!(found("plan.md", kept), ["audit-kept-too-short"]);
}

#[test]
fn tables_of_good_and_bad_wording_and_examples_in_cells_owe_nothing() {
    let guide = "
# 手引き

## 書き方

| 項目 | 悪い例（NG） | よい例（OK） |
|---|---|---|
| 稼働率 | できるだけ止めない | 月間稼働率99.9%以上 |
| RTO | 早めに復旧する | 4時間以内に復旧 |

## 用語

| 語 | 意味 |
|---|---|
| RTO | 復旧までの目標時間（例: 4時間以内） |
| 可用性 | 月間稼働率の目標（例: 99.9%） |
";
    assert!(!says(guide, "service.tiers"));
}

#[test]
fn a_job_whose_targets_are_found_in_a_way_unknown_here_is_told_and_left_out() {
    let config = "scrape_configs:\n  - { job_name: shop, eureka_sd_configs: [{ server: 'http://e:8761' }] }\n";
    assert_eq!(found("prometheus.yml", config), NOTHING);
    let done = read("prometheus.yml", config);
    let left = |it: &&spec::import::Entry| it.what == "shop";
    assert!(done.report.iter().any(|it| left(&it)), "{:#?}", done.report);
}

#[test]
fn what_a_store_deletes_is_held_against_what_is_kept() {
    let design = |rules: &str| {
        format!(
            "# Retention\n\nHIPAA applies.\n\n| Data | Kept |\n|---|---|\n| Audit records of PHI, 45 CFR 164.316 | six years |\n\n## Lifecycle\n\n```json\n{{ \"rules\": [{rules}] }}\n```\n"
        )
    };
    let of_s3 = |days: u32| {
        format!(
            "{{ \"ID\": \"audit\", \"Filter\": {{ \"Prefix\": \"audit/\" }}, \"Expiration\": {{ \"Days\": {days} }} }}"
        )
    };
    assert_eq!(found("plan.md", &design(&of_s3(1825))), ["stated-twice"]);
    assert_eq!(found("plan.md", &design(&of_s3(2200))), NOTHING);
    let of_google = "{ \"name\": \"audit\", \"action\": { \"type\": \"Delete\" }, \"condition\": { \"age\": 365 } }";
    assert_eq!(found("plan.md", &design(of_google)), ["stated-twice"]);
}

#[test]
fn a_server_in_bicep_takes_as_many_connections_as_its_parameter_says() {
    let design = |most: u32| {
        format!(
            "# Data\n\n```bicep\nresource pg 'Microsoft.DBforPostgreSQL/flexibleServers@2024-08-01' = {{\n  name: 'orders' // one\n  properties: {{\n    version: '16'\n    highAvailability: {{ mode: 'ZoneRedundant' }}\n  }}\n}}\nresource most 'Microsoft.DBforPostgreSQL/flexibleServers/configurations@2024-08-01' = {{\n  parent: pg\n  name: 'max_connections'\n  properties: {{ value: '{most}', source: 'user-override' }}\n}}\n```\n\n| Workload | Max pods | Database connections per pod |\n|---|---|---|\n| api | 30 | 20 |\n| worker | 5 | 10 |\n"
        )
    };
    assert_eq!(found("plan.md", &design(800)), NOTHING);
    assert_eq!(
        found("plan.md", &design(600)),
        ["connections-exceed-database"]
    );
}

#[test]
fn a_row_that_ends_before_its_ranges_is_no_panic() {
    let table = "# Network\n\n| Use | 1a | 1c |\n|---|---|---|\n| web | 10.0.1.0/24 | 10.0.2.0/24 |\n| app | 10.0.3.0/24 | 10.0.4.0/24 |\n| data | 10.0.5.0/24 | 10.0.6.0/24 |\n| free |\n";
    assert_eq!(found("plan.md", table), NOTHING);
}

#[test]
fn a_design_in_japanese_is_held_to_its_own_words() {
    let plan = |vpc: &str, hours: &str, looked: &str, typed: &str| {
        format!(
            "# 基盤\n\n決済が失敗し始めたら 5 分以内に担当者を呼び出す。PCI DSS は SAQ A で自己評価する。\n\n| VPC | CIDR |\n|---|---|\n| tokyo | 10.40.0.0/16 |\n| osaka | 10.41.0.0/16 |\n| ops | {vpc} |\n\n## 監視\n\n| ID | 条件 | 評価 | 重大度 | 手順書 |\n|---|---|---|---|---|\n| A-1 | 決済成功率 97% 未満 | {looked} | Sev1 | RB-1 |\n\n## 待機\n\n| 曜日 | 待機時間 |\n|---|---|\n| 毎日 | {hours} |\n\n## 重大度\n\n| 重大度 | 初動 | 適用時間 |\n|---|---|---|\n| Sev1 | 15 分以内 | 24 時間 365 日 |\n\n## 電話\n\n{typed}\n"
        )
    };
    let redirected = "決済は PSP の画面で行う。";
    let kept = plan("10.42.0.0/20", "0:00〜24:00", "1 分 × 3 回連続", redirected);
    assert_eq!(found("plan.md", &kept), NOTHING);
    let typed = "オペレーターが患者の読み上げたカード番号を当社の画面に打ち込む。";
    let broken = plan("10.41.192.0/20", "8:00〜22:00", "5 分 × 3 回連続", typed);
    let mut told = found("plan.md", &broken);
    told.sort_unstable();
    let wanted = "card-entry-against-scope nobody-at-night period-exceeds-page ranges-overlap";
    assert_eq!(told.join(" "), wanted);
}

#[test]
fn two_amounts_may_share_their_currency() {
    let text =
        "# Costs\n\n- Messages are retained for 7 EUR 14,200; Cloud SQL EUR 6,300 a month.\n";
    assert_eq!(found("plan.md", text), NOTHING);
}
