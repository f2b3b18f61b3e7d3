//! Personal values: in an entry stands only a salted commitment, and the value lies beside, where it can be erased.
//!
//! An entry can never be changed, and a person may ask to be forgotten. So the leaf holds
//! `{"personal_sha256": SHA-256("tegata personal v1" ‖ 0x00 ‖ salt ‖ value)}` in Base64, and `personal/<N>` holds salt and
//! value of the entries from 4096·N on, one line each: commitment, salt, and the value as a JSON string; a sentence as an array
//! of one. The salt has 256
//! random bits and is another for each value, so that without it nobody can try names until one fits, nor tell that two
//! entries speak of the same person.
//!
//! The lines are durable before the entry is. Taking one away changes no hash: every proof and every signature holds as it
//! did. How many were taken away stands in the entries of kind [`ERASED`], so one that vanishes without an entry is missed.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File, OpenOptions},
    io::{Read as _, Seek as _, Write as _},
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rand::Rng;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{
    entry::Entry,
    error::{Error, VerifyError},
    files,
    limit::{ENTRY_BYTES, PERSONAL_ENTRIES},
    merkle::Hash,
    read,
};

/// The kind of an entry that says how many values were erased: its body holds them as `fields`.
pub const ERASED: &str = "erased";
/// Marks a value of a new entry's body as personal.
const MARK: &str = "$personal";
/// And one as a sentence, in which a person may be spoken of.
const WORDS: &str = "$personal_words";
/// What stands in the leaf.
pub(crate) const COMMITTED: &str = "personal_sha256";
const DOMAIN: &[u8] = b"tegata personal v1\0";
const SALT_BYTES: usize = 32;
/// Characters of a name that is looked for in sentences: one alone stands in most of them.
const NAME_MIN: usize = 2;
/// A file of one commitment, salt and value for each entry, and there may be several in one.
const FILE_BYTES: u64 = PERSONAL_ENTRIES * (2 * ENTRY_BYTES as u64);
/// Files of one folder that are looked at: more entries than a `u32` counts.
const FILES_MAX: usize = 1 << 20;

/// A personal value in the body of a new entry.
#[must_use]
pub fn personal(value: &str) -> Value {
    json!({ MARK: value })
}

/// A sentence in the body of a new entry, which goes as a whole when somebody who stands in it is erased.
#[must_use]
pub fn personal_words(text: &str) -> Value {
    json!({ WORDS: text })
}

/// What stands in the place of a value that was erased.
#[must_use]
pub fn erased() -> Value {
    json!({ "erased": true })
}

/// What shows that a commitment is of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opening {
    pub commitment: Hash,
    salt: [u8; SALT_BYTES],
    value: String,
    /// Whether it is a sentence, and not a name or an address alone.
    is_words: bool,
}

impl Opening {
    fn new(value: &str, is_words: bool) -> Self {
        let mut salt = [0; SALT_BYTES];
        rand::rng().fill_bytes(&mut salt);
        Self {
            commitment: commitment(&salt, value),
            salt,
            value: value.to_owned(),
            is_words,
        }
    }

    fn line(&self) -> String {
        let (commitment, salt) = (self.commitment, STANDARD.encode(self.salt));
        let value = Value::from(self.value.as_str());
        let value = if self.is_words { json!([value]) } else { value };
        format!("{commitment} {salt} {value}\n")
    }

    fn read(line: &str) -> Option<Self> {
        let mut parts = line.splitn(3, ' ');
        let commitment = Hash::from_base64(parts.next()?)?;
        let salt = STANDARD.decode(parts.next()?).ok()?.try_into().ok()?;
        let (value, is_words) = match serde_json::from_str(parts.next()?).ok()? {
            Value::String(value) => (value, false),
            Value::Array(words) => match <[Value; 1]>::try_from(words).ok()? {
                [Value::String(value)] => (value, true),
                _ => return None,
            },
            _ => return None,
        };
        Some(Self {
            commitment,
            salt,
            value,
            is_words,
        })
    }

    /// Whether it is this name or address, or a sentence in which it stands as a word of its own: `Ito` is not in `Itoh`.
    fn tells_of(&self, name: &str) -> bool {
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let holds = |(at, found): (usize, &str)| {
            let before = self.value[..at].chars().next_back();
            let behind = self.value[at + found.len()..].chars().next();
            !(is_word(before) && is_word(name.chars().next())
                || is_word(behind) && is_word(name.chars().next_back()))
        };
        let is_long = name.chars().count() >= NAME_MIN;
        self.value == name || self.is_words && is_long && self.value.match_indices(name).any(holds)
    }

    fn holds(&self) -> bool {
        commitment(&self.salt, &self.value) == self.commitment
    }
}

fn commitment(salt: &[u8; SALT_BYTES], value: &str) -> Hash {
    let hash = Sha256::new()
        .chain_update(DOMAIN)
        .chain_update(salt)
        .chain_update(value);
    Hash(hash.finalize().into())
}

