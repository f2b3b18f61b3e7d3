//! The commands of the language, and the language server as an editor speaks to it.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, ChildStdin, Stdio},
    sync::mpsc::{self, Receiver},
    time::Duration,
};

use anyhow::{Context as _, bail};
use e2e::{run, tegata};
use serde_json::{Value, json};

/// Far longer than any answer takes, on a machine that is busy with other tests too.
const PATIENCE: Duration = Duration::from_secs(30);

const TOLD: &str = "severities: { sev1: { level: 1 } }\nroutes: [{ receivers: [inbox] }]\nreceivers: { inbox: { kind: inbox } }\n";

fn good() -> String {
    format!(
        "service: {{ name: 決済😀, owner: sre }}\npromises:\n  paid: {{ kind: ratio, total: a_total, bad: b_total, at_least: 99 %, window: 5m, severity: sev1, runbook: 'https://r.example/' }}\n{TOLD}"
    )
}

/// An editor's side of the conversation.
struct Editor {
    child: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    next: i64,
}

impl Editor {
    fn start(dir: &Path) -> anyhow::Result<Self> {
        let mut command = tegata(&["lsp", "--stdio"]);
        command
            .current_dir(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().context("no stdout")?);
        let (sender, messages) = mpsc::channel();
        std::thread::spawn(move || {
            loop {
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    if output.read_line(&mut line).unwrap_or(0) == 0 {
                        return;
                    }
                    if line.trim().is_empty() {
                        break;
                    }
                    if let Some(value) = line.strip_prefix("Content-Length: ") {
                        length = value.trim().parse().unwrap_or(0);
                    }
                }
                let mut body = vec![0; length];
                let is_read = output.read_exact(&mut body).is_ok();
                let Some(message) = serde_json::from_slice(&body).ok().filter(|_| is_read) else {
                    return;
                };
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            child,
            input,
            messages,
            next: 0,
        })
    }

    fn raw(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let input = self.input.as_mut().context("the input is closed")?;
        input.write_all(bytes)?;
        Ok(input.flush()?)
    }

    fn say(&mut self, message: &Value) -> anyhow::Result<()> {
        let body = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes())
    }

    fn tell(&mut self, method: &str, params: &Value) -> anyhow::Result<()> {
        self.say(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    /// The answer to a question; what is told in the meantime is passed over.
    fn ask(&mut self, method: &str, params: &Value) -> anyhow::Result<Value> {
        self.next += 1;
        let id = self.next;
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        loop {
            let message = self.hear()?;
            if message["id"] == id {
                return Ok(message);
            }
        }
    }

    fn hear(&self) -> anyhow::Result<Value> {
        Ok(self.messages.recv_timeout(PATIENCE)?)
    }

    /// The findings that are told next for a document.
    fn findings(&self, uri: &str) -> anyhow::Result<Vec<Value>> {
        loop {
            let message = self.hear()?;
            if message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
            {
                return Ok(message["params"]["diagnostics"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default());
            }
        }
    }

    fn open(&mut self, uri: &str, text: &str) -> anyhow::Result<()> {
        let document = json!({ "uri": uri, "languageId": "yaml", "version": 1, "text": text });
        self.tell("textDocument/didOpen", &json!({ "textDocument": document }))
    }

    fn ready(&mut self) -> anyhow::Result<Value> {
        let answer = self.ask(
            "initialize",
            &json!({ "processId": null, "rootUri": null, "capabilities": {} }),
        )?;
        self.tell("initialized", &json!({}))?;
        Ok(answer["result"].clone())
    }

    /// Says goodbye as an editor does; the exit code.
    fn end(mut self) -> anyhow::Result<Option<i32>> {
        self.ask("shutdown", &Value::Null)?;
        self.tell("exit", &Value::Null)?;
        drop(self.input.take());
        Ok(self.child.wait()?.code())
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // It ends when its input does; a test that has failed does not wait for that.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn uri(dir: &Path, name: &str) -> String {
    format!("file://{}", dir.join(name).display())
}

fn at(uri: &str, line: u64, character: u64) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } })
}

