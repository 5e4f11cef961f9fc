//! The journey of a mail: receive → process → deliver, with the clock beside them. Read these files first.

pub mod apply;
pub mod working;
