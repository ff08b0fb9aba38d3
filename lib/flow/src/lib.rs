//! See Cargo.toml's description; filled in by the next commits.
