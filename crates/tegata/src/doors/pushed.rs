//! The console's door for metrics by OTLP and for what jobs push.

use std::sync::Arc;

use async_trait::async_trait;
use collect::{OtlpError, PushError};
use console::door::{self, OtlpForm, Push, Refused};
use promise::say;

use super::busy;
use crate::app::House;

pub(super) struct Door(pub(super) Arc<House>);

impl Door {
    fn collector(&self) -> Result<Arc<collect::Handle>, Refused> {
        self.0.collector.load_full().ok_or_else(|| {
            busy(say!(
                "the spec is being read again",
                "仕様を読み直しています"
            ))
        })
    }
}

#[async_trait]
impl door::Pushed for Door {
    fn body_max(&self) -> usize {
        collect::OTLP_MAX.max(collect::PUSH_MAX)
    }

    async fn otlp(
        &self,
        form: OtlpForm,
        is_gzipped: bool,
        body: &[u8],
    ) -> Result<Vec<u8>, Refused> {
        let form = match form {
            OtlpForm::Protobuf => collect::OtlpForm::Protobuf,
            OtlpForm::Json => collect::OtlpForm::Json,
        };
        match self.collector()?.otlp(form, is_gzipped, body).await {
            Ok(taken) => Ok(taken.body(form)),
            Err(OtlpError::TooLarge) => Err(too_large(collect::OTLP_MAX)),
            Err(error) if error.is_passing() => Err(busy(say!("{error}", "{error}"))),
            Err(error) => Err(Refused::Invalid(say!("{error}", "{error}"))),
        }
    }

    async fn push(
        &self,
        path: &str,
        push: Push,
        content_type: &str,
        body: &[u8],
    ) -> Result<(), Refused> {
        let push = match push {
            Push::Merge => collect::Push::Merge,
            Push::Replace => collect::Push::Replace,
            Push::End => collect::Push::End,
        };
        match self.collector()?.push(path, push, content_type, body).await {
            Ok(()) => Ok(()),
            Err(PushError::TooLarge) => Err(too_large(collect::PUSH_MAX)),
            Err(error) if error.is_passing() => Err(busy(say!("{error}", "{error}"))),
            Err(error) => Err(Refused::Invalid(say!("{error}", "{error}"))),
        }
    }
}

fn too_large(limit: usize) -> Refused {
    Refused::TooLarge {
        what: "the body",
        limit,
    }
}
