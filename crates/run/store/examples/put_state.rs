//! Fills a state store, so that a bench starts with a past: `put_state DATA < pairs`.
//!
//! DATA is a data directory on which nothing runs. Each line is a table, a key and a value, separated by tabs.

use std::{
    env,
    io::{self, BufRead as _},
};

use store::{
    StateStore as _,
    lock::DataDir,
    state::{RedbState, Write},
};

/// Writes that are committed together.
const TOGETHER: usize = 4_096;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = env::args_os().nth(1).ok_or("which data directory?")?;
    let data = DataDir::open(path)?;
    let state = RedbState::open(data.state())?;
    let (mut table, mut writes) = ("", Vec::new());
    for (number, line) in (1..).zip(io::stdin().lock().lines()) {
        let line = line?;
        let [name, key, value] = line
            .split('\t')
            .collect::<Vec<_>>()
            .try_into()
            .map_err(|_| format!("line {number} is not a table, a key and a value"))?;
        // Everywhere else a table's name is a constant; here it lives as long as the program, too.
        if name != table {
            table = String::leak(name.to_owned());
        }
        writes.push(Write::Put {
            table,
            key: key.to_owned(),
            value: value.as_bytes().to_vec(),
        });
        if writes.len() == TOGETHER {
            state.write(std::mem::take(&mut writes)).await?;
        }
    }
    state.write(writes).await?;
    Ok(())
}
