"""The lab: a cluster on one machine, one concept per file."""
