//! Sentences and tables of designs, each in our own words: what is read from them, and what is not.

use spec::import::{About, File, import};

use crate::load;

/// The specification that a design becomes, without the places that its lines came from.
fn read(text: &str) -> String {
    let file = File {
        name: "design.md".to_owned(),
        text: text.to_owned(),
    };
    let about = About {
        name: "shop",
        time_zone: "Asia/Tokyo",
        lang: promise::Lang::En,
    };
    let text = import(&[file], &about).text;
    let bare = text
        .lines()
        .map(|line| line.split(" # ").next().unwrap_or(line).trim_end());
    bare.collect::<Vec<_>>().join("\n")
}

fn codes(text: &str) -> Vec<&'static str> {
    let loaded = load(&read(text));
    loaded.diagnostics.iter().map(|it| it.code).collect()
}

fn is_found(code: &str, text: &str) -> bool {
    codes(text).contains(&code)
}

#[test]
fn what_is_sent_within_a_night_is_held_against_what_others_allow() {
    // 36,000 in an hour are 10 a second.
    let design = "
# Billing design

## Providers
| Item | Provider A | Provider B |
|---|---|---|
| Requests per second, hard limit | 50 | 9 |

## Monthly run
The run starts at 02:00. All 36,000 charges are sent through B and have to be finished by 03:00.
";
    assert!(is_found("rate-limit-exceeded", design));
    let allowed = design.replace("| 9 |", "| 10 |");
    assert!(!is_found("rate-limit-exceeded", &allowed));
    let ja = "
# 課金基盤設計書

## 決済
- 毎月末日の 22:00 に始め、36,000 件を 23:00 までに送り終える。
- 会員 1 人につき PSP への 1 要求で送る。

```properties
PSP_TIMEOUT_MS=4000
PSP_MAX_RETRIES=1
```

| 項目 | 上限 |
|---|---|
| PSP の API | 9 要求/秒 |
";
    assert!(is_found("rate-limit-exceeded", ja));
    assert!(!is_found(
        "rate-limit-exceeded",
        &ja.replace("9 要求", "10 要求")
    ));
}

#[test]
fn who_takes_over_is_waited_for_too() {
    // 4 s and 4 s for the other are 8 s.
    let design = "
# Payment design

```yaml
acquirers:
  a: { response_timeout_ms: 4000, attempts: 1 }
  b: { response_timeout_ms: 4000, attempts: 1 }
edge:
  backend_timeout_s: 7
```

If A does not answer, the charge is sent to Acquirer B.
";
    assert!(
        is_found("retries-exceed-idle-timeout", design),
        "{}",
        read(design)
    );
    let longer = design.replace("backend_timeout_s: 7", "backend_timeout_s: 9");
    assert!(!is_found("retries-exceed-idle-timeout", &longer));
    let alone = design.replace(
        "If A does not answer, the charge is sent to Acquirer B.",
        "",
    );
    assert!(!is_found("retries-exceed-idle-timeout", &alone));
}

#[test]
fn own_keys_are_promised_for_what_a_bucket_holds() {
    let design = "
# Records design

Every bucket with records is encrypted under a customer-managed key.

```hcl
resource \"aws_s3_bucket_server_side_encryption_configuration\" \"records\" {
  bucket = aws_s3_bucket.records.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = \"AES256\"
    }
  }
}
```
";
    assert!(is_found("key-of-the-provider", design), "{}", read(design));
    let own = design.replace(
        "sse_algorithm = \"AES256\"",
        "sse_algorithm = \"aws:kms\"\n      kms_master_key_id = aws_kms_key.records.arn",
    );
    assert!(!is_found("key-of-the-provider", &own));
}

