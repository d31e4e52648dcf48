"""What a command says never decides what it does: a stream that fails ends no command."""

from __future__ import annotations

import errno
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from kernel.findings import why_not
from kernel.texts import for_a_terminal


class _Stream(io.RawIOBase):
    """A stream of the program that never fails: what it cannot take is said on another one, and the command goes on.

    A command must not end halfway, nor be called wrong, because nobody can hear what it says. Who stops reading
    (`| head`) wants no more of it: then the rest is said nowhere.
    """

    def __init__(self, raw: io.RawIOBase | None, otherwise: _Stream | None = None) -> None:
        self._raw = raw
        self._otherwise = otherwise
        self.is_lost = False

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._raw is not None and self._raw.isatty()

    def fileno(self) -> int:
        return super().fileno() if self._raw is None else self._raw.fileno()

    def write(self, data: Any) -> int | None:
        if not self.is_lost:
            try:
                if self._raw is None:  # closed before the program began
                    raise OSError(errno.EBADF, "")
                return self._raw.write(data)
            except OSError as error:
                self.is_lost = True
                if isinstance(error, BrokenPipeError):
                    self._otherwise = None
                self._tell(f"De uitvoer kan niet worden geschreven: {why_not(error)}. De opdracht zegt:\n".encode())
        self._tell(data)
        return len(data)

    def _tell(self, data: Any) -> None:
        if self._otherwise:
            self._otherwise.write(data)


@contextmanager
def unfailing_streams() -> Iterator[tuple[_Stream, ...]]:
    """Output and errors that cannot end the program; also a terminal without → shows ? instead."""
    given = sys.stdout, sys.stderr
    errors = _raw(sys.stderr)
    output = _raw(sys.stdout, errors)
    sys.stdout, sys.stderr = _text(output, sys.stdout), _text(errors, sys.stderr)
    try:
        yield tuple(stream for stream in (output, errors) if stream)
    finally:
        sys.stdout, sys.stderr = given


def _raw(stream: TextIO | None, otherwise: _Stream | None = None) -> _Stream | None:
    """What stands below a stream of the system; None for one that somebody put in its place."""
    if stream is None:
        return _Stream(None, otherwise)
    below = getattr(stream, "buffer", None)
    below = getattr(below, "raw", below)
    return _Stream(below, otherwise) if isinstance(below, io.RawIOBase) else None


def _text(stream: _Stream | None, given: TextIO | None) -> Any:
    if stream is None:
        return given
    encoding = given.encoding if given else "utf-8"
    return _Shown(io.BufferedWriter(stream), encoding, "replace", line_buffering=True)


class _Shown(io.TextIOWrapper):
    """Takes out what a terminal obeys, whatever text it came with: a name, a cell, the message of a library."""

    def write(self, text: str) -> int:
        return super().write(for_a_terminal(text))

    def steer(self, text: str) -> int:
        return super().write(text)


class _Steering(io.TextIOBase):
    """A terminal as a progress line needs it, with the sequences that move the cursor."""

    def __init__(self, shown: _Shown) -> None:
        self._shown = shown

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._shown.encoding

    def isatty(self) -> bool:
        return self._shown.isatty()

    def write(self, text: str) -> int:
        return self._shown.steer(text)

    def flush(self) -> None:
        self._shown.flush()


def steered(stream: Any) -> Any:
    """The stream, for text that the program itself means a terminal to obey."""
    return _Steering(stream) if isinstance(stream, _Shown) else stream
