//! The console's door for what others send by their own protocols.

use std::sync::Arc;

use async_trait::async_trait;
use collect::{LokiError, OtlpError, PushError, WebhookError};
use console::door::{self, Header, OtlpForm, OtlpSignal, Packing, Push, Refused};
use promise::{Say, say};

use super::busy;
use crate::app::House;

pub(super) struct Door(pub(super) Arc<House>);

#[async_trait]
impl door::Pushed for Door {
    fn body_max(&self) -> usize {
        let all = [
            collect::OTLP_MAX,
            collect::PUSH_MAX,
            collect::LOKI_MAX,
            collect::WEBHOOK_MAX,
        ];
        all.into_iter().max().unwrap_or_default()
    }

    async fn otlp(
        &self,
        signal: OtlpSignal,
        form: OtlpForm,
        packing: Packing,
        body: &[u8],
    ) -> Result<Vec<u8>, Refused> {
        let form = match form {
            OtlpForm::Protobuf => collect::OtlpForm::Protobuf,
            OtlpForm::Json => collect::OtlpForm::Json,
        };
        let signal = match signal {
            OtlpSignal::Metrics => collect::OtlpSignal::Metrics,
            OtlpSignal::Logs => collect::OtlpSignal::Logs,
            OtlpSignal::Traces => collect::OtlpSignal::Traces,
        };
        let collector = super::collector(&self.0).await?;
        match collector.otlp(signal, form, of(packing), body).await {
            Ok(taken) => Ok(taken.body(signal, form)),
            Err(OtlpError::TooLarge) => Err(too_large(collect::OTLP_MAX)),
            Err(OtlpError::NotDeclared(name)) => Err(missing("OTLP", name)),
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
        match super::collector(&self.0)
            .await?
            .push(path, push, content_type, body)
            .await
        {
            Ok(()) => Ok(()),
            Err(PushError::TooLarge) => Err(too_large(collect::PUSH_MAX)),
            Err(error) if error.is_passing() => Err(busy(say!("{error}", "{error}"))),
            Err(error) => Err(Refused::Invalid(say!("{error}", "{error}"))),
        }
    }

    async fn loki(&self, is_json: bool, packing: Packing, body: &[u8]) -> Result<(), Refused> {
        let collector = super::collector(&self.0).await?;
        match collector.loki(is_json, of(packing), body).await {
            Ok(taken) => match taken.refused {
                None => Ok(()),
                Some((count, why)) => {
                    let Say { en, ja } = why.say();
                    Err(Refused::Invalid(Say::new(
                        format!("{count} lines were refused, the others are stored: {en}"),
                        format!("{count} 行を拒み、残りは保存しました: {ja}"),
                    )))
                }
            },
            Err(LokiError::TooLarge) => Err(too_large(collect::LOKI_MAX)),
            Err(LokiError::NotDeclared) => Err(missing("receiver", "loki")),
            Err(LokiError::Intake(error)) => Err(busy(say!("{error}", "{error}"))),
            Err(error) => Err(Refused::Invalid(say!("{error}", "{error}"))),
        }
    }

    async fn webhook(&self, name: &str, header: Header<'_>, body: &[u8]) -> Result<(), Refused> {
        match super::collector(&self.0)
            .await?
            .webhook(name, header, body)
            .await
        {
            Ok(()) => Ok(()),
            Err(WebhookError::TooLarge) => Err(too_large(collect::WEBHOOK_MAX)),
            Err(WebhookError::NotDeclared(name)) => Err(missing("webhook", &name)),
            Err(error @ WebhookError::Unsigned) => {
                Err(Refused::Denied(say!("{error}", "署名が正しくありません")))
            }
            Err(error) if error.is_passing() => Err(busy(say!("{error}", "{error}"))),
            Err(error) => Err(Refused::Invalid(say!("{error}", "{error}"))),
        }
    }
}

fn of(packing: Packing) -> collect::Packing {
    match packing {
        Packing::None => collect::Packing::None,
        Packing::Gzip => collect::Packing::Gzip,
        Packing::Snappy => collect::Packing::Snappy,
    }
}

fn missing(what: &'static str, name: &str) -> Refused {
    Refused::Missing {
        what,
        name: name.to_owned(),
    }
}

fn too_large(limit: usize) -> Refused {
    Refused::TooLarge {
        what: "the body",
        limit,
    }
}