#[test]
fn a_kind_of_backup_names_its_row_where_the_rest_says_when() {
    let design = "
# 復旧手順書

### バックアップスケジュール

| 種別 | 実行タイミング | 保持期間 |
|---|---|---|
| 日次 (daily) | 毎日 午前 4:00 | 10 日間 |
| 月次 (monthly) | 毎月 1 日 午前 4:00 | 365 日間 |
";
    let spec = read(design);
    for line in [
        "daily:",
        "every: 1d",
        "retention: 10d",
        "monthly:",
        "every: 31d",
    ] {
        assert!(spec.contains(line), "{line}\n{spec}");
    }
}

#[test]
fn a_share_and_the_downtime_that_it_leaves_are_one_promise() {
    let design = "
# 非機能要件

| 項目 | 目標値 |
|---|---|
| 稼働率 | 99.9%（月間ダウンタイム 43 分以内） |
| RTO（目標復旧時間） | 20 分 |
";
    let spec = read(design);
    assert!(spec.contains("availability: 99.9 %"), "{spec}");
    assert!(!spec.contains("p99.9"), "{spec}");
}

#[test]
fn what_something_is_like_is_not_how_long_a_step_takes() {
    let design = "
# Failover

| System | RPO | RTO |
|---|---|---|
| API | 30 seconds | 5 minutes |

## Region failover
1. Promote the replica (1 minute)
2. Point DNS to the standby region (2 minutes)
3. Stores go on with their 72-hour local cache
";
    assert!(
        !is_found("recovery-exceeds-rto", design),
        "{}",
        read(design)
    );
    let slow = design.replace("72-hour local cache", "cache, which is rebuilt in 72 hours");
    assert!(is_found("recovery-exceeds-rto", &slow), "{}", read(&slow));
}

#[test]
fn how_a_release_is_rolled_out_is_no_promise() {
    for said in [
        "**Rollout**: canary 5% → 50% → 100% with a rollback on a breach of the SLO.",
        "SLO alerts: 2% of the error budget burned in 1 hour pages someone.",
    ] {
        let spec = read(&format!("# Operations\n\n{said}\n"));
        assert!(
            !spec.contains("bound:") && !spec.contains("kept:"),
            "{spec}"
        );
    }
}

#[test]
fn a_table_of_regions_says_which_stands_by() {
    let design = "
# Regions

All that runs today is in us-east-1, and us-west-2 is new.

| Region | Code | Purpose |
|---|---|---|
| East (primary) | us-east-1 | everything |
| West | us-west-2 | hot standby |
";
    let spec = read(design);
    let (_, west) = spec.split_once("us-west-2:").expect("the region");
    assert!(west.trim_start().starts_with("role: standby"), "{spec}");
}

#[test]
fn objectives_look_no_further_back_than_there_are_metrics() {
    let design = "
# Observability

Prometheus keeps metrics for 15 days, logs stay for 90 days.

## Objectives
SLO window: 28 days, rolling.
";
    assert!(
        is_found("window-exceeds-metrics", design),
        "{}",
        read(design)
    );
    // A second store keeps them longer.
    let longer = design.replace(
        "logs stay",
        "and Thanos keeps the same metrics for 400 days; logs stay",
    );
    assert!(
        !is_found("window-exceeds-metrics", &longer),
        "{}",
        read(&longer)
    );
    let ja = "
# 監視設計

| 対象 | 保持期間 |
|---|---|
| メトリクス | 14 日 |
| アプリケーションログ | 90 日 |

## SLO
| 指標 | 目標 | 測定期間 |
|---|---|---|
| 可用性 | 99.9 % | 30 日 |
";
    assert!(is_found("window-exceeds-metrics", ja), "{}", read(ja));
    assert!(!is_found(
        "window-exceeds-metrics",
        &ja.replace("14 日", "400 日")
    ));
}

