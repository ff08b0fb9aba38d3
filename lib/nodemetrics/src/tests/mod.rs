//! Tests of all collectors together.

mod node;
mod odd_values;
mod pages;
