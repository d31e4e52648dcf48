"""Facts that settlement needs beside deliveries, counts and advances; one module per kind.

Every kind says in one `FactKind` how a file states it, where it is kept and what makes two rows the same fact. Reading,
versions and what was known at a cut-off are the same for all of them (`importers.facts.importing`).
"""
