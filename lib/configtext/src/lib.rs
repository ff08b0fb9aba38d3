//! Configuration files whose errors name the place: values that have a parser of their own, whatever
//! the file's format, and where in a YAML file an error stands.

#![forbid(unsafe_code)]

mod parsing;
pub mod yaml;

pub use parsing::{Parsed, deserialize_table_with, deserialize_with};
