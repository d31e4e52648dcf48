"""`contract simulate --vary`: the pay-off of every clause with bands, as a table, as data and as a picture."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from contracts.facts import FactsFile
from contracts.model import Contract
from database.command_line import tell_json
from database.terminal import print_table, tell_findings
from database.whole_file import make_folder, write_papers
from kernel.findings import Finding, Refusal
from kernel.money import half_up
from kernel.notation import format_eur, format_number, plain
from settlement.payoff import Curve, Point, curves, points
from settlement.picture import svg
from settlement.simulation import facts_of_document, simulate

# What is varied, and what it is a percentage of.
_VARIED = {
    "cost": ("kosten", "het budget"),
    "delivered": ("geleverd", "het plafond"),
    "volume": ("volume", "de hoogste bandgrens"),
}
_WRITTEN = re.compile(r"(\w+)=(\d{1,6}(?:[.,]\d{1,6})?)%\.\.(\d{1,6}(?:[.,]\d{1,6})?)%(?::(\d{1,6}(?:[.,]\d{1,6})?)%)?")


@dataclass(frozen=True, slots=True)
class Variation:
    """What is varied, from how many to how many percent of its base, in steps of so many percent."""

    varied: str
    low: Decimal
    high: Decimal
    step: Decimal

    @classmethod
    def parse(cls, text: str) -> "Variation":
        """'cost=80%..130%' in steps of 5%, or 'cost=80%..130%:2%'. Raises `Refusal` when it says something else."""
        match = _WRITTEN.fullmatch(text.replace(" ", ""))
        hint = "schrijf bijvoorbeeld --vary cost=80%..130%, of met een stap --vary cost=80%..130%:2%"
        if match is None or match[1] not in _VARIED:
            raise Refusal(f'--vary "{text}" is onleesbaar; lopen kunnen {", ".join(_VARIED)}', hint)
        low, high, step = (Decimal((number or "5").replace(",", ".")) for number in match.groups()[1:])
        if not low < high or not step or (high - low) / step > 1000:
            raise Refusal(f'--vary "{text}" loopt niet op, of in meer dan 1.000 stappen', hint)
        return cls(match[1], low, high, step)


def show_curves(
    contract: Contract,
    facts: FactsFile,
    case_id: str | None,
    variation: Variation,
    folder: Path | None,
    *,
    as_json: bool,
) -> list[Finding]:
    """Print the curve of every clause that varies with what is varied, and write its picture to `folder`.

    The rest of the facts is that of one case. Gives what those facts lack, which is told too. Raises `Refusal` when no
    clause varies with it, and when the file has several cases and none was chosen.
    """
    found, missing = _curves(contract, facts, case_id)
    missing = missing if variation.varied == "cost" else []
    drawn = [
        (curve, points(curve, variation.low, variation.high, variation.step))
        for curve in found
        if curve.varied == variation.varied
    ]
    if not drawn:
        raise Refusal(
            f"geen artikel van contract {contract.number} verandert met {variation.varied}, of het budget is niet te "
            "berekenen",
            "zie docs/contracts.md: cost hoort bij risk_sharing, delivered bij ceiling, volume bij banden van effort",
            missing,
        )
    drawings = _draw(contract, drawn, folder) if folder is not None else []
    if as_json:
        answer = {"contract": contract.number, "curves": [_as_json(curve, on) for curve, on in drawn]}
        tell_json({**answer, "findings": missing})
        return missing
    tell_findings(missing, most=20, err=True)
    for curve, on in drawn:
        _show(curve, on)
    for path in drawings:
        click.echo(f"Getekend: {path}")
    return missing


def _draw(contract: Contract, drawn: Sequence[tuple[Curve, Sequence[Point]]], folder: Path) -> list[Path]:
    make_folder(folder)
    pictures = {folder / f"{curve.component}.svg": _picture(contract, curve, on) for curve, on in drawn}
    write_papers(((path, text.encode()) for path, text in pictures.items()), replace=True)
    return list(pictures)


def _curves(contract: Contract, facts: FactsFile, case_id: str | None) -> tuple[list[Curve], list[Finding]]:
    cases = [given for name, given in facts.cases() if case_id in (None, name)]
    if len(cases) != 1:
        raise Refusal(f"er zijn {len(cases)} gevallen om van uit te gaan", "kies er een met --case ID")
    lines, _ = simulate(contract, cases[0])
    known, _ = facts_of_document(contract, cases[0])
    return curves(contract, known, lines, cases[0].through.year)


def _in_full(curve: Curve, value: Fraction) -> str:
    """A volume as it is computed with; an amount of euros, or a volume without an end, half up to hundredths."""
    text = plain(value)
    places = len(text.partition(".")[2])
    return text if curve.varied == "volume" and "/" not in text and places > 2 else str(half_up(value))


def _as_json(curve: Curve, on: Sequence[Point]) -> dict[str, object]:
    return {
        "component": curve.component,
        "varied": curve.varied,
        "base": str(half_up(curve.base)),
        "points": [
            {
                "percent": f"{Decimal(point.percent.numerator) / point.percent.denominator:.6f}",
                "value": _in_full(curve, point.value),
                "amount_eur": point.amount,
                "on_edge": point.on_edge,
            }
            for point in on
        ],
    }


def _show(curve: Curve, on: Sequence[Point]) -> None:
    name, base = _VARIED[curve.varied]
    click.echo(f'Onderdeel "{curve.component}": {name} in procenten van {base}, {format_eur(half_up(curve.base))}')
    table = Table("", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for header in (f"{name.capitalize()} (%)", name.capitalize(), "Uitkomst (€)"):
        table.add_column(header, justify="right", no_wrap=True)
    for point in on:
        table.add_row(
            "grens" if point.on_edge else "", format_eur(half_up(point.percent)),
            format_number(_in_full(curve, point.value)),
            format_eur(point.amount),
        )  # fmt: skip
    print_table(table)


def _picture(contract: Contract, curve: Curve, on: Sequence[Point]) -> str:
    name, base = _VARIED[curve.varied]
    title = f"Contract {contract.number}, {curve.component}"
    return svg(title, f"{name}, in % van {base} ({format_eur(half_up(curve.base))})", "uitkomst in euro", on)
