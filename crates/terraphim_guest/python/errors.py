"""What a program can catch, and what it gives as a result although it cannot."""


class ToolError(Exception):
    """A call that failed: `server`, `tool`, `message`, and where they are known `kind` and `hint`."""

    def __init__(self, message="", server=None, tool=None, kind=None, hint=None):
        super().__init__(message)
        self.message = message
        self.server = server
        self.tool = tool
        self.kind = kind
        self.hint = hint
        # Set where the error came over the bridge: only such a one says of what kind a failure is.
        self._from_bridge = None
        # Where the program made the call: frames of it, innermost first.
        self._site = None

    def __str__(self):
        return str(self.message)


ToolError.__module__ = "mcp_runtime"
ToolError.__qualname__ = "ToolError"

_FROM_BRIDGE = object()


def bridge_error(details, site=None):
    """A `ToolError` from what the host said: a dict of texts."""

    def text(name):
        value = details.get(name)
        return value if isinstance(value, str) else None

    error = ToolError(text("message") or "the call failed", text("server"), text("tool"), text("kind"), text("hint"))
    error._site = site
    return from_bridge(error)


def from_bridge(error):
    """Marks a `ToolError` as one of the bridge's own; gives it."""
    error._from_bridge = _FROM_BRIDGE
    return error


def is_from_bridge(error):
    """Whether an exception came over the bridge."""
    return isinstance(error, ToolError) and getattr(error, "_from_bridge", None) is _FROM_BRIDGE


class Unusable(TypeError):
    """A value that no JSON stands for."""
