"""Figures of matplotlib that a program has drawn and not saved: they become files of the workspace.

There is no screen to show them on. What `show()` is called for, and what is open
when the program ends, is written to `figure-1.png` and on.
"""

import functools
import os
import sys
import weakref

from terraphim_guest import wire

_FOLDER = "/workspace"
# Figures that are saved by themselves in one run, and names that are tried for one.
_MOST_FIGURES, _MOST_NAMES = 20, 10_000

_saved = weakref.WeakSet()
_count = 0
_channel = None


def hand_over():
    """Replaces `show`, if matplotlib is there; to be called once, by the zygote."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return
    from matplotlib.figure import Figure

    write = Figure.savefig

    @functools.wraps(write)
    def savefig(self, *arguments, **options):
        write(self, *arguments, **options)
        _saved.add(self)

    Figure.savefig = savefig
    pyplot.show = _show


def install(channel):
    """Says where to tell what was saved."""
    global _channel
    _channel = channel


def begin():
    """A program begins."""
    global _count
    _count = 0


def _show(*_arguments, **_options):
    """Saves the open figures to the workspace, and closes them."""
    end()


def end():
    """Saves what is open and was not saved, and closes it."""
    global _count
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or not pyplot.get_fignums():
        return
    for number in pyplot.get_fignums():
        figure = pyplot.figure(number)
        if figure in _saved or not figure.axes:
            continue
        _count += 1
        if _count > _MOST_FIGURES:
            _channel.log(wire.WARN, f"only {_MOST_FIGURES} figures are saved by themselves: use savefig for more")
            break
        try:
            path = _free_name()
            figure.savefig(os.path.join(_FOLDER, path))
        except Exception as error:
            _channel.log(wire.WARN, f"a figure could not be saved: {type(error).__name__}: {error}")
        else:
            _channel.log(wire.INFO, f"a figure was saved as {path}")
    pyplot.close("all")


def _free_name():
    for number in range(1, _MOST_NAMES):
        path = f"figure-{number}.png"
        if not os.path.lexists(os.path.join(_FOLDER, path)):
            return path
    raise OSError(f"all names up to {path} are taken")
