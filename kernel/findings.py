"""What can be wrong, in two kinds.

A *finding* is something about the data: located, coded, collected; the rest goes on. A *refusal* means that the request
cannot be carried out: one clear sentence, nothing written. Anything else that is raised is a bug.
"""

import errno
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kernel.identifiers import without_whole_client_numbers


class Severity(StrEnum):
    """`error`: what the finding is about does not count. `warning`: it counts, and somebody should look."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark about the data.

    `place` is where a person must look ('rij 17, kolom "Einddatum"'), `message` what is wrong there, `hint` what to do.
    """

    code: str
    severity: Severity
    place: str
    message: str
    hint: str

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        remedy = f"; {self.hint}" if self.hint else ""
        return f"{where}{self.message}{remedy}"


class Refusal(Exception):
    """The request cannot be carried out; nothing was written. `findings` lists every reason when there are several."""

    def __init__(self, message: str, hint: str = "", findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.message = without_whole_client_numbers(message)  # what it quotes may be any file
        self.hint = without_whole_client_numbers(hint)
        self.findings = tuple(findings)


class NotNow(Refusal):
    """The request may be right, and cannot be carried out as things stand here: no room, or another key."""


_REASONS = {
    errno.ENOENT: "er is geen bestand of map van die naam",
    errno.EACCES: "geen toegang",
    errno.EPERM: "geen toegang",
    errno.EISDIR: "het is een map",
    errno.ENOTDIR: "een deel van het pad is geen map",
    errno.EEXIST: "er is al een bestand van die naam",
    errno.EROFS: "er mag op die schijf niet geschreven worden",
    errno.ENAMETOOLONG: "de naam is te lang",
    errno.EIO: "de schijf geeft een fout",
    errno.ENOSPC: "de schijf is vol",
    errno.EDQUOT: "de schijf is vol",
    errno.EBADF: "het is gesloten",
    errno.EMFILE: "er staan te veel bestanden open",
}  # fmt: skip


def why_not(error: OSError) -> str:
    """Why a file can not be read or written, for a person; what is seldom seen is told as the system tells it."""
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)


_KINDS = {
    stat.S_IFDIR: "een map",
    stat.S_IFIFO: "een pijp",
    stat.S_IFCHR: "een apparaat",
    stat.S_IFBLK: "een apparaat",
    stat.S_IFSOCK: "een socket",
}  # fmt: skip


def other_than_file(path: Path) -> str | None:
    """What stands at `path` instead of a file: of a pipe or a device nobody knows whether it ends. None for a file.

    None too where nothing stands, or where nobody may look.
    """
    try:
        return _KINDS.get(stat.S_IFMT(path.stat().st_mode))
    except OSError:
        return None
