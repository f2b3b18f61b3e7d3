//! The console's door for what people did: an entry of the ledger for each.

use async_trait::async_trait;
use console::door::{self, Deed, Refused};

use super::internal;
use crate::{book::Book, deeds};

pub(super) struct Door(pub(super) Book);

#[async_trait]
impl door::Deeds for Door {
    async fn record(&self, deed: Deed) -> Result<(), Refused> {
        let recorded = deeds::record(&self.0, &deed).await;
        recorded
            .map(drop)
            .map_err(|error| internal("the ledger could not be written", &error))
    }
}
