"""What a terminal, a log and a mail say of jobs. Free text of a failure stays out of mails: it is in the database."""

from collections.abc import Sequence
from datetime import date, datetime

from database.recordings import TIME_ZONE
from kernel.notation import format_date
from kernel.periods import Month
from settlement.missing_files import MissingFile
from settlement.schedule.occurrences import Occurrence
from settlement.schedule.register import GRACE, MOST_ATTEMPTS, Alarm, Attempt, Job, Order

KINDS = {"settle": "afrekenen", "remind": "herinneren", "export": "exporteren"}
WHICH_MONTH = {"previous": "vorige", "current": "lopende", "next": "volgende"}
_HELD_BACK = "tegengehouden (staat de klok van de database goed, voer dan uit: bekostiging schedule run --once --again)"
LOOK = "Kijk met: bekostiging status, en bekostiging schedule list"


def moment(at: datetime) -> str:
    """05-04-2026 06:00, in Dutch time."""
    return f"{at.astimezone(TIME_ZONE):%d-%m-%Y %H:%M}"


def what(order: Order, due_on: date) -> str:
    """'afrekenen over 2026-03'."""
    period = order.period(due_on)
    return f"{KINDS[order.kind]} over {period}" if period else KINDS[order.kind]


def title(job: Job, due_on: date) -> str:
    """'taak 1 van 05-04-2026 (afrekenen over 2026-03)'."""
    return f"taak {job.id} van {format_date(due_on)} ({what(job.order, due_on)})"


def attempt_sentence(job: Job, attempt: Attempt, *, held_back: bool) -> str:
    """What came of an attempt, without its message."""
    of = f" van {MOST_ATTEMPTS}" if attempt.number <= MOST_ATTEMPTS else ""  # more are by hand
    said = {
        "done": "gedaan",
        "failed": _HELD_BACK if held_back else f"mislukt, poging {attempt.number}{of}",
        "covered": "overgeslagen, want een latere keer nam het mee",
    }
    return f"{title(job, attempt.due_on)}: {said[attempt.result]}"


def alarm_sentence(alarm: Alarm) -> str:
    """What is wrong and what to do, without the message of the failure."""
    number = alarm.job.id
    if alarm.problem == "added_ahead":
        return (
            f"taak {number}: is toegevoegd toen de klok van de database voorliep, en gebeurt pas na "
            f"{moment(alarm.job.added_at)}; haal hem weg en voeg hem opnieuw toe: bekostiging schedule remove {number}"
        )
    if alarm.due_on is None:
        return (
            f"taak {number}: er is een uitvoering in de toekomst; de klok van de database heeft verkeerd gestaan. "
            f"Wat toen is gedaan, gebeurt op zijn dag niet nog eens: doe het dan zelf"
        )
    said = {
        "not_done": "niet gedaan; draait de planner (bekostiging schedule run)?",
        "failed": f"mislukt, poging {alarm.attempts} van {MOST_ATTEMPTS}; de volgende komt vanzelf",
        "given_up": f"mislukt en na {alarm.attempts} pogingen opgegeven; herstel het en voer uit: "
        "bekostiging schedule run --once --again",
        "held_back": _HELD_BACK,
    }
    return f"{title(alarm.job, alarm.due_on)}: {said[alarm.problem]}"


def asks_attention(due: Occurrence, attempt: Attempt) -> bool:
    """Whether somebody should hear of an attempt: whatever was not done at its time."""
    return attempt.result != "done" or attempt.at > due.at + GRACE


def missing_lines(missing: Sequence[MissingFile]) -> list[str]:
    return [
        f"{file.contract}: {file.provider} {file.provider_name}, "
        + (f"laatst geleverd over {file.last}" if file.last else "nog nooit geleverd")
        + (f"; ontvangen en geweigerd: {', '.join(file.refused)}" if file.refused else "")
        for file in missing
    ]


def reminder(month: Month, missing: Sequence[MissingFile]) -> str:
    lines = "\n".join(f"- {line}" for line in missing_lines(missing))
    return f"Over {month} is nog niets ontvangen voor:\n\n{lines}\n"
