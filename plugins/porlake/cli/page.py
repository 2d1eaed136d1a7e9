"""porlake page: the published marts as a page that any web server shows."""

from __future__ import annotations

import argparse
from pathlib import Path

from porlake.cli import _options
from porlake.cli._printing import complain, say
from porlake.cli._session import existing
from porlake.errors import ConfigurationError

WHAT = "make the page of what is published, and show it"
EXAMPLE = "porlake page site --url https://example.org/reserves/"
EPILOG = """Any web server or object store serves the folder as it is (docs/page.md).
Nothing in it is loaded from elsewhere; the same marts give the same bytes.
With --serve the lake is at hand: the view of an attestation then explains any
row of its file, as porlake explain does."""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "out", nargs="?", type=Path, metavar="OUT", help="its folder (default: page/ in the lake, beside the marts)"
    )
    parser.add_argument(
        "--serve", nargs="?", type=_port, const=8090, metavar="PORT",
        help="show it on this machine alone, until Ctrl-C (default: 8090; 0: any free port)",
    )  # fmt: skip
    parser.add_argument("--url", default="", help="where it will be served: the feeds then have whole links")
    _options.lake(parser)


def run(options: argparse.Namespace) -> None:
    from porlake import pipeline, progress

    with progress.shown() as tell:
        session = existing(options, progress=tell)
        if options.serve is not None and options.out is None and session.store:
            raise ConfigurationError(f"{session.lake.where()}: only a folder of this machine is served here; name OUT")
        place, build_id = pipeline.page(session, options.out, options.url)
    say(f"build {build_id}: {place}")
    if options.serve is not None:
        from porlake.cli import _answers, _serve

        _serve.serve(Path(place).parent, options.serve, say, _answers.Answers(session, complain))


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) < 65_536:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no port (0 to 65535); OUT stands before --serve")
