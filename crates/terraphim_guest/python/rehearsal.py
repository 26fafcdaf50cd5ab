"""What a run does first, done once without a program.

The memory of the zygote is shared until a process writes to it, and writing to a
page for the first time costs more than what a short program does with it. A child
that waits for its program has time for that.
"""

import select
import types

from terraphim_guest import encode, jail, program, servers, wire
from terraphim_guest.calls import Bridge

_SAMPLE = """
from mcp_servers import terraphim
result = {name: value for name, value in terraphim.search(query="x").items() if value}
"""
_TABLE = {"server": "terraphim", "identifier": "terraphim", "tools": [{"name": "search", "identifiers": ["search"]}]}
_START = types.SimpleNamespace(tool_calls=1, arguments_bytes=1 << 10)
_REPLY = b'{"a": 1, "b": [1.5, "x", null]}'


class _Loop:
    """A channel whose every call is answered at once."""

    def call(self, _frame):
        self.deliver(1, True, _REPLY)

    def wait(self, _call):
        """Nothing is under way."""


def rehearse():
    """Reads, calls and answers as a short program does; nothing of it is left but pages of memory."""
    if select.select([jail.CHANNEL], [], [], 0)[0]:
        # Somebody waits already.
        return
    program.Program(_SAMPLE)
    bridge = Bridge(_Loop())
    bridge.begin(_START)
    reply = servers.Server(bridge, _TABLE).search(query="x")
    wire.done(encode.encode({name: value for name, value in reply.items() if value}).encode())
