//! The journey of a mail: receive → process → deliver, with the clock beside them. Read these files first.

pub mod apply;
pub mod deadlines;
pub mod deliver;
pub mod desk;
pub mod health;
pub mod members;
pub mod process;
pub mod ready;
pub mod receive;
pub mod reload;
pub mod room;
mod run;
mod tidy;
pub mod working;
pub mod write;

pub use run::{Role, run};
