"""Options that several commands have."""

from __future__ import annotations

import argparse

EXCHANGE = "id of the exchange: okx, htx ..."


def file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="a published file, plain or in its zip")
    parser.add_argument(
        "--exchange", help="whose labels the file uses; default: the exchange that publishes this format"
    )


def lake(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--lake", metavar="DIR", help="the lake's folder or s3://... URL (default: PORLAKE_LAKE, else data)"
    )


def recording(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--replay", metavar="DIR", help="take every answer from this recording; no network is used")
    parser.add_argument("--record", metavar="DIR", help="keep every answer from outside here")
