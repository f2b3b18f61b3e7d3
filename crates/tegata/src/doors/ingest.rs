//! The console's door for posted log lines.

use std::sync::Arc;

use async_trait::async_trait;
use console::door::{self, Received, Refused};
use promise::say;

use super::busy;
use crate::app::House;

pub(super) struct Door(pub(super) Arc<House>);

#[async_trait]
impl door::Ingest for Door {
    fn body_max(&self) -> usize {
        collect::POST_MAX
    }

    async fn receive(&self, stream: &str, body: &[u8]) -> Result<Received, Refused> {
        let Some(collector) = self.0.collector.load_full() else {
            return Err(busy(say!(
                "the spec is being read again",
                "仕様を読み直しています"
            )));
        };
        match collector.receive(stream, body).await {
            Ok(received) => Ok(Received {
                stored: received.accepted as u64,
                known: 0,
                refused: received.refused.len() as u64,
            }),
            Err(collect::Error::NoStream(_)) => Err(Refused::Missing {
                what: "stream",
                name: stream.to_owned(),
            }),
            Err(error @ collect::Error::NotJson(_)) => {
                Err(Refused::Invalid(say!("{error}", "{error}")))
            }
            Err(error @ collect::Error::TooLarge { .. }) => {
                Err(Refused::Invalid(say!("{error}", "{error}")))
            }
            Err(error) => Err(busy(say!("{error}", "{error}"))),
        }
    }
}
