//! Respond as others see it: real sockets for the notifiers, made-up receivers and time for everything that must
//! survive failures.
#![allow(clippy::unwrap_used)]

#[path = "respond/acknowledging.rs"]
mod acknowledging;
#[path = "respond/alerting.rs"]
mod alerting;
#[path = "respond/crash.rs"]
mod crash;
#[path = "respond/escalation.rs"]
mod escalation;
#[path = "respond/faults.rs"]
mod faults;
#[path = "respond/held.rs"]
mod held;
#[path = "respond/hostile.rs"]
mod hostile;
#[path = "respond/lifecycle.rs"]
mod lifecycle;
#[path = "respond/notifiers.rs"]
mod notifiers;
#[path = "respond/simulation.rs"]
mod simulation;
#[path = "respond/vendors.rs"]
mod vendors;
#[path = "respond/working.rs"]
mod working;
#[path = "respond/world.rs"]
mod world;
