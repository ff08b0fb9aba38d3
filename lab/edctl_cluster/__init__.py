"""What the demo and the end-to-end tests do with a lab: roll the cluster out, use it, ask it."""
