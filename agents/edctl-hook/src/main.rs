//! See Cargo.toml description; filled in by the next commits.
fn main() {}
