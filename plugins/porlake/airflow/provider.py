"""What Airflow asks of a provider: the connection type `porlake_rpc` with its form, and what assets porlake:// are.
Imports nothing, Airflow loads it at every start.
"""

from __future__ import annotations

from typing import Any

from porlake import __version__


def get_provider_info() -> dict[str, Any]:
    return {
        "package-name": "porlake",
        "name": "porlake",
        "description": "Endpoints of chains for porlake. Name a connection porlake_<network>: porlake_ethereum, "
        "porlake_bitcoin ...",
        "versions": [__version__],
        "asset-uris": [
            {
                "schemes": ["porlake"],
                "handler": "porlake.airflow.lineage.sanitized",
                "to_openlineage_converter": "porlake.airflow.lineage.dataset",
            }
        ],
        "extra-links": ["porlake.airflow.operators.ModelsAndTests"],
        "connection-types": [
            {
                "connection-type": "porlake_rpc",
                "hook-name": "Chain endpoint (porlake)",
                "hook-class-name": "porlake.airflow.hook.EndpointHook",
                "conn-fields": {
                    "header": {"label": "Header that carries the key", "schema": {"type": ["string", "null"]}},
                },
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "port", "extra"],
                    "relabeling": {"host": "URL", "password": "Key", "login": "User"},
                    "placeholders": {
                        "host": "https://node.example/rpc",
                        "password": "sent in the header named below; with a user, as HTTP basic authentication",
                        "header": "TRON-PRO-API-KEY",
                    },
                },
            }
        ],
    }
