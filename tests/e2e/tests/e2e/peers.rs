//! Real programs as sources: what we sample is what a real Prometheus samples from the same targets.

use std::{collections::BTreeMap, path::Path, process::Command, time::Duration};

use e2e::{Http, Program, free_port, run, until};
use serde_json::Value;

use crate::support::Running;

struct Peers {
    _programs: Vec<Program>,
    node: u16,
    blackbox: u16,
    nginx: u16,
    nginx_exporter: u16,
    prometheus: u16,
}

fn start(dir: &Path) -> anyhow::Result<Peers> {
    let (node, blackbox, nginx, nginx_exporter, prometheus) = (
        free_port()?,
        free_port()?,
        free_port()?,
        free_port()?,
        free_port()?,
    );
    let mut programs = Vec::new();

    let mut command = Command::new("prometheus-node-exporter");
    command.arg(format!("--web.listen-address=127.0.0.1:{node}"));
    programs.push(Program::start(command, "node_exporter", dir)?);

    std::fs::write(
        dir.join("blackbox.yml"),
        "modules: { http_2xx: { prober: http, timeout: 2s, http: { preferred_ip_protocol: ip4 } } }\n",
    )?;
    let mut command = Command::new("prometheus-blackbox-exporter");
    command
        .arg(format!("--web.listen-address=127.0.0.1:{blackbox}"))
        .arg(format!(
            "--config.file={}",
            dir.join("blackbox.yml").display()
        ));
    programs.push(Program::start(command, "blackbox_exporter", dir)?);

    let nginx_conf = format!(
        "daemon off; pid {0}/nginx.pid; error_log {0}/nginx.err; events {{ }} http {{ access_log off; \
         client_body_temp_path {0}/b; proxy_temp_path {0}/p; fastcgi_temp_path {0}/f; uwsgi_temp_path {0}/u; \
         scgi_temp_path {0}/s; server {{ listen 127.0.0.1:{nginx}; location /status {{ stub_status; }} \
         location / {{ return 200 ok; }} }} }}",
        dir.display()
    );
    std::fs::write(dir.join("nginx.conf"), nginx_conf)?;
    let mut command = Command::new("nginx");
    command.args(["-c", &dir.join("nginx.conf").display().to_string()]);
    programs.push(Program::start(command, "nginx", dir)?);
    let mut command = Command::new("prometheus-nginx-exporter");
    command
        .arg(format!("-web.listen-address=127.0.0.1:{nginx_exporter}"))
        // It ends at once when nginx does not listen yet; this lets it wait.
        .args(["-nginx.retries=20", "-nginx.retry-interval=1s"])
        .arg(format!("-nginx.scrape-uri=http://127.0.0.1:{nginx}/status"));
    programs.push(Program::start(command, "nginx_exporter", dir)?);

    let config = format!(
        "global: {{ scrape_interval: 1s }}\nscrape_configs:\n\
             - {{ job_name: node, static_configs: [ {{ targets: ['127.0.0.1:{node}'] }} ] }}\n\
             - {{ job_name: nginx, static_configs: [ {{ targets: ['127.0.0.1:{nginx_exporter}'] }} ] }}\n\
             - {{ job_name: prometheus, static_configs: [ {{ targets: ['127.0.0.1:{prometheus}'] }} ] }}\n"
    );
    programs.push(e2e::prometheus(dir, &config, prometheus, &[])?);
    Ok(Peers {
        _programs: programs,
        node,
        blackbox,
        nginx,
        nginx_exporter,
        prometheus,
    })
}

