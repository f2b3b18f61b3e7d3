//! A running Tegata for a test.

use std::{path::Path, process::Command, time::Duration};

use anyhow::{Context as _, ensure};
use e2e::{Http, Program, tegata, until};
use serde_json::Value;

/// The offsets of the ports that the demo takes.
pub(crate) const DEMO_PORTS: [u16; 7] = [0, 11, 12, 13, 20, 98, 99];

/// A started `tegata run` or `tegata demo` whose console answers.
pub(crate) struct Running {
    pub(crate) program: Program,
    pub(crate) http: Http,
}

impl Running {
    pub(crate) async fn spec(dir: &Path, spec: &str) -> anyhow::Result<Self> {
        std::fs::write(dir.join("tegata.yaml"), spec)?;
        Self::again(dir).await
    }

    /// Starts on the spec and data that are in `dir` already.
    pub(crate) async fn again(dir: &Path) -> anyhow::Result<Self> {
        let mut command = tegata(&[
            "run",
            "tegata.yaml",
            "--data",
            "data",
            "--listen",
            "127.0.0.1:0",
        ]);
        command.current_dir(dir);
        Self::from_program(Program::start(command, "tegata", dir)?, &dir.join("data")).await
    }

    pub(crate) async fn demo(dir: &Path, port: u16) -> anyhow::Result<Self> {
        let mut command = tegata(&["demo", "--data", "data", "--port", &port.to_string()]);
        command.current_dir(dir);
        Self::from_program(Program::start(command, "demo", dir)?, &dir.join("data")).await
    }

    pub(crate) async fn from_program(mut program: Program, data: &Path) -> anyhow::Result<Self> {
        let pid = program.pid();
        let found = until(
            "the console's address",
            Duration::from_secs(30),
            async || {
                let Ok(text) = std::fs::read_to_string(data.join("instance.json")) else {
                    return Ok(None);
                };
                let Ok(instance) = serde_json::from_str::<Value>(&text) else {
                    return Ok(None);
                };
                // A killed predecessor may have left its own.
                Ok((instance["pid"] == pid)
                    .then(|| instance["url"].as_str().unwrap_or_default().to_owned()))
            },
        )
        .await;
        match found {
            Ok(url) => Ok(Self {
                program,
                http: Http::to(url)?,
            }),
            Err(error) => {
                let ended = program.wait(Duration::ZERO).ok();
                Err(error).context(format!(
                    "ended: {ended:?}; it printed:\n{}",
                    program.printed()
                ))
            }
        }
    }

    /// The rows of the board.
    pub(crate) async fn rows(&self) -> anyhow::Result<Vec<Value>> {
        Ok(self.http.json("/api/v1/promises").await?["promises"]
            .as_array()
            .cloned()
            .unwrap_or_default())
    }

    /// The state of one promise.
    pub(crate) async fn state(&self, id: &str) -> anyhow::Result<Option<String>> {
        let verdict = self.verdict(id).await?;
        Ok(verdict.and_then(|verdict| verdict["state"].as_str().map(str::to_owned)))
    }

    async fn verdict(&self, id: &str) -> anyhow::Result<Option<Value>> {
        let rows = self.rows().await?;
        let row = rows.iter().find(|row| row["promise"]["id"] == id);
        Ok(row.map(|row| row["verdict"].clone()))
    }

    /// Waits until a promise is in one of `states`.
    pub(crate) async fn until_state(
        &self,
        id: &str,
        states: &[&str],
        within: Duration,
    ) -> anyhow::Result<String> {
        let what = format!("{id} to be {}", states.join(" or "));
        until(&what, within, async || {
            let Some(verdict) = self.verdict(id).await? else {
                return Ok(None);
            };
            let state = verdict["state"].as_str().unwrap_or_default();
            if states.contains(&state) {
                return Ok(Some(state.to_owned()));
            }
            anyhow::bail!("it is {state}: {}", verdict["reason"])
        })
        .await
    }

    /// SIGTERM; it must end with 0 within the promised 10 s.
    pub(crate) fn stop(mut self) -> anyhow::Result<String> {
        self.program.signal("TERM")?;
        let status = self.program.wait(Duration::from_secs(12))?;
        anyhow::ensure!(status.success(), "it ended with {status}");
        Ok(self.program.printed())
    }
}

/// Runs git, whose arguments hold no spaces; what it printed.
pub(crate) fn git(dir: &Path, args: &str) -> anyhow::Result<String> {
    let done = Command::new("git")
        .args(args.split(' '))
        .current_dir(dir)
        .output()?;
    ensure!(
        done.status.success(),
        "git {args}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(String::from_utf8(done.stdout)?)
}