#[test]
fn an_editor_is_told_helped_and_answered() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let mut editor = Editor::start(dir.path())?;
    let capabilities = editor.ready()?;
    assert_eq!(capabilities["capabilities"]["positionEncoding"], "utf-16");
    let uri = uri(dir.path(), "tegata.yaml");
    editor.open(&uri, &good().replace("owner", "ownr"))?;
    let found = editor.findings(&uri)?;
    let typo = found
        .iter()
        .find(|it| it["code"] == "unknown-key")
        .context("the typo is told")?;
    // `service: { name: 決済😀, ` is 17 + 2 + 2 + 2 units of UTF-16: 😀 is two.
    assert_eq!(
        typo["range"]["start"],
        json!({ "line": 0, "character": 23 })
    );
    assert_eq!(typo["range"]["end"]["character"], 27);

    let range =
        json!({ "start": { "line": 0, "character": 23 }, "end": { "line": 0, "character": 23 } });
    let params =
        json!({ "textDocument": { "uri": uri }, "range": range, "context": { "diagnostics": [] } });
    let actions = editor.ask("textDocument/codeAction", &params)?;
    let edit = &actions["result"][0]["edit"]["changes"][&uri][0];
    assert_eq!(
        (&edit["newText"], &edit["range"]),
        (&json!("owner"), &typo["range"]),
        "{actions}"
    );

    // The editor makes that change, and nothing is wrong any more.
    let change = json!({ "range": edit["range"], "text": edit["newText"] });
    editor.tell(
        "textDocument/didChange",
        &json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [change] }),
    )?;
    let left = editor.findings(&uri)?;
    assert!(left.iter().all(|it| it["severity"] != 1), "{left:?}");

    let hover = editor.ask("textDocument/hover", &at(&uri, 2, 3))?;
    assert!(
        hover["result"]["contents"]["value"]
            .as_str()
            .is_some_and(|it| it.contains("paid")),
        "{hover}"
    );
    // `severity: sev1` in the third line leads to the fourth, where `sev1` stands at column 14.
    let line = good().lines().nth(2).unwrap_or_default().to_owned();
    let column = line.find("sev1").context("sev1")? as u64;
    let definition = editor.ask("textDocument/definition", &at(&uri, 2, column + 1))?;
    assert_eq!(
        definition["result"]["range"]["start"],
        json!({ "line": 3, "character": 14 })
    );
    let references = editor.ask("textDocument/references", &at(&uri, 3, 15))?;
    assert_eq!(
        references["result"].as_array().map(Vec::len),
        Some(2),
        "{references}"
    );
    let completion = editor.ask("textDocument/completion", &at(&uri, 2, column + 1))?;
    let items = completion["result"]["items"].as_array().context("items")?;
    assert!(items.iter().any(|it| it["label"] == "sev1"), "{completion}");
    let symbols = editor.ask(
        "textDocument/documentSymbol",
        &json!({ "textDocument": { "uri": uri } }),
    )?;
    assert_eq!(
        symbols["result"][1]["children"][0]["name"], "paid",
        "{symbols}"
    );
    let laid_out = editor.ask(
        "textDocument/formatting",
        &json!({ "textDocument": { "uri": uri }, "options": {} }),
    )?;
    assert_eq!(laid_out["result"], json!([]), "it is laid out already");
    assert_eq!(editor.end()?, Some(0));
    Ok(())
}

#[test]
fn what_is_no_message_is_answered_and_does_not_end_the_server() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let mut editor = Editor::start(dir.path())?;
    let code = |message: &Value| message["error"]["code"].as_i64();
    let early = editor.ask("textDocument/hover", &at("file:///x", 0, 0))?;
    assert_eq!(
        code(&early),
        Some(-32_002),
        "nothing is asked before `initialize`"
    );
    editor.ready()?;
    editor.raw(b"Content-Length: 5\r\n\r\n{\"a\":")?;
    assert_eq!(code(&editor.hear()?), Some(-32_700));
    editor.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")?;
    assert_eq!(code(&editor.hear()?), Some(-32_700));
    editor.raw(b"Content-Length: 99999999999999999999\r\n\r\n")?;
    assert_eq!(code(&editor.hear()?), Some(-32_700));
    editor.say(&json!({ "jsonrpc": "2.0", "id": 77 }))?;
    assert_eq!(code(&editor.hear()?), Some(-32_600));
    assert_eq!(
        code(&editor.ask("workspace/unheardOf", &json!({}))?),
        Some(-32_601)
    );
    assert_eq!(
        code(&editor.ask("textDocument/hover", &json!([]))?),
        Some(-32_602)
    );
    // Notifications that make no sense are passed over.
    for params in [
        json!({}),
        json!({ "textDocument": { "uri": "file:///x" }, "contentChanges": 3 }),
        Value::Null,
    ] {
        editor.tell("textDocument/didChange", &params)?;
    }
    let uri = uri(dir.path(), "tegata.yaml");
    editor.open(&uri, "service: [")?;
    assert!(!editor.findings(&uri)?.is_empty());
    let position = at(&uri, 4_000_000_000, 4_000_000_000);
    assert!(
        editor
            .ask("textDocument/hover", &position)?
            .get("error")
            .is_none()
    );
    assert_eq!(editor.end()?, Some(0));
    Ok(())
}

