"""How `build-debs` finds the version of a checkout's packages."""
