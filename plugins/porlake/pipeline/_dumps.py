"""Where sets of all coins lie, and what they must hash to: read from the environment.

PORLAKE_UTXO_DUMP_BITCOIN=/data/utxo-{height}.dat      a path or URL; a node that is the endpoint writes it where it is
                                                       not there yet
PORLAKE_UTXO_WRITTEN_BITCOIN=/node/utxo-{height}.dat   the path under which the node does so, where that is another
                                                       machine
PORLAKE_UTXO_HASH_BITCOIN=muhash:...                   what the set must hash to; `muhash` asks the node
PORLAKE_OUTPOINTS=1                                    keep the coins below each balance, in the dataset utxo
"""

from __future__ import annotations

from collections.abc import Mapping

from porlake import chains, registry
from porlake.errors import ConfigurationError
from porlake.settings import DumpSettings

NAMES = ("DUMP", "WRITTEN", "HASH")


def dumps_of(environ: Mapping[str, str]) -> dict[str, DumpSettings]:
    """By network. Raises ConfigurationError for a name that is none, or a hash or path without its dump."""
    networks = {network.network.upper(): network for network in registry.load().networks.values()}
    found: dict[str, dict[str, str]] = {}
    for name in environ:
        if not name.startswith("PORLAKE_UTXO_") or not environ[name]:
            continue
        what, _, network = name.removeprefix("PORLAKE_UTXO_").partition("_")
        if what not in NAMES or network not in networks or not _reads_dumps(networks[network]):
            raise ConfigurationError(f"{name}: no such setting, or a network whose nodes write no set of coins")
        found.setdefault(networks[network].network, {})[what] = environ[name]
    if unplaced := sorted(network for network, said in found.items() if "DUMP" not in said):
        raise ConfigurationError(f"PORLAKE_UTXO_DUMP_{unplaced[0].upper()} is missing: where the dump lies")
    outpoints = environ.get("PORLAKE_OUTPOINTS", "") not in ("", "0")
    return {
        network: DumpSettings(said["DUMP"], said.get("WRITTEN", ""), tuple(said.get("HASH", "").split()), outpoints)
        for network, said in found.items()
    }


def _reads_dumps(network: registry.Network) -> bool:
    return network.is_read and chains.family(network).reads_dumps
