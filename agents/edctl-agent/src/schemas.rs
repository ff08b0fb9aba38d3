//! The schemas in docs/schemas are those of our types.

use edctl_testkit::assert_schema;
use schemars::schema_for;

use crate::config::AgentConfig;
use crate::health::Expected;
use crate::status::Status;

#[test]
fn the_schemas_are_those_of_the_types() {
    assert_schema("agent.toml", &schema_for!(AgentConfig));
    assert_schema("expected.toml", &schema_for!(Expected));
    assert_schema("edctl-agent.verdict-v1", &schema_for!(edctl_health::Verdict));
    assert_schema("edctl-agent.status-v1", &schema_for!(Status));
}
