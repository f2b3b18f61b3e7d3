//! The ledger: what was seen, judged, paged and done, in an order that nobody can change unseen.
//!
//! **Alone**: it uses nothing else of ours, no clock and no network, so that an auditor can link this crate, or
//! read its files with any tool that speaks the same public formats, and need not trust the rest of Tegata.
//!
//! It does not decide what is worth an entry, nor how long one is kept, and does not read times. The tree only grows.
//!
//! # What lies in the directory
//!
//! | file | what | format |
//! |---|---|---|
//! | `checkpoint` | size and root hash, signed | C2SP tlog-checkpoint, C2SP signed-note |
//! | `tile/<L>/<N>` | 256 hashes of level 8·L | C2SP tlog-tiles |
//! | `tile/<L>/<N>.p/<W>` | the first W hashes of a tile that is not full | C2SP tlog-tiles |
//! | `tile/entries/<N>[.p/<W>]` | 256 (or W) entries, each after its length as a big-endian `uint16` | C2SP tlog-tiles |
//! | `personal/<N>` | salts and values of personal fields, of which entries hold commitments | ours |
//! | `pruned` | how far entries past their retention went, and the entry that says so | two numbers |
//! | `tail` | the newest commits, each with its signed checkpoint | ours, see below |
//! | `key`, `key.pub` | Ed25519 signer (mode 0600) and verifier key | C2SP signed-note |
//! | `lock` | held by the one process that writes | empty |
//!
//! `<N>` is written in groups of three digits, all but the last after an `x`: 1234067 is `x001/x234/067`. Hashes
//! are those of RFC 9162, 2.1.1: SHA-256 over `0x00 ‖ entry` for a leaf and `0x01 ‖ left ‖ right` for a node.
//! An entry is one line of JSON with sorted keys; the leaf hash is over exactly those bytes.
//!
//! # How an append becomes durable
//!
//! One thread writes. It takes everything that waits, appends it to `tail` together with a freshly signed
//! checkpoint, and calls `fdatasync` once: then every waiting caller is answered. Callers make and hash their lines
//! themselves, side by side and while the disk is at the commit before; the next commit is written only once that one is
//! durable, so that a power loss tears the last at most. `tail` is a header (magic, the
//! index of its first entry) and commits: `u32` length, `u32` count, for each entry `u16` length, bytes, leaf hash,
//! and at last `u16` length and the signed checkpoint; integers are big-endian; zeros behind the last commit are room for
//! the next, so that a commit within it waits for nothing but its own bytes. When it holds [`limit::ROLL_ENTRIES`]
//! entries, or when nobody has appended for a moment, whole bundles move to tiles, `tail` starts afresh and
//! `checkpoint` is published with the partial tiles that it needs.
//!
//! A tail torn by a power loss ends in a commit that nobody was told about. It is cut off and reported when the
//! ledger is opened, unless a signed checkpoint covers it: that is damage, and the ledger does not open.

pub mod limit;
pub mod merkle;

mod cosign;
mod entry;
mod error;
mod files;
mod find;
mod key;
mod ledger;
mod note;
mod open;
mod personal;
mod proof;
mod prune;
mod read;
mod stamp;
mod tail;
mod tree;
mod verify;
mod witness;
mod writer;

pub use cosign::{COSIGN_BYTES, CosignError, Cosigner, cosign_request, take_cosignature};
pub use entry::{Entry, NewEntry};
pub use error::{Error, VerifyError};
pub use find::Find;
pub use ledger::Ledger;
pub use merkle::{Hash, verify_consistency, verify_inclusion};
pub use note::{Checkpoint, checkpoint_of, verify_note};
pub use open::Opened;
pub use personal::{ERASED, Personal, erased, personal, personal_words};
pub use proof::{Proof, ProofError, prove, prove_at};
pub use prune::{Cut, PRUNED, Pruned};
pub use read::read;
pub use stamp::{STAMP_BYTES, Stamp, StampError, stamp_request, stamped, stamps};
pub use verify::{Expect, Verified, verify};
pub use witness::{Witnessed, cosigned, witness};
