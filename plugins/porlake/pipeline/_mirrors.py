"""Where a publisher's hosts are asked instead of at their own places: a proxy, a copy.

PORLAKE_MIRRORS="www.okx.com=https://proxy.example/okx static.okx.com=https://proxy.example/okx-files"

Who may be asked is not changed by it: hosts of other names are refused as before.
"""

from __future__ import annotations

from porlake import sources
from porlake.errors import ConfigurationError
from porlake.transport import check_mirror


def mirrors_of(text: str) -> dict[str, str]:
    """The place of each host. Raises ConfigurationError, without a part of a place."""
    found: dict[str, str] = {}
    for number, word in enumerate(text.split(), 1):
        host, _, place = word.partition("=")
        if host not in sources.hosts():
            raise ConfigurationError(f"PORLAKE_MIRRORS, word {number}: not HOST=URL of a publisher's host")
        try:
            check_mirror(place)
        except ConfigurationError as error:
            raise ConfigurationError(f"PORLAKE_MIRRORS: {host}: {error}") from None
        found[host] = place
    return found
