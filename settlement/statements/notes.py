"""The sheet Toelichting: findings, the versions that were used, how was rounded, and how to make it again."""

from collections.abc import Sequence

from contracts.model import Component, PopulationComponent
from kernel.findings import Finding
from settlement.statements.book import Page
from settlement.statements.facts import Statement

WIDTHS = (38, 62, 62, 10)

_METHOD = (
    "Een levering telt in de maand van haar eerste dag. De prijs is die van de dag die het contract noemt.",
    "Elke levering wordt apart op centen afgerond, een halve cent naar boven.",
    "De kolom Afronding per levering noemt het verschil met aantal × prijs over het totaal van de regel.",
    "Waar uren per cliënt en maand tellen, worden eerst de minuten opgeteld en dan op hele uren afgerond.",
    "Een correctie is het nieuwe recht over een maand, min wat over die maand al geboekt was.",
    "Alle bedragen zijn formules over de getoonde aantallen en prijzen; gedeeld wordt in hele centen.",
)


def write(page: Page, statement: Statement) -> None:
    """Fill the sheet."""
    page.line("Toelichting", "heading")
    page.row += 1
    _write_findings(page, "Bevindingen", statement.settled.findings)
    if statement.not_settled:
        _write_findings(page, "Niet in deze afrekening", statement.not_settled)
    _write_versions(page, statement)
    _write_components(page, statement.settled.contract.component)
    page.line("Hoe er gerekend is", "subheading")
    for sentence in _METHOD:
        page.line(sentence, "plain")
    page.row += 1
    _write_how_to_repeat(page, statement)


def _write_findings(page: Page, heading: str, findings: Sequence[Finding]) -> None:
    page.line(heading, "subheading")
    if findings:
        page.headers(("Waar", "Bevinding", "Wat te doen", "Code"))
    else:
        page.line("Er zijn geen bevindingen bij dit contract.", "plain")
    for finding in findings:
        page.text(0, finding.place, "wrapped")
        page.text(1, finding.message, "wrapped")
        page.text(2, finding.hint, "wrapped")
        page.text(3, finding.code)
        page.row += 1
    page.row += 1


def _write_versions(page: Page, statement: Statement) -> None:
    register = statement.register
    page.line("Gebruikte gegevens", "subheading")
    contract_recording = register.contract_recordings[statement.settled.id]
    rows = [
        ("Stand", f"alles tot en met {statement.recorded_on(statement.run.cutoff)}"),
        (f"Contract {statement.settled.contract.number}", statement.recorded_on(contract_recording)),
    ]
    for name in sorted({component.price_list for component in statement.settled.contract.component}):
        version = register.price_versions.get(name)
        if version is not None:
            rows.append((f"Prijslijst {name}", f"versie {version.version}, {statement.recorded_on(version.recording)}"))
    for label, value in rows:
        page.text(0, label, "label")
        page.text(1, value, "plain")
        page.row += 1
    page.row += 1


def _write_components(page: Page, components: Sequence[Component]) -> None:
    page.line("Onderdelen van het contract", "subheading")
    page.headers(("Onderdeel", "Bekostiging", "Bron"))
    for component in components:
        population = isinstance(component, PopulationComponent)
        page.text(0, component.key)
        page.text(1, "populatie: een budget in termijnen" if population else "inspanning: aantal × prijs")
        page.text(2, component.clause, "wrapped")
        page.row += 1
    page.row += 1


def _write_how_to_repeat(page: Page, statement: Statement) -> None:
    run, number = statement.run, statement.settled.contract.number
    page.line("Narekenen door de opdrachtgever", "subheading")
    command = f"bekostiging settle run --period {run.period} --contract {number} --cutoff {run.cutoff} --dry-run"
    for label, value in (
        ("Opnieuw uitrekenen", command),
        ("Een regel uitleggen", f"bekostiging explain {run.id} REGEL, met het nummer uit de kolom Regel"),
    ):
        page.text(0, label, "label")
        page.text(1, value, "plain")
        page.row += 1
