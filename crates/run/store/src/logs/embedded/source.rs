//! Where the bytes of blocks are: in a part's file, or still in memory.

use std::{fs::File, io, os::unix::fs::FileExt, path::PathBuf, sync::Arc};

use crate::Error;

#[derive(Clone)]
pub(super) enum Source {
    File { file: Arc<File>, path: Arc<PathBuf> },
    Memory(Arc<[u8]>),
}

impl Source {
    pub fn read(&self, offset: u64, len: usize) -> Result<Vec<u8>, Error> {
        match self {
            Self::File { file, path } => {
                let size = file.metadata().map_err(|e| Error::io(&**path, e))?.len();
                if offset.checked_add(len as u64).is_none_or(|end| end > size) {
                    return Err(self.damaged(offset));
                }
                let mut bytes = vec![0; len];
                file.read_exact_at(&mut bytes, offset)
                    .map_err(|e| match e.kind() {
                        io::ErrorKind::UnexpectedEof => self.damaged(offset),
                        _ => Error::io(&**path, e),
                    })?;
                Ok(bytes)
            }
            Self::Memory(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let found = bytes.get(start..).and_then(|rest| rest.get(..len));
                found
                    .map(<[u8]>::to_vec)
                    .ok_or_else(|| self.damaged(offset))
            }
        }
    }

    pub fn damaged(&self, offset: u64) -> Error {
        let path = match self {
            Self::File { path, .. } => (**path).clone(),
            Self::Memory(_) => PathBuf::from("memory"),
        };
        Error::damaged(
            path,
            format!("the block at byte {offset} is not what was written"),
        )
    }
}
