//! Tests of the three commands.
