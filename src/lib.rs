//! Postroom: an email-driven support gateway.
//!
//! The modules stand in the order in which mail travels. The pure ones (`message`, `ticket`, `classify`,
//! `thread`, `decide`, `compose`) turn plain values into plain values; the others talk to the world.

pub mod classify;
pub mod cli;
pub mod clock;
pub mod endpoint;
pub mod message;
pub mod ticket;