/// The commitment to write in the place of an object, when it marks a personal value.
pub(crate) fn commit(map: &Map<String, Value>, openings: &mut Vec<Opening>) -> Option<Hash> {
    let opening = match sole(map, MARK) {
        Some(value) => Opening::new(value, false),
        None => Opening::new(sole(map, WORDS)?, true),
    };
    let commitment = opening.commitment;
    openings.push(opening);
    Some(commitment)
}

/// Whether an object of a new entry only looks like a commitment of ours.
pub(crate) fn looks_committed(map: &Map<String, Value>) -> bool {
    sole(map, COMMITTED).is_some()
}

fn sole<'m>(map: &'m Map<String, Value>, name: &str) -> Option<&'m str> {
    if map.len() == 1 {
        map.get(name)?.as_str()
    } else {
        None
    }
}

/// Whether a line may hold a commitment: looked at before it is read.
pub(crate) fn may_be_in(line: &[u8]) -> bool {
    let needle = COMMITTED.as_bytes();
    line.windows(needle.len()).any(|window| window == needle)
}

/// Gives each commitment in a body to `visit`, which may put something in its place.
pub(crate) fn each(body: &mut Value, visit: &mut impl FnMut(Hash) -> Option<Value>) {
    match body {
        Value::Array(items) => items.iter_mut().for_each(|item| each(item, visit)),
        Value::Object(map) => match sole(map, COMMITTED).and_then(Hash::from_base64) {
            Some(commitment) => {
                if let Some(value) = visit(commitment) {
                    *body = value;
                }
            }
            None => map.values_mut().for_each(|item| each(item, visit)),
        },
        _ => {}
    }
}

fn folder(dir: &Path) -> PathBuf {
    dir.join("personal")
}

pub(crate) fn file_of(dir: &Path, n: u64) -> PathBuf {
    folder(dir).join(format!("{n:010}"))
}

/// Appends what entries left beside them; durable when it returns.
pub(crate) fn write(dir: &Path, openings: &[(u64, &Opening)]) -> Result<(), Error> {
    let mut left = openings;
    while let Some((index, _)) = left.first() {
        let n = index / PERSONAL_ENTRIES;
        let count = left
            .iter()
            .take_while(|(index, _)| index / PERSONAL_ENTRIES == n)
            .count();
        let (these, rest) = left.split_at(count);
        let path = file_of(dir, n);
        append(&path, these).map_err(|error| Error::io(&path, error))?;
        left = rest;
    }
    Ok(())
}

fn append(path: &Path, openings: &[(u64, &Opening)]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let is_new = !path.exists();
    if is_new {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    let mut text = String::new();
    // A line torn by a power loss belongs to an entry that never was; the next must not grow onto it.
    let length = file.seek(std::io::SeekFrom::End(0))?;
    let mut last = [b'\n'];
    if length > 0 {
        file.read_exact_at(&mut last, length - 1)?;
    }
    if last != [b'\n'] {
        text.push('\n');
    }
    openings
        .iter()
        .for_each(|(_, it)| text.push_str(&it.line()));
    file.write_all(text.as_bytes())?;
    file.sync_data()?;
    if is_new {
        File::open(folder)?.sync_all()?;
        let above = folder.parent().unwrap_or(Path::new("."));
        File::open(above)?.sync_all()?;
    }
    Ok(())
}

/// Values by their commitments, a file at a time.
pub(crate) struct Shelf {
    dir: PathBuf,
    loaded: Option<(u64, HashMap<Hash, Opening>)>,
}

impl Shelf {
    pub fn of(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            loaded: None,
        }
    }

    /// Whether values lie beside this copy of the ledger at all.
    pub fn is_here(&self) -> bool {
        folder(&self.dir).is_dir()
    }

    fn find(&mut self, index: u64, commitment: &Hash) -> Result<Option<&Opening>, Error> {
        let n = index / PERSONAL_ENTRIES;
        if self.loaded.as_ref().is_none_or(|(held, _)| *held != n) {
            let path = file_of(&self.dir, n);
            let found = lines(&path)?.into_iter();
            let found = found.map(|opening| (opening.commitment, opening));
            self.loaded = Some((n, found.collect()));
        }
        Ok(self
            .loaded
            .as_ref()
            .and_then(|(_, held)| held.get(commitment)))
    }

    /// An entry from its line, with its personal values where they still are.
    pub fn parse(&mut self, index: u64, line: &[u8]) -> Result<Entry, Error> {
        let mut entry = read::parse(index, line)?;
        if may_be_in(line) {
            self.open(index, &mut entry.body)?;
        }
        Ok(entry)
    }

    /// Puts the values of an entry back into its body; what is gone is shown as erased.
    fn open(&mut self, index: u64, body: &mut Value) -> Result<(), Error> {
        let mut failed = None;
        each(body, &mut |commitment| {
            let found = self.find(index, &commitment);
            match found {
                Ok(Some(opening)) if opening.holds() => Some(Value::from(opening.value.as_str())),
                Ok(_) => Some(erased()),
                Err(error) => {
                    failed = Some(error);
                    None
                }
            }
        });
        failed.map_or(Ok(()), Err)
    }
}

