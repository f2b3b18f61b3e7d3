//! The ledger after the fact: flipped bytes, kills, second processes.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use e2e::{Program, free_port, run, tegata};
use serde_json::Value;

use crate::support::Running;

/// A promise about Tegata's own metrics: needs nothing else to run.
fn spec(port: u16) -> String {
    format!(
        "service: {{ name: Shop, owner: sre }}\n\
         sources:\n\
         \x20 scrape:\n\
         \x20   itself: {{ targets: [\"127.0.0.1:{port}\"], interval: 1s, timeout: 1s }}\n\
         promises:\n\
         \x20 alive:\n\
         \x20   kind: freshness\n\
         \x20   series: tegata_sources\n\
         \x20   within: 10s\n\
         \x20   owner: sre\n"
    )
}

async fn short_life(dir: &Path) -> anyhow::Result<()> {
    life_of(dir, "").await
}

/// With `more` in the spec.
async fn life_of(dir: &Path, more: &str) -> anyhow::Result<()> {
    let port = free_port()?;
    fs::write(dir.join("tegata.yaml"), spec(port) + more)?;
    let mut command = tegata(&[
        "run",
        "tegata.yaml",
        "--data",
        "data",
        "--listen",
        &format!("127.0.0.1:{port}"),
    ]);
    command.current_dir(dir);
    let running =
        Running::from_program(Program::start(command, "tegata", dir)?, &dir.join("data")).await?;
    running
        .until_state("alive", &["kept"], Duration::from_secs(30))
        .await?;
    running.stop()?;
    Ok(())
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_anywhere_is_found() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    short_life(dir.path()).await?;
    let verify = || run(&["ledger", "verify", "--data", "data"], dir.path());
    assert_eq!(verify()?.status.code(), Some(0));
    assert_eq!(
        run(&["prove", "--replay", "--data", "data"], dir.path())?
            .status
            .code(),
        Some(0)
    );

    let mut all = Vec::new();
    files(&dir.path().join("data/ledger"), &mut all)?;
    let told: Vec<PathBuf> = all
        .into_iter()
        .filter(|path| !path.ends_with("lock") && !path.ends_with("key"))
        .filter(|path| fs::metadata(path).is_ok_and(|meta| meta.len() > 0))
        .collect();
    assert!(told.len() >= 3, "{told:?}");
    for path in told {
        let good = fs::read(&path)?;
        for at in [0, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 0x01;
            fs::write(&path, &bad)?;
            let output = verify()?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_ne!(
                output.status.code(),
                Some(0),
                "byte {at} of {} went unnoticed: {text}",
                path.display()
            );
        }
        fs::write(&path, &good)?;
    }
    assert_eq!(verify()?.status.code(), Some(0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_loses_nothing_that_was_recorded() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    short_life(dir.path()).await?;
    let port = free_port()?;
    fs::write(dir.path().join("tegata.yaml"), spec(port))?;
    let mut size = 0;
    for _ in 0..5 {
        let mut command = tegata(&[
            "run",
            "tegata.yaml",
            "--data",
            "data",
            "--listen",
            &format!("127.0.0.1:{port}"),
        ]);
        command.current_dir(dir.path());
        let mut running = Running::from_program(
            Program::start(command, "tegata", dir.path())?,
            &dir.path().join("data"),
        )
        .await?;
        let checkpoint = running.http.json("/api/v1/ledger/checkpoint").await?;
        let now = checkpoint["size"].as_u64().unwrap_or_default();
        assert!(now > size, "the ledger had {size} entries and has {now}");
        size = now;
        running.program.kill()?;
        let verified = run(&["ledger", "verify", "--data", "data"], dir.path())?;
        assert_eq!(
            verified.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&verified.stdout)
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_data_is_refused() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let first = Running::spec(dir.path(), &spec(free_port()?)).await?;
    let second = run(
        &[
            "run",
            "tegata.yaml",
            "--data",
            "data",
            "--listen",
            "127.0.0.1:0",
        ],
        dir.path(),
    )?;
    assert_eq!(second.status.code(), Some(69));
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("another Tegata runs on"), "{said}");
    assert_eq!(first.http.text("/healthz").await?.trim(), "ok");
    first.stop()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_proven_by_one_file_that_a_witness_has_cosigned() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let at = dir.path();
    short_life(at).await?;
    let told = |args: &[&str]| -> anyhow::Result<(Option<i32>, String, String)> {
        let output = run(args, at)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok((
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        ))
    };
    let key = told(&["ledger", "key", "--data", "data"])?.1;
    let key = key.trim();
    let witness = [
        "ledger",
        "witness",
        "data/ledger",
        "--key",
        key,
        "--keep",
        "seen",
        "--name",
        "witness.example",
    ];
    let (code, _, said) = told(&witness)?;
    assert_eq!(code, Some(0), "{said}");
    let vkey = said
        .rsplit(' ')
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned();
    let (code, proof, said) = told(&[
        "ledger",
        "proof",
        "1",
        "--data",
        "data",
        "--cosigned",
        "seen/checkpoint",
    ])?;
    assert_eq!(code, Some(0), "{said}");
    fs::write(at.join("entry.tlog-proof"), &proof)?;
    // Elsewhere: only the file and the two keys.
    let check = [
        "ledger",
        "check",
        "entry.tlog-proof",
        "--key",
        key,
        "--witness",
        &vkey,
    ];
    let (code, entry, said) = told(&check)?;
    assert_eq!(code, Some(0), "{said}");
    let entry: serde_json::Value = serde_json::from_str(&entry)?;
    assert_eq!(entry["index"], 1);
    fs::write(
        at.join("entry.tlog-proof"),
        proof.replace("index 1", "index 0"),
    )?;
    assert_eq!(told(&check)?.0, Some(30));
    // A ledger that begins anew is none that the witness has seen.
    fs::remove_dir_all(at.join("data"))?;
    short_life(at).await?;
    assert_eq!(told(&witness)?.0, Some(30));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_borne_is_recorded_when_it_is_declared_and_when_it_is_withdrawn()
-> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let borne = "suppressions:\n\
        \x20 soon: { rule: nobody-told, reason: the pager comes in January, until: 2999-01-31, who: sre }\n";
    // Said once, however often it starts with the same.
    for more in [borne, borne, ""] {
        life_of(dir.path(), more).await?;
    }
    let args = [
        "ledger",
        "show",
        "--data",
        "data",
        "--kind",
        "suppressions",
        "--json",
    ];
    let out = run(&args, dir.path())?;
    let told = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "{told}");
    let bodies = told.lines().map(|line| {
        let entry: Value = serde_json::from_str(line)?;
        Ok(entry["body"]["suppressions"].clone())
    });
    let bodies = bodies.collect::<anyhow::Result<Vec<_>>>()?;
    let [withdrawn, declared] = bodies.as_slice() else {
        anyhow::bail!("{told}");
    };
    assert_eq!(declared["soon"]["rule"], "nobody-told");
    assert_eq!(declared["soon"]["reason"], "the pager comes in January");
    assert_eq!(declared["soon"]["until"], "2999-01-31");
    assert_eq!(*withdrawn, serde_json::json!({}));
    Ok(())
}
