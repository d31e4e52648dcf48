"""A connection that is lost is refused with a remedy, and what is given again ends as if nothing happened."""

from collections import Counter
from functools import partial

from tests.crash.conftest import NewTelling
from tests.crash.disturbing import Ended, Trouble, chance_of, cut, needs_fork
from tests.crash.telling import Disturbance, Told, differing, tell

POINTS = 40

pytestmark = needs_fork


def was_refused(ended: Ended) -> bool:
    said = " ".join(ended.output.split())
    told = "Geweigerd: de verbinding met de database is weggevallen" in said
    return ended.code == 1 and told and "voer de opdracht opnieuw uit" in said


def test_what_lost_its_connection_ends_as_if_nothing_happened(undisturbed: Told, new_telling: NewTelling) -> None:
    chance = chance_of("lost connection")
    telling = new_telling()

    def draw(name: str) -> Trouble:
        counts = undisturbed.steps[name].counts
        kind = chance.choice([kind for kind in ("a statement", "a block of COPY", "before a commit") if kind in counts])
        return Trouble(kind, chance.randint(1, counts[kind]), strike=partial(cut, telling.url))

    points = Counter(chance.choices(list(undisturbed.steps), k=POINTS))
    disturbance = Disturbance(points, draw, was_refused)
    told = tell(telling, disturbance)
    assert disturbance.struck.total() == POINTS
    assert differing(told, undisturbed) == []
