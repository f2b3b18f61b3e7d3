//! The spec that `tegata init` writes into an empty directory.
//!
//! It promises something that is true on any machine, Tegata's own console being reachable, so that the
//! first run shows a verdict and every section has an example to change.

use promise::Lang;

use super::quoted;

/// A valid, commented spec for a service of this name.
#[must_use]
pub fn template(name: &str, zone: &str, lang: Lang) -> String {
    let text = match lang {
        Lang::En => EN,
        Lang::Ja => JA,
    };
    // The name last: it may itself read like a placeholder.
    text.replace("ZONE", &quoted(zone))
        .replacen("NAME", &quoted(name), 1)
}

const EN: &str = r#"# What this service promises, and how it is proven.
#   tegata check   finds mistakes      tegata run THIS_FILE   watches and judges
#   tegata schema  for your editor     tegata explain ID      why a promise has its verdict

service:
  name: NAME
  owner: sre            # who answers for promises that name no owner
  time_zone: ZONE

# Where evidence comes from.
sources:
  # Prometheus exporters, by job. `targets` are host:port or whole URLs.
  scrape:
    tegata:
      targets: [127.0.0.1:8400]   # Tegata's own metrics, to begin with
      interval: 15s
      timeout: 10s
    # node:
    #   targets: [127.0.0.1:9100]
  # Checks from outside, as a user would see them: http, tcp, tls, dns.
  probes:
    console:
      kind: http
      url: http://127.0.0.1:8400/healthz
      interval: 15s
  # JSON log lines, followed from files.
  # logs:
  #   app: { stream: app, files: [/var/log/app/*.jsonl] }

# What is owed. No evidence, or stale evidence, is "unproven", never "kept".
promises:
  metrics_arrive:
    name: Metrics arrive
    kind: freshness
    series: up{job="tegata"}
    within: 1m
    severity: sev3
  # payments_succeed:
  #   kind: ratio
  #   total: payments_total
  #   good: payments_total{status="succeeded"}
  #   at_least: 99.5 %
  #   window: 30d
  #   severity: sev1

# How bad it is when a promise breaks, and how fast people must know and answer.
severities:
  sev1: { level: 1, page_within: 1m, answer_within: 15m }
  sev2: { level: 2, page_within: 3m, answer_within: 1h }
  sev3: { level: 3, answer_within: 4h }

# Who is told. Every route that fits is used; one without `severities` takes all.
routes:
  - receivers: [inbox]

# A receiver's URL or password is never written here but referred to: ${env:SLACK_URL}.
receivers:
  inbox: { kind: inbox }     # the console's own inbox needs nothing outside
  # slack: { kind: slack, url: "${env:SLACK_URL}" }

# How long evidence is kept. The ledger is kept for good.
retention:
  metrics: 400d
  logs: 365d
"#;

const JA: &str = r#"# このサービスの約束と、その証明のしかた。
#   tegata check   誤りを見つける        tegata run このファイル   見守り、判定する
#   tegata schema  エディター向け        tegata explain ID         判定の理由を見る

service:
  name: NAME
  owner: sre            # 責任者が書かれていない約束の責任者
  time_zone: ZONE

# 証拠の出どころ。
sources:
  # Prometheus エクスポーター(ジョブごと)。`targets` は host:port か URL。
  scrape:
    tegata:
      targets: [127.0.0.1:8400]   # まずは Tegata 自身のメトリクス
      interval: 15s
      timeout: 10s
    # node:
    #   targets: [127.0.0.1:9100]
  # 利用者の目線の確認: http, tcp, tls, dns。
  probes:
    console:
      kind: http
      url: http://127.0.0.1:8400/healthz
      interval: 15s
  # JSON のログをファイルから追う。
  # logs:
  #   app: { stream: app, files: [/var/log/app/*.jsonl] }

# 約束。証拠がない、または古いときは「証拠なし」であり、「守れている」にはなりません。
promises:
  metrics_arrive:
    name: メトリクスが届く
    kind: freshness
    series: up{job="tegata"}
    within: 1m
    severity: sev3
  # payments_succeed:
  #   kind: ratio
  #   total: payments_total
  #   good: payments_total{status="succeeded"}
  #   at_least: 99.5 %
  #   window: 30d
  #   severity: sev1

# 約束が破れたときの重大度と、知らせるまで・応答するまでの時間。
severities:
  sev1: { level: 1, page_within: 1m, answer_within: 15m }
  sev2: { level: 2, page_within: 3m, answer_within: 1h }
  sev3: { level: 3, answer_within: 4h }

# 誰に知らせるか。当てはまる経路はすべて使われ、`severities` のない経路はすべてを受け取ります。
routes:
  - receivers: [inbox]

# 宛先の URL やパスワードは書かずに参照します: ${env:SLACK_URL}。
receivers:
  inbox: { kind: inbox }     # 画面の受信箱。外部には何も要りません
  # slack: { kind: slack, url: "${env:SLACK_URL}" }

# 証拠の保存期間。台帳は消しません。
retention:
  metrics: 400d
  logs: 365d
"#;
