"""Writing a file that must not be lost or half there: a backup, a key."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from kernel.findings import Refusal

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def whole_file(path: Path, *, replace: bool = False, otherwise: str = "kies een andere naam") -> Iterator[BinaryIO]:
    """A file of the user alone, which gets its name when all of it is on the disk.

    Until then it is called `.name.….deel`; that name is all that a killed process leaves behind. Raises `Refusal` when
    it cannot be written, and when there is such a file that may not be replaced (`otherwise` is what to do then).
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.deel")
    try:
        if not replace and os.path.lexists(path):
            raise FileExistsError
        with open(part, "x+b", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if replace:
            part.replace(path)
        else:
            _give_new_name(part, path)
        _sync_folder(path.parent)
    except FileExistsError:
        raise Refusal(f"{path} bestaat al", otherwise) from None
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise Refusal(f"er is geen ruimte voor {path}", "maak ruimte, of kies een andere schijf") from None
        hint = "kies een map die er is en waarin geschreven mag worden"
        raise Refusal(f"{path} kan niet worden geschreven: {error.strerror}", hint) from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _give_new_name(part: Path, path: Path) -> None:
    """Raises `FileExistsError` when another file got that name meanwhile."""
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
