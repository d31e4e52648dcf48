"""Facts that are written down and that no component of the contract reads: superfluous, or under a mistyped name."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from contracts.components.component import Fact
from contracts.facts import GivenFacts
from contracts.values import Misfit, Place, Unread

_WORDS = {
    "counts": "de telling in {0} van {1}",
    "products": "product {0}",
    "prices": "product {0}",
    "price_lists": "prijslijst {0}",
    "deliveries": "leveringen van product {1} in {0}",
    "assignments": "toewijzingen van product {0}",
    "households": "huishoudens",
    "trajectories": "trajecten van product {0}",
    "figures": "het cijfer {0}",
    "index_figures": "het indexcijfer {0}",
    "accountability": "de verantwoording {0}",
    "determinations": "een vaststelling van {0}",
    "spend": "wat bij {0} {1} besteed is",
}


def unread_facts(
    given: GivenFacts, read: Mapping[str, Collection[Fact]], unknown: Collection[str], municipality: str
) -> Iterator[Iterable[Misfit]]:
    """By fact, whether it is not among those that are `read` of its list, of the lists that are not `unknown`.

    `municipality` is that of a delivery that names none.
    """
    # Of a product that is delivered or assigned it is told there.
    lists = ("deliveries", "assignments", "trajectories")
    named = {(one.product,) for name in lists for one in given.__dict__.get(name, ()) if "product" in one.__dict__}
    for name in sorted(_WORDS.keys() - unknown):
        facts: Any = given.__dict__.get(name, ())
        of_list = {*read.get(name, ()), *(named if name in ("products", "prices") else ())}
        for place, fact in facts.items() if isinstance(facts, dict) else enumerate(facts):
            yield _unread((name, place), fact, of_list, municipality)


def _unread(place: Place, fact: Any, read: Collection[Fact], municipality: str) -> Iterator[Misfit]:
    goes_by = _goes_by(str(place[0]), place[1], fact, municipality)
    if Unread in goes_by or goes_by in read:
        return
    words = _WORDS[str(place[0])].format(*(word or "het geheel" for word in goes_by))
    near = [one for one in read if len(set(one) - set(goes_by)) == 1]
    yield place, f"geen onderdeel leest {words}; {_remedy(goes_by, near)}"


def _remedy(goes_by: Fact, read: Iterable[Fact]) -> str:
    """The name that is nearest, where only one part of what the fact goes by is another."""
    for one in read:
        for said, known in zip(goes_by, one, strict=True):
            if said != known and get_close_matches(said, [known]):
                return f"bedoelt u {known}?"
    return "haal het weg"


def _goes_by(name: str, place: str | int, fact: Any, municipality: str) -> tuple[Any, ...]:
    match name:
        case "products" | "figures" | "price_lists":
            return (place,)
        case "counts" | "spend":
            return (fact[0], fact[1])
        case "prices" | "index_figures":
            return (fact[0],)
        case "accountability" | "determinations":
            return (fact[1],)
        case "deliveries":
            return (fact.municipality or municipality, fact.product)
        case "households":
            return ()
    return (fact.product,)