fn lines(path: &Path) -> Result<Vec<Opening>, Error> {
    let text = files::read(path, FILE_BYTES).map_err(|error| Error::io(path, error))?;
    let text = String::from_utf8_lossy(text.as_deref().unwrap_or_default()).into_owned();
    Ok(text.lines().filter_map(Opening::read).collect())
}

/// What a verification finds of personal values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Personal {
    /// That lie beside their entries, and are what was committed to.
    pub held: u64,
    /// That are gone.
    pub gone: u64,
    /// That entries say were erased.
    pub erased: u64,
}

/// Counts personal values along the entries.
pub(crate) struct Audit {
    shelf: Shelf,
    pub found: Personal,
}

impl Audit {
    pub fn of(dir: &Path) -> Self {
        Self {
            shelf: Shelf::of(dir),
            found: Personal::default(),
        }
    }

    /// Looks at an entry's line, whose hash was compared before.
    pub fn line(&mut self, index: u64, line: &[u8]) -> Result<(), VerifyError> {
        let says_erased = line.ends_with(br#""kind":"erased"}"#);
        if !says_erased && !may_be_in(line) {
            return Ok(());
        }
        let Ok(mut entry) = crate::entry::parse(line) else {
            return Ok(());
        };
        if says_erased {
            self.found.erased += entry.body["fields"].as_u64().unwrap_or(0);
        }
        let (shelf, found) = (&mut self.shelf, &mut self.found);
        let mut wrong = None;
        each(&mut entry.body, &mut |commitment| {
            match shelf.find(index, &commitment) {
                Ok(Some(opening)) if opening.holds() => found.held += 1,
                Ok(Some(_)) => wrong = Some("the value beside it is not what it committed to"),
                Ok(None) => found.gone += 1,
                Err(_) => wrong = Some("the values beside it cannot be read"),
            }
            None
        });
        match wrong {
            None => Ok(()),
            Some(detail) => Err(VerifyError::Entry {
                index,
                path: file_of(&self.shelf.dir, index / PERSONAL_ENTRIES),
                detail: detail.to_owned(),
            }),
        }
    }

    /// A copy without any values is whole: somebody was not to see them. One that lacks some is not, unless entries say
    /// that they were erased.
    ///
    /// What was pruned is counted by what the entry about it says.
    pub fn end(self, pruned: Option<Personal>) -> Result<Personal, VerifyError> {
        let before = pruned.unwrap_or_default();
        let gone = self.found.gone + before.gone;
        let erased = self.found.erased + before.erased;
        if gone > erased && self.shelf.is_here() {
            return Err(VerifyError::Vanished { gone, erased });
        }
        Ok(self.found)
    }
}

/// Values of one person, as they were found.
pub(crate) struct Traces(HashMap<PathBuf, HashSet<Hash>>);

impl Traces {
    /// Every place where this value lies, and every sentence that tells of it.
    pub fn of(dir: &Path, value: &str) -> Result<Self, Error> {
        let folder = folder(dir);
        let listed = match fs::read_dir(&folder) {
            Ok(listed) => listed,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self(HashMap::new()));
            }
            Err(error) => return Err(Error::io(&folder, error)),
        };
        let mut found = HashMap::new();
        for file in listed.take(FILES_MAX) {
            let path = file.map_err(|error| Error::io(&folder, error))?.path();
            let own: HashSet<Hash> = lines(&path)?
                .into_iter()
                .filter(|opening| opening.tells_of(value))
                .map(|opening| opening.commitment)
                .collect();
            if !own.is_empty() {
                found.insert(path, own);
            }
        }
        Ok(Self(found))
    }

    pub fn count(&self) -> u64 {
        self.0.values().map(|own| own.len() as u64).sum()
    }

    /// Takes them away: the files are written anew without them, and what the old ones held is overwritten.
    pub fn erase(&self) -> Result<(), Error> {
        for (path, gone) in &self.0 {
            let kept = lines(path)?.into_iter();
            let kept = kept.filter(|opening| !gone.contains(&opening.commitment));
            let text: String = kept.map(|opening| opening.line()).collect();
            let old = OpenOptions::new().read(true).write(true).open(path);
            let old = old.map_err(|error| Error::io(path, error))?;
            files::replace(path, text.as_bytes(), Some(0o600))?;
            // As far as a program can: a disk that writes elsewhere, and backups, are their keepers' matter.
            overwrite(old).map_err(|error| Error::io(path, error))?;
        }
        Ok(())
    }
}

fn overwrite(mut file: File) -> std::io::Result<()> {
    let length = file.metadata()?.len();
    file.rewind()?;
    std::io::copy(&mut std::io::repeat(0).take(length), &mut file)?;
    file.sync_all()
}
