//! How long an editor waits for the language server, with a spec of 10,000 lines open.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write},
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{RUNS, Scratch, spec};

/// As long as the longest spec that the language promises to be quick with.
const LINES: usize = 10_000;

/// The medians: from a change to its findings, a completion, and a hover.
pub fn run(binary: &Path) -> anyhow::Result<String> {
    let folder = Scratch::new("lsp")?;
    let mut server = Command::new(binary)
        .arg("lsp")
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = server.stdin.take().context("no stdin")?;
    let mut output = BufReader::new(server.stdout.take().context("no stdout")?);
    let uri = format!("file://{}", folder.path().join("spec.yaml").display());
    let text = spec::with_lines(LINES);
    say(
        &mut input,
        &json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {} }),
    )?;
    hear(&mut output)?;
    let document = json!({ "uri": uri, "languageId": "yaml", "version": 1, "text": text });
    say(
        &mut input,
        &json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": { "textDocument": document } }),
    )?;
    hear(&mut output)?;
    // The last line but one is within a promise: what stands above it is the whole spec.
    let line = text.lines().count() - 2;
    let place = json!({ "line": line, "character": 4 });
    let mut times: [Vec<f64>; 3] = Default::default();
    for run in 0..RUNS {
        // A letter is written, and taken out again.
        let (new, end) = if run % 2 == 0 { ("x", 4) } else { ("", 5) };
        let change = json!({ "range": { "start": place, "end": { "line": line, "character": end } }, "text": new });
        let params = json!({ "textDocument": { "uri": uri, "version": run + 2 }, "contentChanges": [change] });
        let asked = [
            ("textDocument/didChange", None, params),
            (
                "textDocument/completion",
                Some(run * 2 + 1),
                json!({ "textDocument": { "uri": uri }, "position": place }),
            ),
            (
                "textDocument/hover",
                Some(run * 2 + 2),
                json!({ "textDocument": { "uri": uri }, "position": place }),
            ),
        ];
        for ((method, id, params), times) in asked.into_iter().zip(&mut times) {
            let mut message = json!({ "jsonrpc": "2.0", "method": method, "params": params });
            if let Some(id) = id {
                message["id"] = json!(id);
            }
            let start = Instant::now();
            say(&mut input, &message)?;
            hear(&mut output)?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    drop(input);
    server.wait()?;
    let [change, completion, hover] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    Ok(format!(
        "`tegata lsp` with {LINES} lines open: findings after a change, completion, hover, median of {RUNS} | {change:.1}, {completion:.1} and {hover:.1} ms"
    ))
}

fn say(input: &mut impl Write, message: &Value) -> anyhow::Result<()> {
    let body = message.to_string();
    write!(input, "Content-Length: {}\r\n\r\n{body}", body.len())?;
    Ok(input.flush()?)
}

fn hear(output: &mut BufReader<impl std::io::Read>) -> anyhow::Result<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        anyhow::ensure!(output.read_line(&mut line)? > 0, "the server has ended");
        match line.trim().strip_prefix("Content-Length: ") {
            Some(value) => length = value.parse()?,
            None if line.trim().is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body)?)
}
