"""Poloniex: a repository in HTX's manner, one file under one name, told apart by tags."""

from __future__ import annotations

from datetime import date

from porlake.sources import _github, _tagged
from porlake.sources._publications import Publications
from porlake.transport import Web

NAME = "poloniex"
HOSTS = _github.HOSTS
REPOSITORY = _tagged.Repository(
    NAME, "poloniex/tools-nodejs-address-verify", "snapshot/poloniex_por.csv",
    path=lambda at, is_part: "snapshot/poloniex_por.csv",
    others=lambda at, is_part: (),
)  # fmt: skip


def find(web: Web, since: date | None) -> Publications:
    """The reports that are tagged."""
    return _tagged.find(REPOSITORY, web, since)
