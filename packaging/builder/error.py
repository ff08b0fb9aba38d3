"""Why a package cannot be built."""


class PackagingError(Exception):
    """A package cannot be built; the message says which, why, and what to do."""
