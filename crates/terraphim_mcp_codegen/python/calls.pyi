"""What the call of a tool gives: its value, which can also be awaited.

None of these classes exists while a program runs. There a call gives the value itself, or in a
program that uses `await` a stand-in that behaves as the value wherever it is used.
"""

from collections.abc import Awaitable, Generator, ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Generic, Literal, TypeVar, overload

from typing_extensions import NotRequired, TypedDict

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)
_S_co = TypeVar("_S_co", bound=str, covariant=True)
_R_co = TypeVar("_R_co", bound=Mapping[str, object], covariant=True)

class Call(Awaitable[_T_co]):
    """A value of which `isinstance` tells more."""

    def __await__(self) -> Generator[object, None, _T_co]: ...

class NoneCall(Call[None]):
    """No value."""

    def __bool__(self) -> Literal[False]: ...

class BoolCall(Call[bool]):
    """A truth value."""

    def __bool__(self) -> bool: ...

class IntCall(int, Call[int]):
    """A whole number."""

class FloatCall(float, Call[float]):
    """A number."""

class TextCall(str, Call[_S_co], Generic[_S_co]):
    """A text."""

class ListCall(list[_T], Call[list[_T]]):
    """A list."""

class DictCall(dict[str, _T], Call[dict[str, _T]]):
    """A dict whose keys the server does not name."""

class RecordCall(Call[_R_co]):
    """A dict whose keys are known; each has one of its own."""

    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def __contains__(self, key: object, /) -> bool: ...
    def keys(self) -> KeysView[str]: ...
    def values(self) -> ValuesView[object]: ...
    def items(self) -> ItemsView[str, object]: ...

class RawReply(TypedDict):
    """The whole reply of a tool."""

    content: list[dict[str, object]]
    structuredContent: NotRequired[object]
    isError: bool

class RawCall(RecordCall[RawReply]):
    @overload
    def __getitem__(self, key: Literal["content"], /) -> list[dict[str, object]]: ...
    @overload
    def __getitem__(self, key: Literal["structuredContent"], /) -> object: ...
    @overload
    def __getitem__(self, key: Literal["isError"], /) -> bool: ...
    @overload
    def get(self, key: Literal["content"], /) -> list[dict[str, object]]: ...
    @overload
    def get(self, key: Literal["isError"], /) -> bool: ...
    @overload
    def get(self, key: str, default: object = None, /) -> object: ...
