//! Time stamps by RFC 3161: somebody who sells the time says that a checkpoint was there by then.
//!
//! A witness tells that the ledger only grew; a time stamp tells since when, and is signed by an authority that courts know.
//! What is stamped is the SHA-256 of the checkpoint's signed text. The answer stands in the note as one more signature line,
//! of the type 0xff that C2SP signed-note leaves for others: readers that do not know it pass over it, and a proof that
//! holds such a checkpoint needs nothing else.
//!
//! Checked of a stamp: what it stamps, the signature over it, that the certificate names itself in what is signed (RFC 5816),
//! is for time stamping, and leads to an authority that the reader trusts, at the stamped time. Not checked: revocation,
//! which needs a network.

mod der;

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls_pki_types::{CertificateDer, UnixTime, pem::PemObject};
use sha2::{Digest, Sha256, Sha384, Sha512};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::{limit::NOTE_BYTES, note};
use der::{
    BOOLEAN, CONTEXT_0, GENERALIZED_TIME, INTEGER, OCTETS, OID, Reader, SEQUENCE, SET, number,
    write,
};

/// C2SP signed-note's type for what has no number of its own.
const OTHER: u8 = 0xff;
const OURS: &[u8] = b"rfc3161";
/// Certificates in one stamp: a chain has three or four.
const CERTIFICATES_MAX: usize = 16;
/// The largest answer of an authority that is read.
pub const STAMP_BYTES: usize = 24 << 10;

/// Object identifiers, without tag and length.
mod oid {
    /// 2.16.840.1.101.3.4.2.1, .2 and .3
    pub const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
    pub const SHA384: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];
    pub const SHA512: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03];
    /// 1.2.840.113549.1.7.2, id-signedData
    pub const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
    /// 1.2.840.113549.1.9.16.1.4, id-ct-TSTInfo
    pub const TST_INFO: &[u8] = &[
        0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04,
    ];
    /// 1.2.840.113549.1.9.3 and .4
    pub const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
    pub const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
    /// 1.2.840.113549.1.9.16.2.47, id-aa-signingCertificateV2
    pub const SIGNING_CERTIFICATE: &[u8] = &[
        0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f,
    ];
    /// 1.3.6.1.5.5.7.3.8, id-kp-timeStamping
    pub const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];
}

/// What was stamped, when, by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// As it was named when the stamp was taken.
    pub authority: String,
    /// Seconds since 1970.
    pub unix_secs: u64,
}

