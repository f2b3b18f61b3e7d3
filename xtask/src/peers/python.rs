//! Senders and readers that are Python packages: installed from PyPI into an environment of their own below `target/`, so that the
//! system's Python stays as it is.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::shell;

use super::Missing;

/// In these versions, for a newer one should not fail a commit that changed nothing here.
const PACKAGES: &[(&str, &str)] = &[
    ("opentelemetry-sdk", "1.45.2"),
    ("opentelemetry-exporter-otlp-proto-http", "1.45.2"),
    ("opentelemetry-exporter-otlp-proto-grpc", "1.45.2"),
    ("duckdb", "2.0.0"),
    // Beside whose rules our log rules are tested; it does not know numpy 2.
    ("elastalert2", "2.19.0"),
    ("numpy", "1.26.4"),
    ("pytz", "2025.2"),
    // Clients of Elasticsearch's API, as ElastAlert2's is.
    ("opensearch-py", "3.2.0"),
    ("elasticsearch-curator", "8.0.21"),
    // A mail server that takes mail only over TLS.
    ("aiosmtpd", "1.4.6"),
];

/// What is only measured beside us: ClickHouse as a library.
const MEASURED: &str = "chdb";

/// The Python that knows the packages, installed when they are not there in their versions.
pub fn ensure() -> anyhow::Result<PathBuf> {
    let folder = shell::root().join("target/python");
    let python = folder.join("bin/python");
    if is_whole(&python) {
        return Ok(python);
    }
    let names: Vec<String> = PACKAGES
        .iter()
        .map(|(name, version)| format!("{name}=={version}"))
        .collect();
    println!("   installing {}", names.join(" "));
    match install(&folder, &python, &names) {
        Ok(()) if is_whole(&python) => Ok(python),
        done => Err(Missing(format!(
            "the OpenTelemetry SDK and DuckDB, which send to us and read our files in tests, could not be installed from PyPI{}\n\
             Make an environment: python3 -m venv {} && {} -m pip install {}",
            done.err()
                .map(|error| format!(": {error:#}"))
                .unwrap_or_default(),
            folder.display(),
            python.display(),
            names.join(" ")
        ))
        .into()),
    }
}

/// The same with what a bench needs.
pub fn ensure_measured() -> anyhow::Result<PathBuf> {
    let python = ensure()?;
    let folder = shell::root().join("target/python");
    install(&folder, &python, &[MEASURED.to_owned()])?;
    Ok(python)
}

fn install(folder: &Path, python: &Path, names: &[String]) -> anyhow::Result<()> {
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv"]).arg(folder).stdin(Stdio::null());
    shell::run(&mut venv)?;
    let mut pip = Command::new(python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ])
    .args(names)
    .stdin(Stdio::null());
    shell::run(&mut pip)
}

fn is_whole(python: &Path) -> bool {
    let wanted: String = PACKAGES
        .iter()
        .map(|(name, version)| format!("assert version('{name}') == '{version}';"))
        .collect();
    let mut ask = Command::new(python);
    ask.arg("-c")
        .arg(format!("from importlib.metadata import version;{wanted}"))
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    ask.status().is_ok_and(|status| status.success())
}