#[test]
fn how_long_a_health_check_waits_is_not_how_long_a_load_balancer_does() {
    let design = "
# Platform

```yaml
load_balancer:
  health_check: { path: /health, interval: 15, timeout: 5 }
  idle_timeout: 60
dependencies:
  maps: { timeout: 30s }
```
";
    assert!(
        !is_found("retries-exceed-idle-timeout", design),
        "{}",
        read(design)
    );
    let short = design.replace("idle_timeout: 60", "idle_timeout: 20");
    assert!(
        is_found("retries-exceed-idle-timeout", &short),
        "{}",
        read(&short)
    );
}

#[test]
fn a_rule_that_denies_lets_nobody_in() {
    let design = "
# Firewall

| Source | Destination | Port | Protocol | Action |
|---|---|---|---|---|
| 10.0.0.0/8 | DMZ | 443 | TCP | Allow |
| Any | Any | Any | Any | Deny |
";
    assert!(!is_found("open-to-everyone", design), "{}", read(design));
    let open = design.replace("| Deny |", "| Allow |");
    assert!(is_found("open-to-everyone", &open), "{}", read(&open));
}

#[test]
fn the_lowest_priority_is_none_of_the_three() {
    let design = "
# Incidents

- **P3 Medium**: 2 hours acknowledgment
- **P4 Low**: 8 hours acknowledgment
";
    assert!(!is_found("stated-twice", design), "{}", read(design));
}

#[test]
fn a_log_in_a_block_leads_to_any_point_in_time() {
    let design = "
# Data

```yaml
availability_targets:
  primary_database: { rpo: 1m, rto: 5m }
backup_strategy:
  postgresql:
    continuous_backup: { type: WAL archiving }
    daily_snapshot: { schedule: '0 2 * * *' }
```
";
    assert!(!is_found("backup-exceeds-rpo", design), "{}", read(design));
    let alone = design.replace("    continuous_backup: { type: WAL archiving }\n", "");
    assert!(is_found("backup-exceeds-rpo", &alone), "{}", read(&alone));
}

#[test]
fn logs_beside_the_audit_log_are_not_held_to_its_clause() {
    let design = "
# Logs (PCI DSS)

| Log type | Hot storage | Total |
|---|---|---|
| Audit logs | 90 days | 7 years |
| System logs | 30 days | 1 year |
";
    assert!(
        !is_found("audit-kept-too-short", design),
        "{}",
        read(design)
    );
    let short = design.replace("| 90 days | 7 years |", "| 30 days | 7 years |");
    assert!(is_found("audit-kept-too-short", &short), "{}", read(&short));
}

#[test]
fn how_much_is_not_how_many() {
    let design = "
# Hardware

| Resource | Minimum | Maximum |
|---|---|---|
| Storage | 100GB SSD | 2TB NVMe |
| Memory | 16GB | 128GB |
";
    assert!(
        !is_found("figures-out-of-order", design),
        "{}",
        read(design)
    );
}

#[test]
fn a_tier_s_own_copy_is_not_held_against_another_s() {
    let design = "
# Recovery

```yaml
availability_tiers:
  tier_1: { rto: 5m, rpo: 1m, data_replication: synchronous }
  tier_2: { rto: 15m, rpo: 5m, data_replication: asynchronous (< 5 min lag) }
```
";
    assert!(!is_found("lag-exceeds-rpo", design), "{}", read(design));
    let late = design.replace("< 5 min lag", "< 9 min lag");
    assert!(is_found("lag-exceeds-rpo", &late), "{}", read(&late));
}

#[test]
fn what_a_feature_achieves_is_not_what_is_owed() {
    let design = "
# Reliability

| Failure | Mitigation |
|---|---|
| A hardware fault stops the database | Turn on zone-redundant HA, which achieves zero recovery point objective (RPO). |

Backups are taken daily. Account for up to one hour of RPO and plan for the tasks after a restore.
";
    assert!(!is_found("backup-exceeds-rpo", design), "{}", read(design));
    let owed = design.replace(
        "which achieves zero recovery point objective (RPO)",
        "for our RPO of 0",
    );
    assert!(is_found("backup-exceeds-rpo", &owed), "{}", read(&owed));
}

