//! What the log rules remember, written down beside the work.
//!
//! A hundred busy rules remember hundreds of megabytes. Written as one value it would hold up the one writer of the state
//! for seconds, and with it every page; so it is written in pieces, each for itself, into one of two places, and a small
//! head says which place holds all of it. A death in between leaves the other place as it was.

use std::io::{Read as _, Write as _};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use store::{StateStore, state::Write};

use super::TABLE;

const HEAD: &str = "memory";
/// Bytes of one piece: what is written beside it waits some ten milliseconds.
const PIECE: usize = 1 << 20;
/// Pieces of it: a hundred rules of a hundred thousand events each have some 400.
const PIECES_MAX: usize = 2_048;
/// Bytes that are read when unpacked: what was damaged may claim anything.
const UNPACKED_MAX: u64 = 16 << 30;
/// Ids are random, so that more effort finds little more.
const LEVEL: i32 = 1;

/// Where all of it lies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    place: u8,
    pieces: usize,
}

fn key(place: u8, piece: usize) -> String {
    format!("{HEAD}/{place}/{piece}")
}

/// As it is written; takes a while where it is much.
pub(super) fn pack(what: &impl Serialize) -> std::io::Result<Vec<u8>> {
    let mut packed = zstd::Encoder::new(Vec::new(), LEVEL)?;
    let mut buffered = std::io::BufWriter::with_capacity(1 << 16, &mut packed);
    serde_json::to_writer(&mut buffered, what)?;
    buffered.flush()?;
    drop(buffered);
    packed.finish()
}

pub(super) fn unpack<T: DeserializeOwned>(packed: &[u8]) -> std::io::Result<T> {
    let mut json = Vec::new();
    let unpacking = zstd::Decoder::new(packed)?;
    unpacking.take(UNPACKED_MAX).read_to_end(&mut json)?;
    Ok(serde_json::from_slice(&json)?)
}

async fn head(state: &dyn StateStore) -> Result<Option<Head>, store::Error> {
    let head = state.get(TABLE, HEAD).await?;
    Ok(head.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

pub(super) async fn write(state: &dyn StateStore, packed: &[u8]) -> Result<(), store::Error> {
    let pieces = packed.len().div_ceil(PIECE);
    if pieces > PIECES_MAX {
        let bytes = packed.len();
        tracing::error!(
            bytes,
            "what the log rules remember is too much to be written down"
        );
        return Ok(());
    }
    let before = head(state).await?.unwrap_or_default();
    let place = 1 - before.place.min(1);
    for (n, piece) in packed.chunks(PIECE).enumerate() {
        let put = Write::Put {
            table: TABLE,
            key: key(place, n),
            value: piece.to_vec(),
        };
        state.write(vec![put]).await?;
    }
    let head = serde_json::json!({ "place": place, "pieces": pieces });
    let mut turn = vec![Write::Put {
        table: TABLE,
        key: HEAD.to_owned(),
        value: head.to_string().into_bytes(),
    }];
    turn.extend((0..before.pieces.min(PIECES_MAX)).map(|n| Write::Delete {
        table: TABLE,
        key: key(before.place, n),
    }));
    state.write(turn).await.map(|_| ())
}

/// `None` where nothing was written yet.
pub(super) async fn read(state: &dyn StateStore) -> Result<Option<Vec<u8>>, store::Error> {
    let Some(head) = head(state).await? else {
        return Ok(None);
    };
    let mut packed = Vec::new();
    for n in 0..head.pieces.min(PIECES_MAX) {
        let piece = state.get(TABLE, &key(head.place, n)).await?;
        packed.extend(piece.unwrap_or_default());
    }
    Ok(Some(packed))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use evaluate::log_rule::{Checkpoint, Engine, one_line};
    use promise::Timestamp;
    use serde_json::json;
    use store::{Record, state};

    use super::*;

    fn failure(n: u32) -> Record {
        let fields = json!({ "status": "failed", "user_id": format!("{:0>1000}", n) });
        Record {
            id: xorshift(n),
            at: Timestamp::from_millis(1_767_571_200_000 + i64::from(n)),
            stream: "s".to_owned(),
            fields: fields.as_object().unwrap().clone(),
        }
    }

    /// Ids as senders draw them.
    fn xorshift(n: u32) -> u128 {
        let mut word = u128::from(n + 1) << 64 | 0x9e37_79b9_7f4a_7c15;
        for _ in 0..4 {
            word ^= word << 23;
            word ^= word >> 41;
        }
        word
    }

    /// Each of 18,000 users has a name of 1,000 letters: as text it is beyond the 16 MiB that one value of the state holds.
    #[tokio::test]
    async fn more_than_a_value_holds_is_remembered_and_the_eleventh_fires_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let state = state::open("embedded", &folder.path().join("state")).unwrap();
        let rules =
            || vec![one_line::read("r", "status:failed AND count > 18000 over 5m").unwrap()];
        let by_user =
            || one_line::read("u", "status:failed AND count > 1 over 5m by user_id").unwrap();
        let engine = || {
            let mut rules = rules();
            rules.push(by_user());
            Engine::new(rules)
        };
        let records: Vec<Record> = (0..18_001).map(failure).collect();
        let mut first = engine();
        assert!(first.observe_all(&records[..18_000]).is_empty());
        let remembered = first.save(Timestamp::from_millis(0));
        assert!(serde_json::to_vec(&remembered).unwrap().len() > 16 << 20);
        write(&*state, &pack(&remembered).unwrap()).await.unwrap();
        let packed = read(&*state).await.unwrap().unwrap();
        let again: Checkpoint = unpack(&packed).unwrap();
        let mut second = engine();
        second.restore(again);
        assert!(second.observe_all(&records[..18_000]).is_empty());
        assert_eq!(second.observe(&records[18_000]).len(), 1);
    }

    #[tokio::test]
    async fn what_was_written_whole_is_read_and_not_what_was_begun_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let state = state::open("embedded", &folder.path().join("state")).unwrap();
        assert_eq!(read(&*state).await.unwrap(), None);
        let bytes = |n: u8, len: usize| vec![n; len];
        for (n, len) in [
            (1, 3 * PIECE),
            (2, 5 * PIECE + 7),
            (3, 1),
            (4, 0),
            (5, PIECE + 1),
        ] {
            write(&*state, &bytes(n, len)).await.unwrap();
            assert_eq!(read(&*state).await.unwrap(), Some(bytes(n, len)));
        }
        // A death after the first piece of the next one.
        let head = head(&*state).await.unwrap().unwrap();
        let put = Write::Put {
            table: TABLE,
            key: key(1 - head.place, 0),
            value: bytes(6, PIECE),
        };
        state.write(vec![put]).await.unwrap();
        assert_eq!(read(&*state).await.unwrap(), Some(bytes(5, PIECE + 1)));
        write(&*state, &bytes(7, 2 * PIECE)).await.unwrap();
        assert_eq!(read(&*state).await.unwrap(), Some(bytes(7, 2 * PIECE)));
    }
}
