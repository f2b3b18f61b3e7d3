//! State in memory, which takes no time: for tests in which the clock stands still.
#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, sync::Mutex};

use async_trait::async_trait;

use super::{StateStore, Write, Written};
use crate::Error;

#[derive(Default)]
pub(super) struct MemoryState(Mutex<BTreeMap<(&'static str, String), Vec<u8>>>);

#[async_trait]
impl StateStore for MemoryState {
    async fn get(&self, table: &'static str, key: &str) -> Result<Option<Vec<u8>>, Error> {
        let held = self.0.lock().unwrap();
        Ok(held.get(&(table, key.to_owned())).cloned())
    }

    async fn scan(
        &self,
        table: &'static str,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let held = self.0.lock().unwrap();
        let found = held
            .iter()
            .filter(|((name, key), _)| *name == table && key.starts_with(prefix))
            .take(limit);
        Ok(found
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect())
    }

    async fn write(&self, writes: Vec<Write>) -> Result<Written, Error> {
        let mut held = self.0.lock().unwrap();
        for write in &writes {
            if let Write::Expect { table, key, value } = write
                && held.get(&(*table, key.clone())) != value.as_ref()
            {
                return Ok(Written::Conflict);
            }
        }
        for write in writes {
            match write {
                Write::Put { table, key, value } => drop(held.insert((table, key), value)),
                Write::Delete { table, key } => drop(held.remove(&(table, key))),
                Write::Expect { .. } => {}
            }
        }
        Ok(Written::Done)
    }
}

#[tokio::test]
async fn keeps_the_contract() {
    super::contract::contract(async || {
        std::sync::Arc::new(MemoryState::default()) as std::sync::Arc<dyn StateStore>
    })
    .await;
}
