//! Says when the spec should be read again: on SIGHUP, or when its file has changed.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};
use tokio_util::sync::CancellationToken;

/// Editors write a file in several steps; a look each second sees the finished one soon enough.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Why the spec is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    Asked,
    Changed,
}

pub(crate) async fn run(path: PathBuf, again: mpsc::Sender<Why>, stop: CancellationToken) {
    let mut hangup = match signal(SignalKind::hangup()) {
        Ok(hangup) => hangup,
        Err(error) => {
            return tracing::error!(%error, "SIGHUP cannot be heard; the spec is not watched");
        }
    };
    let mut seen = mark(&path);
    let mut changed = false;
    loop {
        let why = tokio::select! {
            () = stop.cancelled() => return,
            _ = hangup.recv() => Some(Why::Asked),
            () = tokio::time::sleep(LOOK_EVERY) => {
                let now = mark(&path);
                let moved = now != seen;
                seen = now;
                // Read only once it has rested for one look.
                let ready = changed && !moved;
                changed = moved;
                ready.then_some(Why::Changed)
            }
        };
        if let Some(why) = why
            && again.send(why).await.is_err()
        {
            return;
        }
    }
}

/// What tells two versions of a file apart without reading it.
fn mark(path: &Path) -> Option<(std::time::SystemTime, u64)> {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}
