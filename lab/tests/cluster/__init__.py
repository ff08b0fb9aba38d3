"""End-to-end tests: a real cluster in the lab, used as its users would and broken on purpose."""