/// Why there is no stamp that can be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StampError {
    #[error("it is no signed note")]
    Note,
    #[error("`{0}` cannot name an authority")]
    Name(String),
    #[error("no certificate of an authority can be read from what was given as trusted")]
    Roots,
    #[error("the authority refused: its answer has the status {0}")]
    Refused(u8),
    #[error("it is no time stamp: {0}")]
    Form(&'static str),
    #[error("it stamps something else")]
    OtherText,
    #[error("it answers another request")]
    OtherRequest,
    #[error("its signature does not hold: {0}")]
    Signature(&'static str),
    #[error("its certificate cannot be trusted: {0}")]
    Certificate(String),
}

/// A request for a stamp over a signed checkpoint, to be posted as `application/timestamp-query`. `nonce` is random.
pub fn stamp_request(note: &str, nonce: [u8; 8]) -> Result<Vec<u8>, StampError> {
    let imprint = write(OCTETS, &[&imprint(note)?]);
    let sha256 = write(SEQUENCE, &[&write(OID, &[oid::SHA256]), &[0x05, 0x00]]);
    Ok(write(
        SEQUENCE,
        &[
            &number(&[1]),
            &write(SEQUENCE, &[&sha256, &imprint]),
            &number(&nonce),
            // With the certificate: whoever checks it later has nobody to ask for one.
            &write(BOOLEAN, &[&[0xff]]),
        ],
    ))
}

/// The checkpoint with the stamp that an authority answered, once it is sure that it holds. `roots` are the authorities that
/// are trusted, in PEM; `name` is what this one is called from now on, by custom its host.
pub fn stamped(
    note: &str,
    answer: &[u8],
    nonce: [u8; 8],
    name: &str,
    roots: &[u8],
) -> Result<(String, Stamp), StampError> {
    if name.is_empty() || name.contains(|c: char| c == '+' || c.is_whitespace()) {
        return Err(StampError::Name(name.to_owned()));
    }
    let token = granted(answer)?;
    let unix_secs = check(token, &imprint(note)?, Some(nonce), &anchors(roots)?)?;
    let mut signature = key_id(name).to_vec();
    signature.extend(token);
    let mut note = note.to_owned();
    note.push_str(&format!("\u{2014} {name} {}\n", STANDARD.encode(signature)));
    if note.len() > NOTE_BYTES {
        return Err(StampError::Form("it is too long to be kept"));
    }
    let authority = name.to_owned();
    Ok((
        note,
        Stamp {
            authority,
            unix_secs,
        },
    ))
}

/// Every stamp in a note, oldest first; an error where one does not hold. Empty where there is none.
pub fn stamps(note: &str, roots: &[u8]) -> Result<Vec<Stamp>, StampError> {
    let roots = anchors(roots)?;
    let imprint = imprint(note)?;
    let signatures = note.rfind("\n\n").map_or("", |split| &note[split + 2..]);
    let mut found = Vec::new();
    for (name, bytes) in note::signatures(signatures).map_err(|_| StampError::Note)? {
        let Some((id, token)) = bytes.split_first_chunk::<4>() else {
            continue;
        };
        if *id == key_id(name) {
            let unix_secs = check(token, &imprint, None, &roots)?;
            let authority = name.to_owned();
            found.push(Stamp {
                authority,
                unix_secs,
            });
        }
    }
    found.sort_by_key(|stamp| stamp.unix_secs);
    Ok(found)
}

/// As C2SP signed-note makes key ids, of a type that is named by a text.
fn key_id(name: &str) -> [u8; 4] {
    let hash = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', OTHER])
        .chain_update(OURS)
        .finalize();
    [hash[0], hash[1], hash[2], hash[3]]
}

/// The hash of what the log itself signs.
fn imprint(note: &str) -> Result<[u8; 32], StampError> {
    let split = note.rfind("\n\n").ok_or(StampError::Note)?;
    Ok(Sha256::digest(&note[..=split]).into())
}

fn anchors(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, StampError> {
    let certificates =
        CertificateDer::pem_slice_iter(pem).take(CERTIFICATES_MAX * CERTIFICATES_MAX);
    let found: Vec<_> = certificates.filter_map(Result::ok).collect();
    if found.is_empty() {
        return Err(StampError::Roots);
    }
    Ok(found)
}

/// The token of an answer (RFC 3161, 2.4.2).
fn granted(answer: &[u8]) -> Result<&[u8], StampError> {
    let form = StampError::Form("the answer cannot be read");
    let mut outer = Reader::new(answer).enter(SEQUENCE).ok_or(form.clone())?;
    let status = outer.enter(SEQUENCE).and_then(|mut it| it.take(INTEGER));
    let status = status.ok_or(form.clone())?.body;
    match status {
        // Granted, with or without modifications.
        [0 | 1] => Ok(outer.take(SEQUENCE).ok_or(form)?.whole),
        [other] => Err(StampError::Refused(*other)),
        _ => Err(form),
    }
}

/// When a token says that `imprint` was there, once all of it holds (RFC 3161, 2.4.2; RFC 5652, 5).
fn check(
    token: &[u8],
    imprint: &[u8; 32],
    nonce: Option<[u8; 8]>,
    roots: &[CertificateDer<'_>],
) -> Result<u64, StampError> {
    let signed =
        Signed::read(token).ok_or(StampError::Form("it is no signed data of a time stamp"))?;
    let info = Info::read(signed.content).ok_or(StampError::Form("its content cannot be read"))?;
    if info.imprint != imprint {
        return Err(StampError::OtherText);
    }
    if nonce.is_some_and(|nonce| info.nonce != Some(der::number(&nonce).as_slice())) {
        return Err(StampError::OtherRequest);
    }
    let digest = digest(signed.digest_oid, signed.content);
    let digest = digest.ok_or(StampError::Signature("its hash function is not known"))?;
    if signed.attribute(oid::CONTENT_TYPE) != Some(&write(OID, &[oid::TST_INFO])) {
        return Err(StampError::Signature("it was made for another content"));
    }
    if signed.attribute(oid::MESSAGE_DIGEST) != Some(&write(OCTETS, &[&digest])) {
        return Err(StampError::Signature("its content was changed"));
    }
    let own = signed.certificate().ok_or(StampError::Signature(
        "it names no certificate among its own by SHA-256 or longer",
    ))?;
    let untrusted = |error: webpki::Error| StampError::Certificate(error.to_string());
    let own = CertificateDer::from(own);
    let own = EndEntityCert::try_from(&own).map_err(untrusted)?;
    // What is signed are the attributes as a SET, though they stand there as [0] (RFC 5652, 5.4).
    let message = write(SET, &[signed.attributes]);
    let holds = ALL_VERIFICATION_ALGS.iter().any(|known| {
        own.verify_signature(*known, &message, signed.signature)
            .is_ok()
    });
    if !holds {
        return Err(StampError::Signature("it does not fit"));
    }
    let anchors: Result<Vec<_>, _> = roots.iter().map(anchor_from_trusted_cert).collect();
    let anchors = anchors.map_err(untrusted)?;
    let between: Vec<CertificateDer<'_>> = signed
        .certificates
        .iter()
        .map(|der| CertificateDer::from(*der))
        .collect();
    let then = UnixTime::since_unix_epoch(std::time::Duration::from_secs(info.unix_secs));
    let usage = KeyUsage::required(oid::TIME_STAMPING);
    own.verify_for_usage(
        ALL_VERIFICATION_ALGS,
        &anchors,
        &between,
        then,
        usage,
        None,
        None,
    )
    .map_err(untrusted)?;
    Ok(info.unix_secs)
}

fn digest(name: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    match name {
        oid::SHA256 => Some(Sha256::digest(bytes).to_vec()),
        oid::SHA384 => Some(Sha384::digest(bytes).to_vec()),
        oid::SHA512 => Some(Sha512::digest(bytes).to_vec()),
        _ => None,
    }
}

/// The parts of a CMS SignedData with one signer.
struct Signed<'a> {
    content: &'a [u8],
    certificates: Vec<&'a [u8]>,
    digest_oid: &'a [u8],
    /// Without tag and length.
    attributes: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    fn read(token: &'a [u8]) -> Option<Self> {
        let mut outer = Reader::new(token).enter(SEQUENCE)?;
        (outer.take(OID)?.body == oid::SIGNED_DATA).then_some(())?;
        let mut data = outer.enter(CONTEXT_0)?.enter(SEQUENCE)?;
        data.take(INTEGER)?;
        data.take(SET)?;
        let mut inner = data.enter(SEQUENCE)?;
        (inner.take(OID)?.body == oid::TST_INFO).then_some(())?;
        let content = inner.enter(CONTEXT_0)?.take(OCTETS)?.body;
        let mut certificates = Vec::new();
        if let Some(mut given) = data.enter(CONTEXT_0) {
            while let (Some(one), true) = (given.read(), certificates.len() < CERTIFICATES_MAX) {
                certificates.push(one.whole);
            }
        }
        // Revocation lists.
        data.skip(0xa1);
        let mut signers = data.enter(SET)?;
        let mut signer = signers.enter(SEQUENCE)?;
        // RFC 3161: the authority, and nobody else.
        signers.is_empty().then_some(())?;
        signer.take(INTEGER)?;
        // Who it is stands in the signed attributes, too, and there it counts.
        signer.read()?;
        let digest_oid = signer.enter(SEQUENCE)?.take(OID)?.body;
        let attributes = signer.take(CONTEXT_0)?.body;
        signer.take(SEQUENCE)?;
        let signature = signer.take(OCTETS)?.body;
        Some(Self {
            content,
            certificates,
            digest_oid,
            attributes,
            signature,
        })
    }

    /// The one value of a signed attribute, whole. `None` where it is missing or there are several.
    fn attribute(&self, name: &[u8]) -> Option<&'a [u8]> {
        let mut all = Reader::new(self.attributes);
        let mut found = None;
        while let Some(mut one) = all.enter(SEQUENCE) {
            if one.take(OID)?.body != name {
                continue;
            }
            let mut values = one.enter(SET)?;
            let value = values.read()?.whole;
            if found.is_some() || !values.is_empty() {
                return None;
            }
            found = Some(value);
        }
        all.is_empty().then_some(found?)
    }

    /// The certificate that the signed attributes name by its hash (RFC 5816).
    fn certificate(&self) -> Option<&'a [u8]> {
        let named = self.attribute(oid::SIGNING_CERTIFICATE)?;
        let mut id = Reader::new(named)
            .enter(SEQUENCE)?
            .enter(SEQUENCE)?
            .enter(SEQUENCE)?;
        let hash_oid = match id.enter(SEQUENCE) {
            Some(mut named) => named.take(OID)?.body,
            None => oid::SHA256,
        };
        let hash = id.take(OCTETS)?.body;
        let mut certificates = self.certificates.iter();
        certificates.find_map(|der| (digest(hash_oid, der)? == hash).then_some(*der))
    }
}

/// The content of a time stamp (RFC 3161, 2.4.2).
struct Info<'a> {
    imprint: &'a [u8],
    unix_secs: u64,
    /// Whole.
    nonce: Option<&'a [u8]>,
}

impl<'a> Info<'a> {
    fn read(content: &'a [u8]) -> Option<Self> {
        let mut info = Reader::new(content).enter(SEQUENCE)?;
        (info.take(INTEGER)?.body == [1]).then_some(())?;
        // Under which policy is between the authority and whoever trusts it.
        info.take(OID)?;
        let mut imprint = info.enter(SEQUENCE)?;
        (imprint.enter(SEQUENCE)?.take(OID)?.body == oid::SHA256).then_some(())?;
        let imprint = imprint.take(OCTETS)?.body;
        info.take(INTEGER)?;
        let unix_secs = der::seconds(info.take(GENERALIZED_TIME)?.body)?;
        info.skip(SEQUENCE);
        info.skip(BOOLEAN);
        let nonce = info.take(INTEGER).map(|value| value.whole);
        Some(Self {
            imprint,
            unix_secs,
            nonce,
        })
    }
}
