//! Address ranges as rules compare them.

use std::net::Ipv4Addr;

use promise::{Say, say};

/// An IPv4 range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cidr {
    address: u32,
    pub(crate) prefix: u32,
}

impl Cidr {
    /// The range that a text means, or what is wrong in it.
    pub(crate) fn parse(text: &str) -> Result<Self, Say> {
        let (address, prefix) = text.trim().split_once('/').ok_or_else(|| {
            say!(
                "`{text}` has no prefix length such as /24",
                "`{text}` に /24 のような長さがありません"
            )
        })?;
        let prefix: u32 = prefix.parse().ok().filter(|it| *it <= 32).ok_or_else(|| {
            say!(
                "/{prefix} is not between /0 and /32",
                "/{prefix} は /0 から /32 の間にありません"
            )
        })?;
        let parts: Vec<&str> = address.split('.').collect();
        if parts.len() != 4 {
            return Err(say!(
                "`{address}` does not have four parts",
                "`{address}` は 4 つの部分でできていません"
            ));
        }
        if let Some(large) = parts
            .iter()
            .find(|part| part.parse::<u32>().is_ok_and(|n| n > 255))
        {
            return Err(say!(
                "{large} is more than 255",
                "{large} は 255 を超えています"
            ));
        }
        let address: Ipv4Addr = address.parse().map_err(|_| {
            say!(
                "`{address}` is not an address",
                "`{address}` はアドレスではありません"
            )
        })?;
        Ok(Self {
            address: u32::from(address),
            prefix,
        })
    }

    /// IPv6 ranges are not compared.
    pub(crate) fn is_v6(text: &str) -> bool {
        text.contains(':')
    }

    fn mask(self) -> u32 {
        u32::MAX.checked_shl(32 - self.prefix).unwrap_or(0)
    }

    /// How many addresses it holds.
    pub(crate) fn size(self) -> u64 {
        1 << (32 - self.prefix)
    }

    pub(crate) fn holds(self, other: Self) -> bool {
        self.prefix <= other.prefix && self.address & self.mask() == other.address & self.mask()
    }

    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.holds(other) || other.holds(self)
    }

    /// The range as it should be written, when bits of a host are set.
    pub(crate) fn proper(self) -> Option<String> {
        let network = self.address & self.mask();
        (network != self.address).then(|| format!("{}/{}", Ipv4Addr::from(network), self.prefix))
    }

    pub(crate) fn is_everything(self) -> bool {
        self.prefix == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Cidr {
        Cidr::parse(text).unwrap_or(Cidr {
            address: 0,
            prefix: 0,
        })
    }

    #[test]
    fn ranges_hold_and_overlap() {
        // RFC 4632: 10.0.0.0/16 is 10.0.0.0 to 10.0.255.255.
        assert!(of("10.0.0.0/16").holds(of("10.0.255.0/24")));
        assert!(!of("10.0.0.0/16").holds(of("10.1.0.0/24")));
        assert!(
            of("10.0.1.0/24").overlaps(of("10.0.1.128/25"))
                && !of("10.0.1.0/24").overlaps(of("10.0.2.0/24"))
        );
        assert_eq!(
            (of("10.0.1.0/24").size(), of("10.0.1.5/24").proper()),
            (256, Some("10.0.1.0/24".to_owned()))
        );
        assert!(of("0.0.0.0/0").is_everything());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, wanted) in [
            ("10.0.300.0/24", "300 is more than 255"),
            ("10.0.0.0", "has no prefix length"),
            ("10.0.0.0/33", "/33"),
            ("10.0.0/8", "four parts"),
        ] {
            let said = Cidr::parse(text)
                .err()
                .map(|say| say.en)
                .unwrap_or_default();
            assert!(said.contains(wanted), "{text}: {said}");
        }
    }
}
