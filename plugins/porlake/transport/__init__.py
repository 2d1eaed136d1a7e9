"""The only sockets: JSON-RPC, HTTP and Electrum's lines, each question bounded in time and size, with bounded retries,
a rate limit for each endpoint, and a recording that records and replays.

An endpoint's URL and headers may hold keys: every text of this room shows its host and nothing else of it, and what a
server echoes of them is blanked in answers and errors before anybody sees it (`secrets`).
"""

from porlake.transport.download import streamed
from porlake.transport.electrum import ElectrumRpc
from porlake.transport.endpoint import ANSWER_BYTES, KINDS, LEAST_RATE, NUMBERS, Endpoint
from porlake.transport.http import Answered, Http
from porlake.transport.json_rpc import JsonRpc
from porlake.transport.limits import Asked, asked
from porlake.transport.recording import Recording
from porlake.transport.secrets import BLANK
from porlake.transport.web import Reply, Web, check_mirror

__all__ = [
    "ANSWER_BYTES",
    "BLANK",
    "KINDS",
    "LEAST_RATE",
    "NUMBERS",
    "Answered",
    "Asked",
    "ElectrumRpc",
    "Endpoint",
    "Http",
    "JsonRpc",
    "Recording",
    "Reply",
    "Web",
    "asked",
    "check_mirror",
    "streamed",
]
