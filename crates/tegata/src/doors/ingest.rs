//! The console's door for what is sent to us: log lines and samples.

use std::sync::Arc;

use async_trait::async_trait;
use console::door::{self, Received, Refused, RefusedLine, Taken};
use promise::say;
use store::remote_write::{Encoding, Message};

use super::busy;
use crate::app::House;

pub(super) struct Door(pub(super) Arc<House>);

#[async_trait]
impl door::Ingest for Door {
    fn body_max(&self) -> usize {
        collect::POST_MAX
    }

    async fn receive(&self, stream: &str, body: &[u8]) -> Result<Received, Refused> {
        let collector = super::collector(&self.0).await?;
        match collector.receive(stream, body).await {
            Ok(received) => Ok(Received {
                stored: received.accepted as u64,
                known: 0,
                refused: received.refused.len() as u64,
                refused_lines: received
                    .refused
                    .iter()
                    .take(Received::TOLD_MAX)
                    .map(|(line, why)| {
                        let promise::Say { en, ja } = why.say();
                        let (line, why) = (*line, why.code());
                        RefusedLine { line, why, en, ja }
                    })
                    .collect(),
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

    fn write_max(&self) -> usize {
        collect::WRITE_MAX
    }

    async fn write(
        &self,
        message: Message,
        encoding: Encoding,
        body: &[u8],
    ) -> Result<Taken, Refused> {
        let collector = super::collector(&self.0).await?;
        match collector.remote_write(message, encoding, body).await {
            Ok(taken) => Ok(Taken {
                written: taken.written,
                refused: taken.refused,
            }),
            Err(error) if error.is_passing() => Err(busy(say!("{error}", "{error}"))),
            Err(error) => Err(Refused::Invalid(say!("{error}", "{error}"))),
        }
    }
}
