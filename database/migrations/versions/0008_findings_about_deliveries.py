"""Findings of a run about deliveries: which, in columns. Of findings that were stored, it is read from their place."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_COLUMNS = """
ALTER TABLE run_findings
    ADD COLUMN provider_id INTEGER
        CONSTRAINT fk_run_findings_provider_id REFERENCES providers (id),
    ADD COLUMN municipality_id INTEGER
        CONSTRAINT fk_run_findings_municipality_id REFERENCES municipalities (id),
    ADD COLUMN product_id INTEGER
        CONSTRAINT fk_run_findings_product_id REFERENCES products (id),
    ADD COLUMN service_month DATE,
    ADD CONSTRAINT ck_run_findings_about_deliveries
        CHECK (num_nulls(provider_id, municipality_id, product_id, service_month) IN (0, 4));
"""

# A place is 'product 45A04, GM0502, 2026-01', with 'aanbieder 41000001, ' in front where no contract says whose.
_FROM_PLACES = r"""
ALTER TABLE run_findings DISABLE TRIGGER USER;
UPDATE run_findings f
    SET provider_id = a.id, municipality_id = m.id, product_id = p.id,
        service_month = to_date(substring(f.place FROM '\d{4}-\d{2}$'), 'YYYY-MM')
    FROM providers a, municipalities m, products p
    WHERE f.code IN ('P01', 'P02', 'P03', 'P04', 'P05')
        AND f.place ~ ', \d{4}-\d{2}$'
        AND m.code = substring(f.place FROM ', (GM\d{4}), ') AND p.code = substring(f.place FROM 'product ([^,]+), ')
        AND a.id = coalesce(
            (SELECT c.provider_id FROM run_contracts c WHERE c.run_id = f.run_id AND c.contract_id = f.contract_id),
            (SELECT id FROM providers WHERE agb_code = substring(f.place FROM '^aanbieder (\d{8}), '))
        );
ALTER TABLE run_findings ENABLE TRIGGER USER;
"""


def upgrade() -> None:
    op.execute(_COLUMNS)
    op.execute(_FROM_PLACES)
