//! `tegata access`: tokens for those who may ask.

use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _, path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use console::access::hash_of;
use promise::{Lang, record::Scalar as _, say};
use spec::section::access::Role;

use super::Common;
use crate::{access, exit::Stop};

/// Let people and programs in: make their tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum AccessCommand {
    Token(Token),
}

/// Make a token for somebody: it is printed once, and only its hash is kept, in a file.
///
/// The token goes to stdout: hand it to its owner. The lines for the spec go to stderr. To take a token away, make
/// another or remove its owner from the spec: whoever is logged in by it is logged out with the next reload.
#[derive(Debug, Args)]
pub(crate) struct Token {
    /// Who they are: the name under which the ledger keeps what they do.
    #[arg(value_name = "NAME")]
    name: String,
    /// What they may do: viewer, operator, approver, auditor, or sender for programs that hand in evidence.
    #[arg(long, value_parser = role)]
    role: Role,
    /// Where the hash goes; `NAME.token` without it. A file that is there is not replaced.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).map_err(|why| why.en)
}

/// A name is a key of the spec.
const NAME_CHARS_MAX: usize = 100;

impl AccessCommand {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        match self {
            Self::Token(token) => token.run(common.lang()),
        }
    }
}

impl Token {
    fn run(self, lang: Lang) -> anyhow::Result<ExitCode> {
        let Self { name, role, output } = self;
        let is_plain = |c: char| c.is_alphanumeric() || "-_.@".contains(c);
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || !name.chars().all(is_plain) {
            let why = say!(
                "`{name}` is no name: letters, digits and `-_.@`, at most {NAME_CHARS_MAX}",
                "`{name}` は名前に使えません。文字、数字、`-_.@` を {NAME_CHARS_MAX} 字までで指定してください"
            );
            return Err(Stop::invalid(why.get(lang)).into());
        }
        let path = output.unwrap_or_else(|| PathBuf::from(format!("{name}.token")));
        let shown = path.display();
        let token = access::new_token();
        let written = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| writeln!(file, "{}", hash_of(&token)));
        if let Err(error) = written {
            let why = say!("{shown}: {error}", "{shown} に書けません: {error}");
            return Err(Stop::missing(why.get(lang)).into());
        }
        outln!("{token}");
        let line = format!(
            "access:\n  people:\n    {name}: {{ role: {role}, token: \"${{file:{shown}}}\" }}"
        );
        match lang {
            Lang::En => eprintln!("only its hash is kept, in {shown}; for the spec:\n{line}"),
            Lang::Ja => eprintln!(
                "{shown} にはハッシュだけを保存しました。仕様には次のように書きます:\n{line}"
            ),
        }
        Ok(ExitCode::SUCCESS)
    }
}
