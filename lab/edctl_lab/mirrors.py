"""Where packages come from: the mirrors and the proxy that this machine's own apt uses."""

import subprocess

FIELDS = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)"
DEBIAN_ARCHIVES = ("debian", "debian-security")
PROXY_KEYS = ("Acquire::http::Proxy", "Acquire::https::Proxy")


def host_sources(suite: str) -> list[str]:
    """One-line apt sources for Debian's main archive as this host has them.

    Empty on a host of another release: mmdebstrap then uses Debian's public mirrors.
    """
    listing = read_apt(["apt-get", "indextargets", "--format", FIELDS, "Created-By: Packages"])
    return sources_from_targets(listing, suite)


def sources_from_targets(listing: str, suite: str) -> list[str]:
    """Picks Debian's own main lines of one suite from apt's index targets."""
    wanted = (suite, f"{suite}-updates", f"{suite}-security")
    sources = []
    for line in listing.splitlines():
        uri, release, component, origin = line.split("|")
        if release not in wanted or component != "main" or not is_debian(origin, uri):
            continue
        source = f"deb {uri} {release} main"
        if source not in sources:
            sources.append(source)
    return sources if any(source.split()[2] == suite for source in sources) else []


def is_debian(origin: str, uri: str) -> bool:
    """Apt knows the origin once it has the lists; before that the address's last part tells."""
    known = not origin.startswith("$(")
    return origin == "Debian" if known else uri.rstrip("/").rsplit("/", 1)[-1] in DEBIAN_ARCHIVES


def host_proxy_options() -> list[str]:
    """The host's apt proxy, as options for the new root's apt."""
    options = []
    for key in PROXY_KEYS:
        value = read_apt(["apt-config", "--format", "%v", "dump", key]).strip()
        if value:
            options.append(f'{key} "{value}"')
    return options


def read_apt(argv: list[str]) -> str:
    """What apt answers; nothing on a machine without apt."""
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        return ""
