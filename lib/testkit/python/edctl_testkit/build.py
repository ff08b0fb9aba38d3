"""Where cargo has put what is tested."""

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[4]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def binary(name: str) -> pathlib.Path:
    """A program of ours: as `cargo build` made it, or the profile in EDCTL_TEST_PROFILE."""
    return TARGET / os.environ.get("EDCTL_TEST_PROFILE", "debug") / name