#[test]
fn a_part_of_a_spec_is_read_with_the_whole() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (head, rest) = (
        good(),
        "promises:\n  more: { kind: freshness, series: up, within: 5m, severity: sev2, runbook: 'https://r.example/' }\n",
    );
    std::fs::write(
        dir.path().join("tegata.yaml"),
        format!("include: parts/*.yaml\n{head}"),
    )?;
    std::fs::create_dir(dir.path().join("parts"))?;
    std::fs::write(dir.path().join("parts/more.yaml"), rest)?;
    let mut editor = Editor::start(dir.path())?;
    editor.ready()?;
    let part = uri(dir.path(), "parts/more.yaml");
    editor.open(&part, rest)?;
    let found = editor.findings(&part)?;
    let codes: Vec<&str> = found.iter().filter_map(|it| it["code"].as_str()).collect();
    // Alone it would lack its service; with the whole only the severity is unknown.
    assert_eq!(codes, ["unknown-reference"], "{found:?}");
    assert_eq!(editor.end()?, Some(0));
    Ok(())
}

#[test]
fn an_editor_that_goes_away_ends_the_server() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let mut editor = Editor::start(dir.path())?;
    editor.ready()?;
    drop(editor.input.take());
    let code = editor.child.wait()?.code();
    if code != Some(1) {
        bail!("it ended with {code:?}");
    }
    Ok(())
}

#[test]
fn check_mends_fmt_lays_out_and_diff_tells() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let err = |output: &std::process::Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let out = |output: &std::process::Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let path = dir.path().join("tegata.yaml");
    let wrong = good().replace("owner", "ownr").replace("99 %", "99");
    std::fs::write(&path, format!("# 店\n{wrong}"))?;
    let mended = run(&["check", "--fix"], dir.path())?;
    assert_eq!(mended.status.code(), Some(0), "{}", err(&mended));
    assert_eq!(std::fs::read_to_string(&path)?, format!("# 店\n{}", good()));

    let sarif = run(&["check", "--sarif"], dir.path())?;
    let sarif: Value = serde_json::from_str(&out(&sarif))?;
    assert_eq!(sarif["version"], "2.1.0");

    std::fs::write(
        dir.path().join("untidy.yaml"),
        good().replace("{ kind", "{   kind"),
    )?;
    assert_eq!(
        run(&["fmt", "--check", "untidy.yaml"], dir.path())?
            .status
            .code(),
        Some(1)
    );
    assert_eq!(
        run(&["fmt", "untidy.yaml"], dir.path())?.status.code(),
        Some(0)
    );
    assert_eq!(
        std::fs::read_to_string(dir.path().join("untidy.yaml"))?,
        good()
    );

    std::fs::write(
        dir.path().join("new.yaml"),
        good().replace("99 %", "99.9 %"),
    )?;
    let diff = run(
        &["diff", "tegata.yaml", "new.yaml", "--lang", "ja"],
        dir.path(),
    )?;
    assert!(
        out(&diff).contains("`promises.paid.at_least` が厳しくなりました: 99 % → 99.9 %"),
        "{}",
        out(&diff)
    );

    let page = run(
        &["check", "--rules", "page-too-late", "--lang", "ja"],
        dir.path(),
    )?;
    assert!(out(&page).contains("数値の根拠"), "{}", out(&page));
    assert_eq!(
        run(&["check", "--rules", "page-to-late"], dir.path())?
            .status
            .code(),
        Some(69)
    );
    Ok(())
}

