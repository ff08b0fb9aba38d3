//! The schemas in docs/schemas are those of our types.

use edctl_testkit::assert_schema;
use schemars::schema_for;

use crate::config::AgentConfig;
use crate::status::Status;

#[test]
fn the_schemas_are_those_of_the_types() {
    assert_schema("agent.toml", &schema_for!(AgentConfig));
    assert_schema("edctl-agent.status-v1", &schema_for!(Status));
}
