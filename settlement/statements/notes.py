"""The sheet Toelichting: how to read and recompute the statement, findings, what was used, and whom to ask."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from contracts.model import Component
from kernel.findings import Finding
from settlement.statements.book import Page
from settlement.statements.facts import Statement
from tariffs.units import Rounding

WIDTHS = (38, 62, 62, 10)

_TERMS = ("entitled", "posted", "recording", "dead_band")


def write(page: Page, statement: Statement, sheets: Sequence[str]) -> None:
    """Fill the sheet; `sheets` are the codes of the other sheets."""
    say = statement.language.say
    page.line(say("notes"), "heading")
    page.row += 1
    page.line(say("notes.how_to_read"), "subheading")
    for sheet in sheets:
        if f"notes.read.{sheet}" in statement.language.texts:
            page.line(say(f"notes.read.{sheet}"), "plain")
    if statement.deliveries is None:
        page.line(say("deliveries.left_out"), "plain")
    page.row += 1
    page.line(say("notes.how_to_compute"), "subheading")
    for sentence in _method(statement, sheets):
        page.line(say(f"notes.method.{sentence}"), "plain")
    page.row += 1
    _write_findings(page, statement, "notes.findings", _for_the_provider(statement, statement.settled.findings))
    if statement.not_settled:
        _write_findings(page, statement, "notes.not_settled", _not_settled(statement))
    _write_facts(page, say("notes.versions"), _versions(statement))
    _write_components(page, statement, statement.settled.contract.component)
    terms = [term for term in _TERMS if term != "dead_band" or "population" in sheets]
    _write_facts(page, say("notes.terms"), [(say(f"notes.term.{t}"), say(f"notes.term.{t}.is")) for t in terms])
    contract = statement.settled.contract
    municipalities = ", ".join(statement.municipality(code) for code in contract.municipalities)
    page.line(say("notes.ask"), "subheading")
    page.line(
        say("notes.ask.whom", municipalities=municipalities, contract=contract.number, run=statement.run.id), "plain"
    )


def _method(statement: Statement, sheets: Sequence[str]) -> Iterable[str]:
    """How amounts of this statement are made; what it has none of is not explained."""
    yield "formulas"
    rules = {volume.rule.rounding for volumes in statement.volumes.values() for volume in volumes}
    if rules:
        yield from ("price", "rounding", "difference")
    if Rounding.CLIENT_MONTH in rules:
        yield "hours"
    if "calculation" in sheets:
        yield "to_date"
    yield "correction"


def _for_the_provider(statement: Statement, findings: Iterable[Finding]) -> list[Finding]:
    """The findings that concern the provider, with what it does about them; the others concern the municipality."""
    remedies = statement.language.remedies
    return [replace(finding, hint=remedies[finding.code]) for finding in findings if finding.code in remedies]


def _not_settled(statement: Statement) -> list[Finding]:
    """What no statement pays, with what the provider does about it: it waits, where that is for the municipality."""
    remedies, wait = statement.language.remedies, statement.language.say("notes.not_settled.wait")
    return [replace(finding, hint=remedies.get(finding.code, wait)) for finding in statement.not_settled]


def _write_findings(page: Page, statement: Statement, heading: str, findings: Sequence[Finding]) -> None:
    language = statement.language
    page.line(language.say(heading), "subheading")
    if not findings:
        page.line(language.say("notes.findings.none"), "plain")
    else:
        if language.texts["notes.findings.language"]:
            page.line(language.say("notes.findings.language"), "note")
        page.columns(language, ("place", "finding", "remedy", "code"))
    for finding in findings:
        page.text(0, finding.place, "wrapped")
        page.text(1, finding.message, "wrapped")
        page.text(2, finding.hint, "wrapped")
        page.text(3, finding.code)
        page.row += 1
    page.row += 1


def _versions(statement: Statement) -> Iterable[tuple[str, str]]:
    """What was known at the cut-off and used: contract, price lists, counts."""
    register, say, settled = statement.register, statement.language.say, statement.settled
    known = say("summary.known_until", recording=statement.recorded_on(statement.run.cutoff))
    yield say("notes.version.cutoff"), known
    number = settled.contract.number
    known = statement.recorded_on(settled.contract_recording)
    yield say("notes.version.contract"), say("notes.version.contract.is", number=number, recording=known)
    for name in settled.contract.price_lists:
        if version := register.price_versions.get(name):
            known = statement.recorded_on(version.recording)
            said = say("notes.version.price_list.is", version=version.version, recording=known)
            yield say("notes.version.price_list", name=name), said
    for recording in sorted({one for budget in statement.budgets for one in budget.count_recordings}):
        yield say("notes.version.count"), statement.recorded_on(recording)


def _write_facts(page: Page, heading: str, facts: Iterable[tuple[str, str]]) -> None:
    page.line(heading, "subheading")
    for label, value in facts:
        page.text(0, label, "label")
        page.text(1, value, "plain")
        page.row += 1
    page.row += 1


def _write_components(page: Page, statement: Statement, components: Sequence[Component]) -> None:
    say = statement.language.say
    page.line(say("notes.components"), "subheading")
    page.columns(statement.language, ("component", "funding", "source"))
    for component in components:
        page.text(0, component.key)
        page.text(1, say(f"notes.component.{component.kind}"))
        page.text(2, component.clause, "wrapped")
        page.row += 1
    page.row += 1
