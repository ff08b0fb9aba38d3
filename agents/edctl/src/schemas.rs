//! The schemas in docs/schemas are those of our types.

use edctl_testkit::assert_schema;
use schemars::{generate::SchemaSettings, schema_for};

use crate::commands::{Listed, Submitted};
use crate::config::ConfigFile;
use crate::problem::ErrorRecord;
use crate::run::{MetricsRecord, ResultRecord, RunRecord, RunView};

#[test]
fn the_schemas_are_those_of_the_types() {
    assert_schema("edctl.toml", &schema_for!(ConfigFile));
    assert_schema("edctl.run-v1", &schema_for!(RunRecord));
    assert_schema("edctl.result-v1", &schema_for!(ResultRecord));
    let written = || SchemaSettings::default().for_serialize().into_generator();
    assert_schema("edctl.metrics-v1", &written().into_root_schema_for::<MetricsRecord>());
    assert_schema("edctl.status-v1", &written().into_root_schema_for::<RunView>());
    assert_schema("edctl.list-v1", &written().into_root_schema_for::<Listed>());
    assert_schema("edctl.submit-v1", &written().into_root_schema_for::<Submitted<'_>>());
    assert_schema("edctl.error-v1", &written().into_root_schema_for::<ErrorRecord>());
}
