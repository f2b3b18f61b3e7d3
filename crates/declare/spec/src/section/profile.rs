//! `profiles`: the standards that a service is held to; some rules run only for them, or are stricter.

use std::fmt;

use promise::{Say, record::Scalar, say, scalar_as_text};

/// A standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// PCI DSS: card data.
    Pci,
    /// HIPAA: health data in the USA.
    Hipaa,
    /// The Japanese guidelines on the safety of medical information systems.
    JpMedical,
}

impl Profile {
    pub const ALL: [Self; 3] = [Self::Pci, Self::Hipaa, Self::JpMedical];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pci => "pci",
            Self::Hipaa => "hipaa",
            Self::JpMedical => "jp-medical",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Scalar for Profile {
    const NAME: &'static str = "profile";
    const NAME_JA: &'static str = "準拠する基準";
    const EXAMPLE: &'static str = "pci";
    const ONE_OF: &'static [&'static str] = &["pci", "hipaa", "jp-medical"];

    fn parse(text: &str) -> Result<Self, Say> {
        let known = Self::ALL
            .into_iter()
            .find(|profile| profile.as_str() == text);
        known.ok_or_else(|| {
            say!(
                "there is no profile `{text}`",
                "`{text}` という基準はありません"
            )
        })
    }
}
scalar_as_text!(Profile);
