"""What a run says as codes and values, and its hash: a sentence that is reworded changes nothing."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kernel.money import Eur
from kernel.periods import Month
from settlement.entitlement import Cause, LineKey

SaidFinding = tuple[str, ...]  # code, severity, and what it is about


@dataclass(frozen=True, slots=True)
class SaidContract:
    """What a run says of one contract. `set_offs`: the advance and the amount, in the order in which they were used."""

    number: str
    parked: bool
    lines: Sequence[list[object]]
    set_offs: Sequence[tuple[str, Eur]]
    findings: Sequence[SaidFinding]


def said_finding(
    code: str, severity: str, provider: str = "", municipality: str = "", product: str = "", month: Month | None = None
) -> SaidFinding:
    """A finding by its code and the deliveries that it is about; its sentence is for people."""
    return (code, severity, provider, municipality, product, str(month or ""))


def said_line(key: LineKey, timing: str, entitled: Eur, posted_before: Eur, causes: Sequence[object]) -> list[object]:
    """A line, with its causes as `cause_json` gives them."""
    return [
        key.component,
        key.municipality,
        str(key.month),
        key.label,
        key.treatment,
        timing,
        str(entitled),
        str(posted_before),
        causes,
    ]


def cause_json(cause: Cause) -> dict[str, object]:
    return {"kind": cause.kind, "amount_eur": str(cause.amount), "values": dict(cause.values)}


def hash_of(period: Month, contracts: Iterable[SaidContract], outside: Iterable[SaidFinding]) -> str:
    """A hash of what a run says, free of ids, clocks and sentences: the same on any machine for the same facts."""
    return sha256_of(
        {
            "period": str(period),
            "contracts": [
                {
                    "contract": said.number,
                    "parked": said.parked,
                    "lines": said.lines,
                    "set_offs": [[reference, str(amount)] for reference, amount in said.set_offs],
                    "findings": sorted(map(list, said.findings)),
                }
                for said in contracts
            ],
            "outside": sorted(map(list, outside)),
        }
    )


def sha256_of(said: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
