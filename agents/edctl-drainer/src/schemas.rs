//! The schemas in docs/schemas are those of our types.

use edctl_testkit::assert_schema;
use schemars::schema_for;

use crate::config::Config;
use crate::view::Round;

#[test]
fn the_schemas_are_those_of_the_types() {
    assert_schema("drainer.toml", &schema_for!(Config));
    assert_schema("edctl-drainer.round-v1", &schema_for!(Round));
}
