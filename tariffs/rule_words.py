"""Words that say what a line of a settlement is about when it is about no product.

A product whose code began with one of them would be taken for a rule of the contract: paid, and taken back later.
"""

RULE_WORDS = frozenset(
    (
        "instalment", "withheld", "reopening", "unspent", "earmarked", "determination", "shortfall", "ceiling",
        "unfunded", "reduction", "risk_sharing", "outcome", "passed_on", "plan", "bands", "frequency",
        "unfunded_frequency", "no_show", "unfunded_no_show", "supplement", "minimum", "maximum", "unfunded_maximum",
        "periods", "trajectory", "early_stop",
    )
)  # fmt: skip


def begins_with_rule_word(product: str) -> bool:
    """Whether a product code begins with a word that stands for a rule of a contract."""
    return product.split(" ", 1)[0] in RULE_WORDS


IS_A_RULE_WORD = "{product} is een woord voor een regel van een contract; geef het product een andere code"
