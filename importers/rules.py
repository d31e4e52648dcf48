"""Rules on the rows of a delivery file, as data: what is wrong, when, what to tell the sender, and the remedy.

A condition is SQL over a staged row `s` and the product `p` it names on its first day (null when there is none then). A
message may name columns of the row in braces. A row that breaks only rules of severity `warning` is accepted. Rules on
cells (D01 to D17) are in `importers.delivery_cells` and `importers.delivery_rows`, since a cell that cannot be read
never becomes a row; what rows mean to each other (D31 and up) is in `importers.loading`.
"""

from dataclasses import dataclass

from kernel.findings import Severity


@dataclass(frozen=True, slots=True)
class RowRule:
    """A row breaks the rule when `condition` holds; `column` is where the sender must look."""

    code: str
    severity: Severity
    column: str
    condition: str
    message: str
    hint: str


ROW_RULES = (
    RowRule(
        "D20",
        Severity.ERROR,
        "end",
        "s.service_end <= s.service_start",
        "de einddatum {last_day} ligt voor de begindatum {first_day}",
        "vul als einddatum de laatste dag van de levering in",
    ),
    RowRule(  # CS337: a product period lies within one calendar month
        "D21",
        Severity.ERROR,
        "end",
        "s.service_end > s.service_start + 1 AND s.service_month <> date_trunc('month', s.service_end - 1)",
        "de levering van {first_day} tot en met {last_day} ligt in meer dan één maand",
        "splits de regel per kalendermaand",
    ),
    RowRule(  # TR134, TR137: what is declared was delivered
        "D22",
        Severity.ERROR,
        "start",
        "s.service_month > current_date",
        "de levering van {first_day} ligt in de toekomst",
        "controleer de datum; lever de regel aan als er geleverd is",
    ),
    RowRule(
        "D23",
        Severity.ERROR,
        "product",
        "p.product_id IS NULL",
        "product {product} bestaat niet op {first_day}",
        "verbeter de productcode of de datum; kloppen die, dan ontbreekt het product in de catalogus",
    ),
    RowRule(  # TR341
        "D24",
        Severity.ERROR,
        "unit",
        "s.unit IS NOT NULL AND p.product_id IS NOT NULL AND s.unit <> p.unit",
        "product {product} wordt geleverd in {product_unit}, niet in {row_unit}",
        "reken het aantal om naar de eenheid van het product",
    ),
    RowRule(  # CD060
        "D25",
        Severity.ERROR,
        "previous",
        "s.sign = -1 AND s.previous_reference IS NULL",
        "een creditregel zonder vorige referentie",
        "noem in de vorige referentie de debetregel die vervalt",
    ),
    RowRule(  # CD060
        "D26",
        Severity.ERROR,
        "previous",
        "s.sign = 1 AND s.previous_reference IS NOT NULL",
        "een debetregel met een vorige referentie",
        "zet dc op C als dit een creditregel is; laat anders de vorige referentie leeg",
    ),
    RowRule(
        "D27",
        Severity.ERROR,
        "previous",
        "s.previous_reference = s.reference",
        "een creditregel die naar zichzelf verwijst",
        "geef de creditregel een eigen referentie",
    ),
    RowRule(  # pieces have no length; a day has three parts: morning, afternoon, evening
        "D28",
        Severity.WARNING,
        "quantity",
        "s.quantity > (s.service_end - s.service_start) * "
        "CASE p.unit WHEN 'minute' THEN 1440 WHEN 'hour' THEN 24 WHEN 'day_part' THEN 3 WHEN 'day' THEN 1 END"
        " AND s.service_end > s.service_start",
        "{quantity} {product_unit} passen niet in de tijd van {first_day} tot en met {last_day}",
        "controleer het aantal en de data; is het een fout, crediteer de regel en stuur een nieuwe",
    ),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a valid row because of other rows. `counted_as` is a column of the batch."""

    code: str
    counted_as: str
    column: str
    message: str
    hint: str


NUMBERING_ASKED = (
    "nummert de afzender elke maand opnieuw? lees het bestand dan in met --references-per-month; zo niet, vraag om "
    "nieuwe referenties"
)

# {reference} and {previous_reference} are of the row; {other} is where the other row stands, and {month} its month.
CONTRADICTED = Verdict(
    "D31",
    "rejected",
    "reference",
    "referentie {reference} staat ook bij een andere regel; geen van beide telt",
    "stuur de goede regel opnieuw met een nieuwe referentie",
)
OF_OTHER_MONTH = Verdict(
    "D38",
    "rejected",
    "reference",
    "referentie {reference} is al van een regel over {month} ({other}); die blijft staan en deze telt niet",
    NUMBERING_ASKED,
)
POSTED = Verdict(
    "D39",
    "rejected",
    "reference",
    "referentie {reference} is van een andere regel, die al geboekt is ({other}); die blijft tellen en deze niet",
    "crediteer de geboekte regel, en stuur de goede met een nieuwe referentie",
)
KNOWN = Verdict("D32", "known", "reference", "regel {reference} was al ontvangen ({other})", "")
WAITING = Verdict(
    "D33",
    "waiting",
    "previous",
    "creditregel {reference} wacht op debetregel {previous_reference} over dezelfde maand, die er nog niet is",
    "stuur de debetregel; de creditregel telt dan vanzelf mee",
)
WAITING_FOR_CONTRADICTED = Verdict(
    "D34",
    "waiting",
    "previous",
    "creditregel {reference} wacht: debetregel {previous_reference} is tegengesproken en telt niet",
    "stuur de goede debetregel met een nieuwe referentie",
)
CREDITS_A_CREDIT = Verdict(
    "D35",
    "rejected",
    "previous",
    "creditregel {reference} verwijst naar {previous_reference}, dat zelf een creditregel is",
    "verwijs naar de debetregel, of stuur een nieuwe debetregel",
)
NOT_A_COPY = Verdict(  # TR323: a credit is a full copy of its debit
    "D36",
    "rejected",
    "previous",
    "creditregel {reference} is geen volledige kopie van debetregel {previous_reference}",
    "stuur een creditregel met dezelfde cliënt, product, data, toewijzing en aantal, en een nieuwe referentie",
)
CREDITED_BEFORE = Verdict(  # TR390: a debit may be credited once
    "D37",
    "rejected",
    "previous",
    "debetregel {previous_reference} is al gecrediteerd",
    "laat de regel weg; er is niets meer te crediteren",
)

# The reference of a row with one of these is not kept: another row has it.
_NOT_RECEIVED = (OF_OTHER_MONTH, POSTED)

VERDICTS = {
    verdict.code: verdict
    for verdict in (
        *_NOT_RECEIVED,
        CONTRADICTED,
        KNOWN,
        WAITING,
        WAITING_FOR_CONTRADICTED,
        CREDITS_A_CREDIT,
        NOT_A_COPY,
        CREDITED_BEFORE,
    )
}

# The verdicts on rows that were received: their reference is kept.
RECEIVED_VERDICTS = tuple(code for code, verdict in VERDICTS.items() if verdict not in _NOT_RECEIVED)
