"""How facts come in: delivery files, population counts, advances; every row accepted, rejected, waiting or known."""
