"""Why an amount is what it is: a tree of steps that can be redone on a desk calculator.

A step holds a code and the numbers used; the sentence is made where it is read (see `settlement.phrases`), so that one
tree serves every language. Numbers are text, in plain notation ("100500.00"), so that nothing is lost on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `code` names the sentence, `values` fill it, `result` is what came out, `source` the clause or version.

    `steps` are the steps whose results this one used.
    """

    code: str
    values: Mapping[str, str] = field(default_factory=dict)
    result: str = ""
    source: str = ""
    steps: tuple[Step, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "values": dict(self.values),
            "result": self.result,
            "source": self.source,
            "steps": [step.to_json() for step in self.steps],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Step:
        return cls(
            code=data["code"],
            values=data["values"],
            result=data["result"],
            source=data["source"],
            steps=tuple(cls.from_json(step) for step in data["steps"]),
        )
