"""Writing files that must not be lost or half there: a backup, a key, the papers of a run."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from kernel.findings import NotNow, Refusal, other_than_file, why_not

REPLACE = "bewaar het onder een andere naam, of vervang het met --replace"
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_OWN = 0o600
_SHARED = 0o666  # less what the umask of the user withholds


@contextmanager
def whole_file(path: Path, *, replace: bool = False, otherwise: str = "kies een andere naam") -> Iterator[BinaryIO]:
    """A file of the user alone, which gets its name when all of it is on the disk.

    Until then it is called `.name.….deel`; that name is all that a killed process leaves behind. Raises `Refusal` when
    it cannot be written, and when there is such a file that may not be replaced (`otherwise` is what to do then).
    """
    with _refusing(path), _part_of(path) as part:
        try:
            if (not replace and os.path.lexists(path)) or other_than_file(path):
                raise FileExistsError
            with _new(part, _OWN) as file:
                yield file
                _on_the_disk(file)
            _give_name(part, path, replace=replace)
            _sync_folder(path.parent)
        except FileExistsError:
            raise Refusal(f"{path} bestaat al", otherwise) from None


def write_papers(papers: Iterable[tuple[Path, bytes]], *, replace: bool = False, otherwise: str = REPLACE) -> None:
    """Write files for others to read: they get their names, in this order, when all of them are on the disk.

    A file that holds these bytes already is left alone. Raises `Refusal` when one cannot be written, and when one holds
    something else, unless `replace`; then none is written (`otherwise` is what to do then).
    """
    with ExitStack() as parts:
        written: list[tuple[Path, Path]] = []
        for path, content in papers:
            with _refusing(path):
                if _is_there(path, content, otherwise, replace=replace):
                    continue
                part = parts.enter_context(_part_of(path))
                with _new(part, _SHARED) as file:
                    file.write(content)
                    _on_the_disk(file)
            written.append((part, path))
        for part, path in written:
            with _refusing(path):
                try:
                    _give_name(part, path, replace=replace)
                except FileExistsError:  # another process wrote it meanwhile
                    _is_there(path, part.read_bytes(), otherwise, replace=False)
        for folder in {path.parent for _, path in written}:
            _sync_folder(folder)


def make_folder(folder: Path) -> None:
    """Make a folder, and those it stands in. Raises `Refusal` when that cannot be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise _no_room(folder) from None
        raise NotNow(f"map {folder} kan niet gemaakt worden: {why_not(error)}", "kies een andere map") from None


def _is_there(path: Path, content: bytes, otherwise: str, *, replace: bool) -> bool:
    """Whether a file holds `content`. Raises `Refusal` when it holds something else and may not be replaced."""
    if kind := other_than_file(path):
        raise Refusal(f"{path} is {kind}", "kies een andere naam, of zet weg wat daar staat")
    try:
        if path.read_bytes() == content:
            return True
    except FileNotFoundError:
        return False
    if not replace:
        raise Refusal(f"{path} bestaat al en is niet wat er nu geschreven zou worden", otherwise)
    return False


@contextmanager
def _part_of(path: Path) -> Iterator[Path]:
    """The name of a file beside `path`, which is gone afterwards unless it got another name."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.deel")
    try:
        yield part
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _new(part: Path, mode: int) -> BinaryIO:
    return open(part, "x+b", opener=lambda name, flags: os.open(name, flags, mode))


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise _no_room(path) from None
        hint = "kies een map die er is en waarin geschreven mag worden"
        raise NotNow(f"{path} kan niet worden geschreven: {why_not(error)}", hint) from None


def _no_room(path: Path) -> NotNow:
    return NotNow(f"er is geen ruimte voor {path}", "maak ruimte, of kies een andere schijf")


def _on_the_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _give_name(part: Path, path: Path, *, replace: bool) -> None:
    """Raises `FileExistsError` when another file has that name and may not be replaced."""
    if replace:
        part.replace(path)
        return
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a stick or a share that knows no second name of a file
        if os.path.lexists(path):
            raise FileExistsError from None
        part.rename(path)


def _sync_folder(folder: Path) -> None:
    """Have the name on the disk too. Windows opens no folders, and some shares do not sync them."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
