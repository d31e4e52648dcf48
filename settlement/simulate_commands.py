"""`bekostiging contract simulate`: what a contract would pay on facts written by hand, before it is signed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from contracts.documents import read_as, read_documents, refuse_documents, warnings_in
from contracts.facts import FactsFile
from contracts.model import Contract
from contracts.values import Misfit
from database.command_line import as_json, tell_json
from database.terminal import FILE, FOLDER, WIDTH, print_table, tell_findings
from kernel.findings import Finding, Refusal, Severity
from kernel.money import Eur, total
from kernel.notation import format_eur
from kernel.periods import Month
from kernel.tabular import name_of, read_bytes
from settlement.entitlement import Entitlement, Treatment
from settlement.funding.facts import NOT_COMPUTED
from settlement.languages.dutch import DUTCH
from settlement.phrases import explanation_lines
from settlement.simulation import simulate
from settlement.vary import Variation, show_curves

TREATMENT_NAMES = {
    Treatment.PAYABLE: "",
    Treatment.SHADOW: "schaduw",
    Treatment.UNFUNDED: "niet gefinancierd",
    Treatment.PASSED_ON: "doorgegeven",
}


# A file of more than two thousand cases.
_MOST_BYTES = 1_000_000
_SHOWN_CASES = 20
_REFUSED = "niets is uitgerekend"
_TRIAL = "Dit is een proefberekening: er is niets vastgelegd."


@dataclass(frozen=True, slots=True)
class SimulatedLine:
    """What a component comes to under a label, over all months."""

    component: str
    label: str
    treatment: Treatment
    entitlements: Sequence[Entitlement]

    @property
    def amount(self) -> Eur:
        return total(entitlement.amount for entitlement in self.entitlements)


@dataclass(frozen=True, slots=True)
class Simulated:
    """What came of a case: lines in the order of the contract, with warnings; or why it could not be computed."""

    id: str
    lines: Sequence[SimulatedLine]
    findings: Sequence[Finding]

    @property
    def amount(self) -> Eur | None:
        """What would be paid; None when it could not be computed, or when a component of it could not."""
        if any(finding.severity is Severity.ERROR or finding.code in NOT_COMPUTED for finding in self.findings):
            return None
        return total(line.amount for line in self.lines if line.treatment is Treatment.PAYABLE)


@click.command("simulate")
@click.argument("document", metavar="CONTRACT", type=FILE)
@click.option("--facts", required=True, type=FILE, help="De feiten: een TOML-bestand met een geval of een lijst ervan.")
@click.option("--case", "case_id", help="Alleen dit geval, met de uitleg.")
@click.option(
    "--vary", help="Toon wat elk artikel met banden betaalt: cost=80%..130%, of met een stap cost=80%..130%:5%."
)
@click.option("--svg", type=FOLDER, help="Map voor een plaatje per artikel (--vary).")
@click.option("--explain", is_flag=True, help="De uitleg van elke maand; zonder deze optie alleen van de laatste.")
@as_json
@click.pass_context
def simulate_command(
    ctx: click.Context,
    document: Path,
    facts: Path,
    case_id: str | None,
    vary: str | None,
    svg: Path | None,
    explain: bool,
    as_json: bool,
) -> None:
    """Reken uit wat een contract zou betalen, zonder het vast te leggen.

    Er is geen database nodig: het contract en de feiten staan in twee bestanden. Met een lijst van gevallen komt er een
    uitkomst per geval, in dezelfde volgorde.

    \b
    Voorbeeld:
      bekostiging contract simulate wijkteam.toml --facts feiten.toml
      bekostiging contract simulate wijkteam.toml --facts feiten.toml --explain
      bekostiging contract simulate wijkteam.toml --facts gevallen.toml --json
      bekostiging contract simulate wijkteam.toml --facts feiten.toml --vary cost=80%..130% --svg plaatjes
    """
    contract = read_documents([document], refused=_REFUSED)[0].contract
    if svg is not None and vary is None:
        raise click.UsageError("--svg tekent wat --vary laat lopen; geef ook --vary")
    given, warnings = _facts(facts, contract)
    if not as_json:
        tell_findings(warnings, most=20, err=True)
    if vary is not None:
        if show_curves(contract, given, case_id, Variation.parse(vary), svg, as_json=as_json):
            ctx.exit(3)
        return
    outcomes = simulate_cases(contract, given, case_id)
    if as_json:
        cases = [_as_json(outcome, explain=explain) for outcome in outcomes]
        tell_json({"contract": contract.number, "cases": cases, "warnings": warnings})
    elif len(outcomes) == 1:
        _show_one(outcomes[0], every_month=explain)
    else:
        _show_many(outcomes)
    if any(outcome.amount is None for outcome in outcomes):
        ctx.exit(3)


def _facts(path: Path, contract: Contract) -> tuple[FactsFile, list[Finding]]:
    """The facts of a file, with warnings of those that no component reads: a file may serve several contracts."""
    read = read_as(FactsFile, name_of(path), read_bytes(path, _MOST_BYTES))
    if isinstance(read, list):
        raise refuse_documents(read, _REFUSED)
    text, facts = read
    return facts, warnings_in(name_of(path), text, "W24", _unread(contract, facts))


def _unread(contract: Contract, facts: FactsFile) -> Iterator[Misfit]:
    """What no component of the contract reads, in the head of the file and in its cases; a name is told once."""
    for rule in contract.unread(facts):
        yield from rule
    told: set[str] = set()
    for place, case in enumerate(facts.case):
        for rule in contract.unread(case):
            for within, said in rule:
                if said not in told:
                    yield ("case", place, *within), said
                told.add(said)


def simulate_cases(contract: Contract, facts: FactsFile, case_id: str | None = None) -> list[Simulated]:
    """Settle every case of `facts`, or one of them. Raises `Refusal` when that one is not there."""
    cases = [(name, given) for name, given in facts.cases() if case_id in (None, name)]
    if not cases:
        known = ", ".join(name for name, _ in facts.cases()[:_SHOWN_CASES])
        raise Refusal(f"er is geen geval {case_id}", f"kies een id uit het bestand met feiten: {known}")
    outcomes = []
    for name, given in cases:
        try:
            entitlements, warnings = simulate(contract, given)
            outcomes.append(Simulated(name, _lines(entitlements), warnings))
        except Refusal as refusal:
            outcomes.append(Simulated(name, (), refusal.findings))
    return outcomes


def _lines(entitlements: Iterable[Entitlement]) -> list[SimulatedLine]:
    of_line: dict[tuple[str, str, Treatment], list[Entitlement]] = {}
    for entitlement in entitlements:
        key = entitlement.key
        of_line.setdefault((key.component, key.label, key.treatment), []).append(entitlement)
    return [SimulatedLine(*key, parts) for key, parts in of_line.items()]


def _as_json(outcome: Simulated, *, explain: bool) -> dict[str, object]:
    return {
        "id": outcome.id,
        "amount_eur": outcome.amount,
        "lines": [
            {
                "component": line.component,
                "label": line.label,
                "treatment": line.treatment,
                "amount_eur": line.amount,
                "months": [
                    {
                        "month": entitlement.key.month,
                        "municipality": entitlement.key.municipality,
                        "amount_eur": entitlement.amount,
                        **({"explanation": entitlement.explanation.to_json()} if explain else {}),
                    }
                    for entitlement in line.entitlements
                ],
            }
            for line in outcome.lines
        ],
        "findings": outcome.findings,
    }


def _show_many(outcomes: Sequence[Simulated]) -> None:
    table = Table("Geval", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("Te betalen (€)", justify="right", no_wrap=True)
    table.add_column("Opmerking", overflow="fold")
    for outcome in outcomes:
        amount = "niet te berekenen" if outcome.amount is None else format_eur(outcome.amount)
        table.add_row(outcome.id, amount, "; ".join(f"{f.place}: {f.message}" for f in outcome.findings))
    print_table(table)
    known = sum(outcome.amount is not None for outcome in outcomes)
    click.echo(f"{known} van {len(outcomes)} gevallen berekend; de uitleg van één geval: --case ID")
    click.echo(_TRIAL)


def _show_one(outcome: Simulated, *, every_month: bool) -> None:
    if outcome.amount is None:
        click.echo("Niet te berekenen:", err=True)
    tell_findings(outcome.findings, most=20, err=True)
    if outcome.amount is None:
        return
    table = Table("Onderdeel", "Wat", "", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("Maanden", no_wrap=True)
    table.add_column("Bedrag (€)", justify="right", no_wrap=True)
    for line in outcome.lines:
        said = _months(line)
        span = str(said[0]) if len(said) == 1 else f"{said[0]} t/m {said[-1]}"
        table.add_row(
            line.component, DUTCH.label(line.label), TREATMENT_NAMES[line.treatment], span, format_eur(line.amount)
        )
    table.add_section()
    table.add_row("Te betalen", "", "", "", format_eur(outcome.amount))
    print_table(table)
    click.echo(_TRIAL)
    if not every_month and any(len(_months(line)) > 1 for line in outcome.lines):
        click.echo("Hieronder staat de uitleg van de laatste maand van elke regel; die van alle maanden: --explain")
    for line in outcome.lines:
        _explain(line, _months(line) if every_month else _months(line)[-1:])


def _months(line: SimulatedLine) -> list[Month]:
    return sorted({entitlement.key.month for entitlement in line.entitlements})


def _explain(line: SimulatedLine, months: Sequence[Month]) -> None:
    """Why a line comes to what it does in `months`, for each municipality."""
    several = len({entitlement.key.municipality for entitlement in line.entitlements}) > 1
    for one in sorted(line.entitlements, key=lambda one: (one.key.month, one.key)):
        if one.key.month not in months:
            continue
        where = f", {one.key.municipality}" if several else ""
        click.echo(f"\n{line.component}, {DUTCH.label(line.label)}, {one.key.month}{where}: {format_eur(one.amount)}")
        for depth, sentence, result in explanation_lines(one.explanation):
            indent = "  " * (depth + 1)
            said = f"{sentence} = {result}" if result else sentence
            click.echo(click.wrap_text(said, WIDTH, indent, indent + "  "))