#[test]
fn prizes_and_prices_of_a_click_are_no_costs() {
    let plan = "
# Marketing

- Google: 月額予算2,000万円、CPC 50円目標
- Facebook: 月額予算1,500万円、CPM 500円

## Hackathon

- 賞金総額1,000万円

## 資金調達

| ラウンド | 調達額 | ポストマネー |
|---|---|---|
| シード | 5億円 | 25億円 |
| **累計** | **435億円** | **1,800億円** |
";
    assert!(!is_found("total-does-not-add-up", plan), "{}", read(plan));
}

#[test]
fn a_ping_of_another_side_is_not_held_against_this_load_balancer() {
    let design = "
# 構成

| ロードバランサー | idle_timeout |
|---|---|
| ALB (public) | 30 秒 |

連携エージェントは 30 秒ごとに ping を送り、agent 側の接続を保つ。agent 側は無通信の打ち切りを 120 秒とする。
";
    let is_said = |design: &str| is_found("heartbeat-exceeds-idle-timeout", design);
    assert!(!is_said(design), "{}", read(design));
    let own = design.replace(
        "agent 側の接続を保つ。agent 側は無通信の打ち切りを 120 秒とする。",
        "ALB の接続を保つ。",
    );
    assert!(is_said(&own), "{}", read(&own));
}

#[test]
fn the_newest_of_an_audit_log_is_not_all_that_is_kept() {
    let design = "
# セキュリティ

PCI DSS v4.0.1 のサービスプロバイダとして評価を受ける。

## 監査ログ

監査ログは、要件 10.5.1 に従い少なくとも 12 か月保存し、直近 3 か月分はすぐに検索できる状態に置く。
";
    let is_said = |design: &str| is_found("audit-kept-too-short", design);
    assert!(!is_said(design), "{}", read(design));
    let short = design.replace("12 か月保存", "6 か月保存");
    assert!(is_said(&short), "{}", read(&short));
}

#[test]
fn machines_spread_over_zones_are_no_zones() {
    let design = "
# 構成

| 要素 | 製品 | 備考 |
|---|---|---|
| ノード | m6i.2xlarge | 通常 15 台、3 AZ に 5 台ずつ |

| サブネット | CIDR |
|---|---|
| public | 10.40.0.0/24 |
";
    let is_said = |design: &str| is_found("zones-without-subnets", design);
    assert!(!read(design).contains("15 zones"), "{}", read(design));
    let zones = design.replace("3 AZ に 5 台ずつ", "3 AZ");
    assert!(is_said(&zones), "{}", read(&zones));
}

#[test]
fn a_column_of_networks_has_no_subnets() {
    let design = "
# ネットワーク

| 環境 | リージョン | VPC CIDR |
|---|---|---|
| 本番 | 東京 | 10.40.0.0/16 |
| ステージング | 東京 | 10.42.0.0/16 |

| 用途 | AZ-a | AZ-c |
|---|---|---|
| 公開 | 10.40.0.0/24 | 10.40.1.0/24 |
";
    let is_said = |design: &str| is_found("ranges-overlap", design);
    assert!(!is_said(design), "{}", read(design));
    let twice = design.replace("10.42.0.0/16", "10.40.128.0/17");
    assert!(is_said(&twice), "{}", read(&twice));
}

#[test]
fn a_yearly_sum_beside_what_was_approved_is_no_part_of_the_month() {
    let design = "
# 費用

| 区分 | 月額(円) |
|---|---:|
| EKS | 1,150,000 |
| RDS | 2,480,000 |
| **合計** | **3,630,000** |

年額では 43,560,000 円となり、2027 年度の承認予算 5,000 万円に収まる。
";
    let is_said = |design: &str| is_found("total-does-not-add-up", design);
    assert!(!is_said(design), "{}", read(design));
    let wrong = design.replace("3,630,000", "3,360,000");
    assert!(is_said(&wrong), "{}", read(&wrong));
}
