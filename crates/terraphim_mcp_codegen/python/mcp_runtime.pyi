"""What programs import from `mcp_runtime`. The helpers and `ToolError` are also there without import."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Literal, TypeVar

from mcp_servers._calls import Call, DictCall, ListCall

_T = TypeVar("_T")
_V = TypeVar("_V")
_K = TypeVar("_K", bound=Hashable)

class ToolError(Exception):
    """A call that failed."""

    message: str
    server: str | None
    tool: str | None
    kind: str | None
    hint: str | None

def search_tools(
    query: str | Mapping[str, object] | None = None,
    *,
    category: str | None = None,
    capabilities: str | Sequence[str] | None = None,
    server: str | None = None,
    detail: Literal["name", "brief", "full"] | None = None,
    limit: int | None = None,
    offset: int | None = None,
    max_tokens: int | None = None,
) -> DictCall[object]:
    """Finds tools: {tools, total, ...}. `capabilities` is a list of which any will do."""

def get_tool_docs(
    names: str | Sequence[str],
    *,
    detail: Literal["name", "brief", "full"] | None = None,
    max_tokens: int | None = None,
) -> DictCall[object]:
    """The documents of tools: of one name its document, of a list {docs, unknown}."""

class Workspace:
    """Data that outlives the run, as JSON under names."""

    def save_data(self, name: str, value: object) -> DictCall[object]:
        """Keeps a value; gives {path, bytes}."""
    def load_data(self, name: str) -> Call[object]:
        """The value that was kept under a name."""
    def list(self) -> ListCall[str]:
        """The names that there are."""
    def checkpoint(self, name: str) -> DictCall[object]:
        """Keeps the whole workspace as it is now under a name; gives {name, files, bytes, taken}."""
    def checkpoints(self) -> ListCall[dict[str, object]]:
        """The checkpoints that there are."""
    def restore(self, name: str) -> Call[object]:
        """Makes the workspace what it was at a checkpoint, once this program has ended."""

workspace: Workspace

def group_by(items: Iterable[_T], by: str | Callable[[_T], _K]) -> dict[_K, list[_T]]:
    """A dict from each key to the list of its items."""

def count_by(items: Iterable[_T], by: str | Callable[[_T], _K]) -> dict[_K, int]:
    """A dict from each key to the number of its items."""

def sum_by(items: Iterable[_T], by: str | Callable[[_T], object]) -> float:
    """The sum of a number of each item; what is no number counts as 0."""

def sort_by(
    items: Iterable[_T], by: str | Callable[[_T], object], direction: Literal["asc", "desc"] = "asc"
) -> list[_T]:
    """A sorted list; what has no such key stands last, with `desc` first."""

def top_n(items: Iterable[_T], n: int, by: str | Callable[[_T], object] | None = None) -> list[_T]:
    """The `n` greatest items, the greatest first."""

def uniq_by(items: Iterable[_T], by: str | Callable[[_T], object]) -> list[_T]:
    """The first item of each key."""

def chunk(items: Iterable[_T], size: int) -> list[list[_T]]:
    """Lists of `size` items, the last one shorter."""

def pick(item: Mapping[str, _V], names: Iterable[str]) -> dict[str, _V]:
    """A dict of only these keys."""

def omit(item: Mapping[str, _V], names: Iterable[str]) -> dict[str, _V]:
    """A dict without these keys."""
