//! A TCP port that must accept a connection. Nothing is sent.

use spec::section::source::TcpProbe;

use super::{Found, connect};
use crate::trouble::Trouble;

pub(super) async fn probe(probe: &TcpProbe, found: &mut Found) -> Result<(), Trouble> {
    connect(&probe.address, found, None).await;
    Ok(())
}
