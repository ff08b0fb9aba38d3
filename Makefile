# The few words a newcomer needs. `make` alone explains them.

.PHONY: help demo demo-local demo-down test test-fast lint unit live peer fuzz-short fuzz debs lab-test bench releases deps fmt

help:
	@echo "make demo        a three-node Slurm cluster on this machine runs the picorv32 pipeline (root)"
	@echo "make demo-down   take that cluster away again"
	@echo "make demo-local  the daemons and both flows as an ordinary user, without Slurm"
	@echo "make test        everything CI runs: lint, unit, live, peer, fuzz, packages, the lab end to end (root)"
	@echo "make test-fast   lint and unit tests, for the everyday loop"
	@echo "make live        exporter-process on real processes, beside process-exporter; exporter-slurm and edctl-drainer at a real Slurm; the agent on a dead mount (root)"
	@echo "make releases    exporter-slurm at the Slurm of other Debian releases, 20.11 to 26.05 (root, a Debian mirror)"
	@echo "make peer        the node agent beside node_exporter: every series of theirs is in ours"
	@echo "make fuzz        five minutes for each parser against any content"
	@echo "make debs        the Debian packages, into dist/"
	@echo "make bench       the side-by-side benchmarks"

deps:
	@packaging/install-host-packages

demo: deps
	@lab/demo

demo-down:
	@lab/lab down

demo-local:
	@lab/demo-local

test: deps lint unit live peer fuzz-short debs lab-test

test-fast: lint unit

lint: .cargo-deny
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo deny --log-level warn check bans licenses sources
	lint/circles
	lint/signposts
	ruff=$$(packaging/install-ruff) && $$ruff check --quiet && $$ruff format --quiet --check
	shellcheck .ci/run packaging/install-host-packages packaging/install-node-exporter packaging/install-ruff packaging/check-debs \
	    packaging/check-lifecycle debian/write-pages debian/*.postrm lab/demo-local lab/tests/run \
	    eda-flows/need eda-flows/picorv32/fetch fuzz/run fuzz/try
	cd ansible && ANSIBLE_INVENTORY_ENABLED=host_list ansible-playbook -i localhost, --syntax-check site.yml verify.yml

# Compiled once a machine, in cargo's own place for programs.
.cargo-deny:
	@cargo deny --version > /dev/null 2>&1 || { \
	    echo "compiling cargo-deny, once a machine: some minutes"; cargo install --locked --quiet cargo-deny; }

unit:
	@echo "compiling and running the unit tests of all crates: some minutes where nothing is compiled yet"
	cargo test --workspace --locked
	lab/tests/run unit
	python3 -B -m unittest discover -v -s packaging/tests -t packaging

live: deps
	cargo build --locked -p edctl-exporter-process -p edctl-exporter-slurm -p edctl-agent -p edctl-hook -p edctl-drainer
	python3 -B -m unittest discover -v exporter-process/tests/live
	python3 -B -m unittest discover -v exporter-slurm/tests/live
	python3 -B -m unittest discover -v agents/edctl-agent/tests/live
	python3 -B -m unittest discover -v agents/edctl-drainer/tests/live
	python3 -B -m unittest discover -v agents/edctl/tests/live

# Not in CI: it needs more of Debian than its own release, and sid moves.
releases: deps
	RUSTFLAGS="-C target-feature=+crt-static" cargo build --locked --target x86_64-unknown-linux-gnu -p edctl-exporter-slurm
	python3 -B exporter-slurm/tests/releases "$${CARGO_TARGET_DIR:-target}/x86_64-unknown-linux-gnu/debug/edctl-exporter-slurm"

peer: deps
	cargo build --locked -p edctl-agent
	python3 -B -m unittest discover -v agents/edctl-agent/tests/peer

fuzz-short: deps
	fuzz/run 1

fuzz: deps
	fuzz/run

debs: deps
	packaging/build-debs
	packaging/check-debs dist/*.deb

lab-test: deps
	lab/test

bench: deps
	bench/run

fmt:
	cargo fmt --all
	ruff=$$(packaging/install-ruff) && $$ruff check --quiet --fix && $$ruff format --quiet
