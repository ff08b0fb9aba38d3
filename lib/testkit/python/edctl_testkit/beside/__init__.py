"""The agent beside node_exporter: what is started, what may differ, and the comparison."""
