//! The language server: one loop that reads a message, answers it, and tells what it found in the meantime.
//!
//! A message that is none is answered as such and the next one is read; nothing ends the server but the editor.
//! Findings are told once no message waits, so that a fast typist is not followed letter by letter.

mod answer;
mod desk;
mod position;
mod standing;
mod wire;

use std::{
    io::{Read, Write},
    process::ExitCode,
    sync::mpsc::{self, Receiver, TryRecvError},
};

use promise::Lang;
use serde_json::{Value, json};

pub(crate) use standing::Standings;

use desk::Desk;
use wire::Incoming;

/// Messages that may wait: an editor sends a handful for each key that is pressed.
const WAITING_MAX: usize = 256;

/// JSON-RPC's codes for what went wrong.
mod code {
    pub(super) const NOT_JSON: i64 = -32_700;
    pub(super) const NO_REQUEST: i64 = -32_600;
    pub(super) const NO_METHOD: i64 = -32_601;
    pub(super) const BAD_PARAMS: i64 = -32_602;
    /// The Language Server Protocol's own: nothing may be asked before `initialize`.
    pub(super) const NOT_INITIALIZED: i64 = -32_002;
}

/// Serves until the editor says `exit` or goes away. 0 where it has said `shutdown` before, 1 otherwise.
pub(crate) fn serve(
    input: impl Read + Send + 'static,
    output: impl Write,
    standings: Standings,
    lang: Lang,
) -> anyhow::Result<ExitCode> {
    let (sender, receiver) = mpsc::sync_channel(WAITING_MAX);
    std::thread::spawn(move || {
        let mut reader = wire::Reader::new(input);
        while let Some(message) = reader.next() {
            if sender.send(message).is_err() {
                return;
            }
        }
    });
    let mut server = Server {
        output,
        desk: Desk::default(),
        standings,
        lang,
        phase: Phase::Fresh,
    };
    server.run(&receiver)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Fresh,
    Ready,
    /// `shutdown` was said: only `exit` may follow.
    Ended,
}

struct Server<W> {
    output: W,
    desk: Desk,
    standings: Standings,
    lang: Lang,
    phase: Phase,
}

impl<W: Write> Server<W> {
    fn run(&mut self, messages: &Receiver<Incoming>) -> anyhow::Result<ExitCode> {
        loop {
            let message = match messages.try_recv() {
                Ok(message) => message,
                Err(TryRecvError::Disconnected) => return Ok(ExitCode::FAILURE),
                Err(TryRecvError::Empty) => {
                    self.publish()?;
                    match messages.recv() {
                        Ok(message) => message,
                        Err(_) => return Ok(ExitCode::FAILURE),
                    }
                }
            };
            match message {
                Incoming::Broken(why) => self.fail(&Value::Null, code::NOT_JSON, &why)?,
                Incoming::Message(message) => {
                    if let Some(code) = self.handle(&message)? {
                        return Ok(code);
                    }
                }
            }
        }
    }

    /// Handles one message; the code to end with after `exit`.
    fn handle(&mut self, message: &Value) -> anyhow::Result<Option<ExitCode>> {
        let id = message.get("id").cloned();
        let Some(method) = message.get("method").and_then(Value::as_str) else {
            // An answer to something that was never asked, or no message at all.
            if message.get("result").is_none() && message.get("error").is_none() {
                self.fail(
                    &id.unwrap_or(Value::Null),
                    code::NO_REQUEST,
                    "no method is named",
                )?;
            }
            return Ok(None);
        };
        let nothing = Value::Null;
        let params = message.get("params").unwrap_or(&nothing);
        match (method, id) {
            ("exit", _) => {
                let is_clean = self.phase == Phase::Ended;
                return Ok(Some(if is_clean {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::FAILURE
                }));
            }
            ("initialize", Some(id)) => {
                self.phase = Phase::Ready;
                self.reply(&id, &capabilities())?;
            }
            (_, Some(id)) if self.phase != Phase::Ready => {
                self.fail(&id, code::NOT_INITIALIZED, "the server is not initialized")?;
            }
            ("shutdown", Some(id)) => {
                self.phase = Phase::Ended;
                self.reply(&id, &Value::Null)?;
            }
            (method, Some(id)) => {
                match answer::to(method, params, &self.desk, &self.standings, self.lang) {
                    Ok(result) => self.reply(&id, &result)?,
                    Err(answer::Refused::NoMethod) => self.fail(&id, code::NO_METHOD, method)?,
                    Err(answer::Refused::BadParams(why)) => {
                        self.fail(&id, code::BAD_PARAMS, why)?
                    }
                }
            }
            // A notification that is not known, or not understood, is passed over: nobody waits for an answer.
            (method, None) if self.phase == Phase::Ready => self.desk.hear(method, params),
            (_, None) => {}
        }
        Ok(None)
    }

    fn publish(&mut self) -> anyhow::Result<()> {
        for (uri, version, diagnostics) in self.desk.findings(self.lang) {
            let mut params = json!({ "uri": uri, "diagnostics": diagnostics });
            if let Some(version) = version {
                params["version"] = json!(version);
            }
            let message = json!({ "jsonrpc": "2.0", "method": "textDocument/publishDiagnostics", "params": params });
            wire::write(&mut self.output, &message)?;
        }
        Ok(())
    }

    fn reply(&mut self, id: &Value, result: &Value) -> anyhow::Result<()> {
        wire::write(
            &mut self.output,
            &json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        )
    }

    fn fail(&mut self, id: &Value, code: i64, why: &str) -> anyhow::Result<()> {
        let error = json!({ "code": code, "message": why });
        wire::write(
            &mut self.output,
            &json!({ "jsonrpc": "2.0", "id": id, "error": error }),
        )
    }
}

fn capabilities() -> Value {
    json!({
        "capabilities": {
            "positionEncoding": "utf-16",
            // Whole, or the changed parts only.
            "textDocumentSync": { "openClose": true, "change": 2, "save": true },
            "completionProvider": { "triggerCharacters": [":", " ", "[", ","] },
            "hoverProvider": true,
            "definitionProvider": true,
            "referencesProvider": true,
            "documentSymbolProvider": true,
            "documentFormattingProvider": true,
            "codeActionProvider": { "codeActionKinds": ["quickfix"] },
        },
        "serverInfo": { "name": "tegata", "version": env!("CARGO_PKG_VERSION") },
    })
}