#[test]
fn import_writes_a_spec_and_tells_what_it_left_out() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    std::fs::write(
        dir.path().join("main.tf"),
        "resource \"aws_sqs_queue\" \"jobs\" {\n  visibility_timeout_seconds = 30\n  kms_master_key_id = \"x\"\n}\n",
    )?;
    let import = run(&["import", "main.tf", "--out", "made.yaml"], dir.path())?;
    let told = String::from_utf8_lossy(&import.stderr).into_owned();
    assert_eq!(import.status.code(), Some(0), "{told}");
    assert!(
        told.contains("main.tf:3") && told.contains("not understood"),
        "{told}"
    );
    let made = std::fs::read_to_string(dir.path().join("made.yaml"))?;
    assert!(
        made.contains("visibility_timeout: 30s") && made.contains("# main.tf:2"),
        "{made}"
    );
    assert_eq!(
        run(&["check", "made.yaml"], dir.path())?.status.code(),
        Some(0)
    );
    assert_eq!(
        run(&["import", "main.tf", "--out", "made.yaml"], dir.path())?
            .status
            .code(),
        Some(69),
        "what is there is not replaced"
    );
    Ok(())
}

#[test]
fn a_finding_leads_back_to_the_line_of_the_design() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let base = dir.path().join("docs");
    std::fs::create_dir(&base)?;
    let design = "# 決済基盤 設計書\n\n## ネットワーク\n\n- VPC: 10.0.0.0/16\n- DB サブネット: 10.0.300.0/24\n";
    std::fs::write(base.join("設計.md"), design)?;
    let import = run(&["import", "設計.md", "--out", "tegata.yaml"], &base)?;
    assert_eq!(import.status.code(), Some(0));
    // From the folder of the spec, and from another, as in CI.
    for (folder, spec) in [
        (base.as_path(), "tegata.yaml"),
        (dir.path(), "docs/tegata.yaml"),
    ] {
        let check = run(&["check", spec, "--lang", "ja"], folder)?;
        let told = String::from_utf8_lossy(&check.stderr).into_owned();
        assert!(
            told.contains("::: 設計.md:6:") && told.contains("6 | - DB サブネット: 10.0.300.0/24"),
            "{told}"
        );
    }
    // What is no document is named and never printed.
    let made = std::fs::read_to_string(base.join("tegata.yaml"))?;
    std::fs::write(base.join("id_rsa"), design)?;
    std::fs::write(base.join("other.yaml"), made.replace("設計.md:", "id_rsa:"))?;
    let check = run(&["check", "other.yaml"], &base)?;
    let told = String::from_utf8_lossy(&check.stderr).into_owned();
    assert!(
        told.contains("= from: id_rsa:6") && !told.contains("サブネット"),
        "{told}"
    );

    let mut editor = Editor::start(&base)?;
    editor.ready()?;
    let spec = uri(&base, "tegata.yaml");
    editor.open(&spec, &made)?;
    let found = editor.findings(&spec)?;
    let refused = found.iter().find(|it| it["code"] == "not-a-cidr");
    let related = &refused.context("the address is not told")?["relatedInformation"][0];
    assert_eq!(
        related["location"]["range"]["start"]["line"], 5,
        "{related}"
    );
    let leads_to = related["location"]["uri"].as_str().unwrap_or_default();
    assert!(
        leads_to.starts_with("file:///") && leads_to.ends_with(".md"),
        "{leads_to}"
    );
    // From any line of it an editor jumps to the design.
    let line = made.lines().position(|line| line.contains("10.0.0.0/16"));
    let place = at(&spec, line.context("the range of the network")? as u64, 8);
    let definition = editor.ask("textDocument/definition", &place)?;
    assert_eq!(
        definition["result"]["range"]["start"]["line"], 4,
        "{definition}"
    );
    let hover = editor.ask("textDocument/hover", &place)?;
    let said = hover["result"]["contents"]["value"]
        .as_str()
        .unwrap_or_default();
    assert!(said.contains("設計.md:5"), "{said}");
    assert_eq!(editor.end()?, Some(0));
    Ok(())
}
