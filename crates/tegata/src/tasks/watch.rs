//! Says when the spec should be read again: on SIGHUP, or when its file or a rule file has changed.

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

/// `files` are those that are in force now.
pub(crate) async fn run(
    files: impl Fn() -> Vec<PathBuf>,
    again: mpsc::Sender<Why>,
    stop: CancellationToken,
) {
    let mut hangup = match signal(SignalKind::hangup()) {
        Ok(hangup) => hangup,
        Err(error) => {
            return tracing::error!(%error, "SIGHUP cannot be heard; the spec is not watched");
        }
    };
    let mut seen = marks(&files());
    let mut changed = false;
    loop {
        let why = tokio::select! {
            () = stop.cancelled() => return,
            _ = hangup.recv() => Some(Why::Asked),
            () = tokio::time::sleep(LOOK_EVERY) => {
                let now = marks(&files());
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

type Mark = Option<(std::time::SystemTime, u64)>;

fn marks(files: &[PathBuf]) -> Vec<(PathBuf, Mark)> {
    files
        .iter()
        .map(|path| (path.clone(), mark(path)))
        .collect()
}

/// What tells two versions of a file apart without reading it.
fn mark(path: &Path) -> Mark {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}
