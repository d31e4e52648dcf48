"""What can be wrong, in two kinds.

A *finding* is something about the data: located, coded, collected; the rest goes on. A *refusal* means that the request
cannot be carried out: one clear sentence, nothing written. Anything else that is raised is a bug.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


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
        self.message = message
        self.hint = hint
        self.findings = tuple(findings)
