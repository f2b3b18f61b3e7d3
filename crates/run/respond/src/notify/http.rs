//! `http`: whatever takes a request, its path and body made by templates.
//!
//! The address and the headers are secrets and no template sees them. A body that says it is JSON and is none is not
//! sent: the page falls over to the next receiver, and says so.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use promise::Clock;
use reqwest::Method;
use spec::section::receiver::{self, ContentType};

use super::{
    Notifier, Outside, Receipt, SendError, cut,
    exchange::{self, Answer},
    preset, shown,
};
use crate::{
    Page,
    page::Kind,
    template::{Escape, Sight, Template, TemplateError},
};

/// What is kept of an answer to name the message later.
const HANDLE_MAX: usize = 500;

pub struct Http {
    url: String,
    headers: Vec<(String, String)>,
    section: receiver::Http,
    timeout: Duration,
    http: exchange::Http,
    clock: Arc<dyn Clock>,
}

impl Http {
    pub fn of(section: &receiver::Http, outside: &Outside) -> Result<Self, SendError> {
        let resolve = |secret| (outside.secrets)(secret).map_err(SendError::lasting);
        let headers = section.headers.iter();
        Ok(Self {
            url: resolve(&section.url)?,
            headers: headers
                .map(|(name, value)| Ok((name.clone(), resolve(value)?)))
                .collect::<Result<_, SendError>>()?,
            section: preset::filled(section),
            timeout: section.timeout.0,
            http: outside.http.clone(),
            clock: outside.clock.clone(),
        })
    }

    /// The request for this page; `None` where nothing is said at such a time.
    fn draft(&self, page: &Page, handle: Option<&str>) -> Result<Option<Draft>, SendError> {
        let section = &self.section;
        // What nobody remembers opening is opened now.
        let is_lost = section.handle.is_some() && handle.is_none();
        let own = match page.kind {
            Kind::Resolved | Kind::Withdrawn if is_lost => return Ok(None),
            Kind::Resolved | Kind::Withdrawn => section.close.as_ref(),
            Kind::Raised | Kind::Notice => section.open.as_ref(),
            Kind::Canary if section.message.is_none() || section.handle.is_some() => {
                return Ok(None);
            }
            Kind::Canary => None,
            _ if is_lost => section.open.as_ref(),
            _ => section.update.as_ref(),
        };
        let Some(request) = own.or(section.message.as_ref()) else {
            return Ok(None);
        };
        let sight = self.sight(page, handle);
        let escape = match request.content_type {
            ContentType::Json => Escape::Json,
            ContentType::Form => Escape::Url,
            ContentType::Plain => Escape::Plain,
        };
        let body = filled(&request.body, escape, &sight)?;
        if request.content_type == ContentType::Json
            && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&body)
        {
            let (line, column) = (error.line(), error.column());
            let why = format!("the template makes no JSON: line {line}, column {column}");
            return Err(SendError::lasting(why));
        }
        Ok(Some(Draft {
            method: match request.method {
                receiver::Method::Post => Method::POST,
                receiver::Method::Put => Method::PUT,
                receiver::Method::Patch => Method::PATCH,
            },
            path: filled(&request.path, Escape::Url, &sight)?,
            content_type: request.content_type.as_str(),
            body,
        }))
    }

    fn sight(&self, page: &Page, handle: Option<&str>) -> Sight {
        let mut sight = Sight::of(page, page.languages()[0]);
        sight.params = self.section.params.clone();
        sight.handle = handle.map(str::to_owned);
        sight
    }

    /// By which later requests name what this answer speaks of.
    fn handle(&self, page: &Page, answer: &Answer) -> Option<String> {
        let template = self.section.handle.as_deref()?;
        let mut sight = self.sight(page, None);
        sight.answer = answer.json();
        let handle = filled(template, Escape::Plain, &sight).ok()?;
        Some(cut::chars(handle.trim(), HANDLE_MAX)).filter(|handle| !handle.is_empty())
    }

    async fn make(&self, page: &Page, handle: Option<&str>) -> Result<Receipt, SendError> {
        let Some(draft) = self.draft(page, handle)? else {
            return Ok(Receipt {
                answer: "nothing to send".to_owned(),
                handle: None,
            });
        };
        let mut headers = self.headers.clone();
        headers.push(("idempotency-key".to_owned(), page.key.clone()));
        let base = if self.headers.is_empty() {
            format!("{}{}", self.url.trim_end_matches('/'), draft.path)
        } else {
            exchange::guarded(&self.url, &draft.path)?
        };
        let request = exchange::Request {
            method: draft.method,
            url: base,
            headers,
            content_type: draft.content_type,
            body: draft.body.into_bytes(),
        };
        let now = self.clock.now();
        let answer = self.http.send(request, self.timeout, now).await?;
        let made = handle
            .is_none()
            .then(|| self.handle(page, &answer))
            .flatten();
        Ok(Receipt {
            handle: made,
            ..answer.receipt()
        })
    }
}

/// A request before its secrets.
struct Draft {
    method: Method,
    path: String,
    content_type: &'static str,
    body: String,
}

fn filled(source: &str, escape: Escape, sight: &Sight) -> Result<String, SendError> {
    let filled = Template::read(source, escape).and_then(|template| template.render(sight));
    filled
        .map_err(|error: TemplateError| SendError::lasting(format!("the template fails: {error}")))
}

#[async_trait]
impl Notifier for Http {
    async fn send(&self, page: &Page) -> Result<Receipt, SendError> {
        self.make(page, None).await
    }

    async fn follow(&self, page: &Page, handle: &str) -> Result<Receipt, SendError> {
        self.make(page, Some(handle)).await
    }

    fn preview(&self, page: &Page) -> Result<String, SendError> {
        // A person who looks wants to see what follows too, so the handle is named and not missing.
        let begins = matches!(page.kind, Kind::Raised | Kind::Notice);
        let handle = self
            .section
            .handle
            .as_ref()
            .filter(|_| !begins)
            .map(|_| "HANDLE");
        Ok(match self.draft(page, handle)? {
            Some(draft) => shown(draft.method.as_str(), &draft.path, draft.body.as_bytes()),
            None => "(nothing is sent)".to_owned(),
        })
    }
}