fn spec(peers: &Peers, dead: u16) -> String {
    let Peers {
        node,
        blackbox,
        nginx,
        nginx_exporter,
        prometheus,
        ..
    } = peers;
    format!(
        "service: {{ name: {{ en: Shop, ja: 店 }}, owner: sre, time_zone: Asia/Tokyo }}\n\
         sources:\n\
         \x20 scrape:\n\
         \x20   node: {{ targets: [\"127.0.0.1:{node}\"], interval: 1s, timeout: 1s }}\n\
         \x20   nginx: {{ targets: [\"127.0.0.1:{nginx_exporter}\"], interval: 1s, timeout: 1s }}\n\
         \x20   prometheus: {{ targets: [\"127.0.0.1:{prometheus}\"], interval: 1s, timeout: 1s }}\n\
         \x20   blackbox:\n\
         \x20     targets: [\"127.0.0.1:{blackbox}\"]\n\
         \x20     path: /probe\n\
         \x20     params: {{ module: http_2xx, target: \"http://127.0.0.1:{nginx}/\" }}\n\
         \x20     interval: 1s\n\
         \x20     timeout: 1s\n\
         \x20 probes:\n\
         \x20   front: {{ kind: http, url: \"http://127.0.0.1:{nginx}/\", contains: ok, interval: 1s, timeout: 1s }}\n\
         \x20   port: {{ kind: tcp, address: \"127.0.0.1:{nginx}\", interval: 1s, timeout: 1s }}\n\
         \x20   gone: {{ kind: tcp, address: \"127.0.0.1:{dead}\", interval: 1s, timeout: 1s }}\n\
         promises:\n\
         \x20 memory: {{ kind: threshold, query: \"node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes\", at_least: 0.001, fresh_for: 10s }}\n\
         \x20 web_up: {{ kind: threshold, query: \"nginx_up\", at_least: 1, fresh_for: 10s }}\n\
         \x20 outside: {{ kind: threshold, query: \"probe_success{{job=\\\"blackbox\\\"}}\", at_least: 1, fresh_for: 10s }}\n\
         \x20 front: {{ kind: threshold, query: \"probe_success{{instance=\\\"front\\\"}}\", at_least: 1, fresh_for: 10s }}\n\
         \x20 gone: {{ kind: threshold, query: \"probe_success{{instance=\\\"gone\\\"}}\", at_least: 1, fresh_for: 10s }}\n\
         \x20 scraped: {{ kind: freshness, series: prometheus_build_info, within: 10s }}\n"
    )
}

/// Series by their labels, from the answer of an instant query.
fn series(answer: &Value) -> BTreeMap<String, String> {
    let result = answer["data"]["result"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    result
        .iter()
        .map(|one| {
            let labels: BTreeMap<String, String> =
                serde_json::from_value(one["metric"].clone()).unwrap_or_default();
            (
                format!("{labels:?}"),
                one["value"][1].as_str().unwrap_or_default().to_owned(),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_equal_those_of_a_real_prometheus() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let peers = start(dir.path())?;
    let prometheus = Http::to(format!("http://127.0.0.1:{}", peers.prometheus))?;
    let ours = Running::spec(dir.path(), &spec(&peers, free_port()?)).await?;

    for id in ["memory", "web_up", "outside", "front", "scraped"] {
        ours.until_state(id, &["kept"], Duration::from_secs(60))
            .await?;
    }
    ours.until_state("gone", &["broken"], Duration::from_secs(20))
        .await?;

    until(
        "the real Prometheus to have scraped",
        Duration::from_secs(30),
        async || {
            let answer = prometheus.json("/api/v1/query?query=sum(up)").await?;
            Ok(series(&answer).values().any(|up| up == "3").then_some(()))
        },
    )
    .await?;

    // Figures that do not move between two scrapes are equal to the last digit, label by label.
    let still = [
        "node_memory_MemTotal_bytes",
        "node_boot_time_seconds",
        "node_uname_info",
        "node_filesystem_size_bytes",
        "node_cpu_info",
        "node_network_info",
        "node_exporter_build_info",
        "prometheus_build_info",
        "process_start_time_seconds",
        "nginx_up",
        "go_info",
        "up",
    ];
    let mut compared = 0;
    for metric in still {
        let path = format!("/api/v1/query?query={metric}{{job=~%22node|nginx|prometheus%22}}");
        let (theirs, mine) = (
            series(&prometheus.json(&path).await?),
            series(&ours.http.json(&path).await?),
        );
        assert_eq!(mine, theirs, "{metric}");
        compared += mine.len();
    }
    assert!(compared >= 12, "only {compared} series were compared");

    // Moving counters lie between two of the real one's answers; every series that it has, we have.
    let path = "/api/v1/query?query=node_cpu_seconds_total";
    let before = series(&prometheus.json(path).await?);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mine = series(&ours.http.json(path).await?);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let after = series(&prometheus.json(path).await?);
    assert_eq!(
        mine.keys().collect::<Vec<_>>(),
        before.keys().collect::<Vec<_>>()
    );
    for (labels, value) in &mine {
        let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
        let (low, now, high) = (
            number(&before[labels]),
            number(value),
            number(&after[labels]),
        );
        assert!(
            low <= now && now <= high,
            "{labels}: {low} <= {now} <= {high}"
        );
    }
    ours.stop()?;

    // A first spec from a running exporter is valid as it is proposed.
    let exporter = format!("http://127.0.0.1:{}/metrics", peers.node);
    let proposed = run(&["init", "proposed.yaml", "--from", &exporter], dir.path())?;
    assert!(
        proposed.status.success(),
        "{}",
        String::from_utf8_lossy(&proposed.stderr)
    );
    let checked = run(&["check", "proposed.yaml"], dir.path())?;
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
    Ok(())
}
