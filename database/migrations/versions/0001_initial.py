"""The first schema.

Facts, what runs said, and the journal can be added to and never changed. A run itself moves only forward, and once it
is posted or thrown away it stays as it is; what it says is written in the transaction that makes it. A journal entry is
checked for balance once, when its transaction commits.
"""

from alembic import op

from database.recordings import append_only

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = """
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE clients (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    pseudonym BYTEA NOT NULL,
    CONSTRAINT pk_clients PRIMARY KEY (id),
    CONSTRAINT ck_clients_pseudonym_is_a_sha256 CHECK (octet_length(pseudonym) = 32),
    CONSTRAINT uq_clients_pseudonym UNIQUE (pseudonym)
);

CREATE TABLE contracts (
    id INTEGER GENERATED ALWAYS AS IDENTITY,
    number TEXT NOT NULL,
    CONSTRAINT pk_contracts PRIMARY KEY (id),
    CONSTRAINT uq_contracts_number UNIQUE (number)
);

CREATE TABLE contradicted_references (
    municipality_id INTEGER NOT NULL,
    provider_id INTEGER NOT NULL,
    law TEXT NOT NULL,
    reference TEXT NOT NULL,
    recording BIGINT NOT NULL,
    CONSTRAINT pk_contradicted_references PRIMARY KEY (municipality_id, provider_id, law, reference)
);

CREATE TABLE credits (
    municipality_id INTEGER NOT NULL,
    provider_id INTEGER NOT NULL,
    law TEXT NOT NULL,
    reference TEXT NOT NULL,
    previous_reference TEXT NOT NULL,
    facts UUID NOT NULL,
    service_month DATE NOT NULL,
    batch BIGINT NOT NULL,
    row_number INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    client_id BIGINT NOT NULL,
    assignment TEXT NOT NULL,
    service_start DATE NOT NULL,
    service_end DATE NOT NULL,
    quantity BIGINT NOT NULL,
    claimed_cents BIGINT,
    CONSTRAINT pk_credits PRIMARY KEY (municipality_id, provider_id, law, reference)
);

CREATE INDEX ix_credits_previous ON credits (municipality_id, provider_id, law, previous_reference);

CREATE TABLE deliveries (
    municipality_id INTEGER NOT NULL,
    service_month DATE NOT NULL,
    batch BIGINT NOT NULL,
    row_number INTEGER NOT NULL,
    entry TEXT NOT NULL,
    recording BIGINT NOT NULL,
    sign SMALLINT NOT NULL,
    provider_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    client_id BIGINT NOT NULL,
    assignment TEXT NOT NULL,
    service_start DATE NOT NULL,
    service_end DATE NOT NULL,
    quantity BIGINT NOT NULL,
    claimed_cents BIGINT,
    reference TEXT NOT NULL,
    previous_reference TEXT,
    CONSTRAINT pk_deliveries PRIMARY KEY (municipality_id, service_month, batch, row_number, entry),
    CONSTRAINT ck_deliveries_entry_known CHECK (entry IN ('row', 'withdrawal')),
    CONSTRAINT ck_deliveries_signed_quantity CHECK (sign IN (1, -1) AND quantity > 0),
    CONSTRAINT ck_deliveries_service_period CHECK (service_end > service_start)
)
 PARTITION BY RANGE (service_month);

CREATE TABLE delivery_totals (
    municipality_id INTEGER NOT NULL,
    provider_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    service_month DATE NOT NULL,
    recording BIGINT NOT NULL,
    rows BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    first_start DATE NOT NULL,
    last_start DATE NOT NULL,
    CONSTRAINT pk_delivery_totals PRIMARY KEY (municipality_id, provider_id, product_id, service_month, recording)
);

CREATE TABLE municipalities (
    id INTEGER GENERATED ALWAYS AS IDENTITY,
    code TEXT NOT NULL,
    CONSTRAINT pk_municipalities PRIMARY KEY (id),
    CONSTRAINT uq_municipalities_code UNIQUE (code)
);

CREATE TABLE price_lists (
    id INTEGER GENERATED ALWAYS AS IDENTITY,
    name TEXT NOT NULL,
    CONSTRAINT pk_price_lists PRIMARY KEY (id),
    CONSTRAINT uq_price_lists_name UNIQUE (name)
);

CREATE TABLE products (
    id INTEGER GENERATED ALWAYS AS IDENTITY,
    code TEXT NOT NULL,
    CONSTRAINT pk_products PRIMARY KEY (id),
    CONSTRAINT uq_products_code UNIQUE (code)
);

CREATE TABLE providers (
    id INTEGER GENERATED ALWAYS AS IDENTITY,
    agb_code TEXT NOT NULL,
    CONSTRAINT pk_providers PRIMARY KEY (id),
    CONSTRAINT uq_providers_agb_code UNIQUE (agb_code)
);

CREATE TABLE pseudonym_keys (
    singleton BOOLEAN DEFAULT true NOT NULL,
    fingerprint TEXT NOT NULL,
    CONSTRAINT pk_pseudonym_keys PRIMARY KEY (singleton),
    CONSTRAINT ck_pseudonym_keys_one_key CHECK (singleton)
);

CREATE TABLE received_references (
    municipality_id INTEGER NOT NULL,
    provider_id INTEGER NOT NULL,
    law TEXT NOT NULL,
    reference TEXT NOT NULL,
    previous_reference TEXT,
    facts UUID NOT NULL,
    claimed_cents BIGINT,
    service_month DATE NOT NULL,
    batch BIGINT NOT NULL,
    row_number INTEGER NOT NULL,
    CONSTRAINT pk_received_references PRIMARY KEY (municipality_id, provider_id, law, reference)
);

CREATE TABLE recordings (
    number BIGINT NOT NULL CONSTRAINT ck_recordings_number CHECK (number > 0),
    kind TEXT NOT NULL,
    what TEXT NOT NULL,
    file_name TEXT,
    sha256 TEXT CONSTRAINT ck_recordings_sha256 CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_by TEXT NOT NULL,
    CONSTRAINT pk_recordings PRIMARY KEY (number)
);

CREATE TABLE advances (
    contract_id INTEGER NOT NULL,
    reference TEXT NOT NULL,
    paid_on DATE NOT NULL,
    amount_eur NUMERIC NOT NULL CONSTRAINT ck_advances_amount_eur CHECK (scale(amount_eur) <= 2 AND amount_eur > '-Infinity' AND amount_eur < 'Infinity'),
    recording BIGINT NOT NULL,
    CONSTRAINT pk_advances PRIMARY KEY (contract_id, reference),
    CONSTRAINT ck_advances_amount_not_nil CHECK (amount_eur <> 0),
    CONSTRAINT fk_advances_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id),
    CONSTRAINT fk_advances_recording FOREIGN KEY(recording) REFERENCES recordings (number)
);

CREATE TABLE batches (
    recording BIGINT NOT NULL,
    file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    rows_read INTEGER NOT NULL,
    rows_accepted INTEGER NOT NULL,
    rows_rejected INTEGER NOT NULL,
    rows_waiting INTEGER NOT NULL,
    rows_known INTEGER NOT NULL,
    claimed_read_eur NUMERIC NOT NULL CONSTRAINT ck_batches_claimed_read_eur CHECK (scale(claimed_read_eur) <= 2 AND claimed_read_eur > '-Infinity' AND claimed_read_eur < 'Infinity'),
    claimed_accepted_eur NUMERIC NOT NULL CONSTRAINT ck_batches_claimed_accepted_eur CHECK (scale(claimed_accepted_eur) <= 2 AND claimed_accepted_eur > '-Infinity' AND claimed_accepted_eur < 'Infinity'),
    claimed_rejected_eur NUMERIC NOT NULL CONSTRAINT ck_batches_claimed_rejected_eur CHECK (scale(claimed_rejected_eur) <= 2 AND claimed_rejected_eur > '-Infinity' AND claimed_rejected_eur < 'Infinity'),
    claimed_waiting_eur NUMERIC NOT NULL CONSTRAINT ck_batches_claimed_waiting_eur CHECK (scale(claimed_waiting_eur) <= 2 AND claimed_waiting_eur > '-Infinity' AND claimed_waiting_eur < 'Infinity'),
    claimed_known_eur NUMERIC NOT NULL CONSTRAINT ck_batches_claimed_known_eur CHECK (scale(claimed_known_eur) <= 2 AND claimed_known_eur > '-Infinity' AND claimed_known_eur < 'Infinity'),
    CONSTRAINT pk_batches PRIMARY KEY (recording),
    CONSTRAINT ck_batches_every_row_counted CHECK (rows_read = rows_accepted + rows_rejected + rows_waiting + rows_known),
    CONSTRAINT ck_batches_every_claimed_euro_counted CHECK (claimed_read_eur = claimed_accepted_eur + claimed_rejected_eur + claimed_waiting_eur + claimed_known_eur),
    CONSTRAINT fk_batches_recording FOREIGN KEY(recording) REFERENCES recordings (number)
);

CREATE INDEX ix_batches_sha256 ON batches (sha256);

CREATE TABLE contract_versions (
    contract_id INTEGER NOT NULL,
    recording BIGINT NOT NULL,
    document TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    CONSTRAINT pk_contract_versions PRIMARY KEY (contract_id, recording),
    CONSTRAINT fk_contract_versions_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id),
    CONSTRAINT fk_contract_versions_recording FOREIGN KEY(recording) REFERENCES recordings (number)
);

CREATE TABLE municipality_versions (
    municipality_id INTEGER NOT NULL,
    recording BIGINT NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT pk_municipality_versions PRIMARY KEY (municipality_id, recording),
    CONSTRAINT fk_municipality_versions_municipality_id FOREIGN KEY(municipality_id) REFERENCES municipalities (id),
    CONSTRAINT fk_municipality_versions_recording FOREIGN KEY(recording) REFERENCES recordings (number)
);

CREATE TABLE population_counts (
    area TEXT NOT NULL,
    measure TEXT NOT NULL,
    counted_on DATE NOT NULL,
    status TEXT NOT NULL,
    recording BIGINT NOT NULL,
    persons INTEGER NOT NULL,
    CONSTRAINT pk_population_counts PRIMARY KEY (area, measure, counted_on, status, recording),
    CONSTRAINT ck_population_counts_status_known CHECK (status IN ('provisional', 'final')),
    CONSTRAINT ck_population_counts_persons_not_negative CHECK (persons >= 0),
    CONSTRAINT fk_population_counts_recording FOREIGN KEY(recording) REFERENCES recordings (number)
);

CREATE TABLE price_versions (
    id INTEGER GENERATED ALWAYS AS IDENTITY,
    price_list_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    recording BIGINT NOT NULL,
    CONSTRAINT pk_price_versions PRIMARY KEY (id),
    CONSTRAINT uq_price_versions_price_list_id_version UNIQUE (price_list_id, version),
    CONSTRAINT ck_price_versions_version_positive CHECK (version > 0),
    CONSTRAINT fk_price_versions_price_list_id FOREIGN KEY(price_list_id) REFERENCES price_lists (id),
    CONSTRAINT uq_price_versions_recording UNIQUE (recording),
    CONSTRAINT fk_price_versions_recording FOREIGN KEY(recording) REFERENCES recordings (number)
);

CREATE TABLE product_versions (
    product_id INTEGER NOT NULL,
    recording BIGINT NOT NULL,
    valid_from DATE NOT NULL,
    valid_until DATE,
    law TEXT NOT NULL,
    category TEXT NOT NULL,
    name TEXT NOT NULL,
    unit TEXT NOT NULL,
    price_per TEXT NOT NULL,
    rounding TEXT NOT NULL,
    care_line TEXT NOT NULL,
    scope TEXT NOT NULL,
    task_field TEXT NOT NULL,
    CONSTRAINT pk_product_versions PRIMARY KEY (product_id, recording, valid_from),
    CONSTRAINT fk_product_versions_product_id FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_product_versions_recording FOREIGN KEY(recording) REFERENCES recordings (number)
);

CREATE TABLE provider_versions (
    provider_id INTEGER NOT NULL,
    recording BIGINT NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT pk_provider_versions PRIMARY KEY (provider_id, recording),
    CONSTRAINT fk_provider_versions_provider_id FOREIGN KEY(provider_id) REFERENCES providers (id),
    CONSTRAINT fk_provider_versions_recording FOREIGN KEY(recording) REFERENCES recordings (number)
);

CREATE TABLE runs (
    id INTEGER NOT NULL,
    period DATE NOT NULL,
    cutoff BIGINT NOT NULL,
    state TEXT NOT NULL,
    output_sha256 TEXT NOT NULL,
    posting BIGINT,
    CONSTRAINT pk_runs PRIMARY KEY (id),
    CONSTRAINT ck_runs_state_known CHECK (state IN ('draft', 'approved', 'posted', 'discarded')),
    CONSTRAINT ck_runs_posted_is_recorded CHECK ((state = 'posted') = (posting IS NOT NULL)),
    CONSTRAINT fk_runs_cutoff FOREIGN KEY(cutoff) REFERENCES recordings (number),
    CONSTRAINT uq_runs_posting UNIQUE (posting),
    CONSTRAINT fk_runs_posting FOREIGN KEY(posting) REFERENCES recordings (number)
);

CREATE TABLE batch_findings (
    recording BIGINT NOT NULL,
    row_number INTEGER NOT NULL,
    code TEXT NOT NULL,
    column_name TEXT NOT NULL,
    severity TEXT NOT NULL,
    message TEXT NOT NULL,
    hint TEXT NOT NULL,
    CONSTRAINT pk_batch_findings PRIMARY KEY (recording, row_number, code, column_name),
    CONSTRAINT fk_batch_findings_recording FOREIGN KEY(recording) REFERENCES batches (recording)
);

CREATE TABLE journal_entries (
    entry TEXT NOT NULL,
    run_id INTEGER NOT NULL,
    contract_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    booking_period DATE NOT NULL,
    CONSTRAINT pk_journal_entries PRIMARY KEY (entry),
    CONSTRAINT ck_journal_entries_kind_known CHECK (kind IN ('entitlement', 'set_off')),
    CONSTRAINT fk_journal_entries_run_id FOREIGN KEY(run_id) REFERENCES runs (id),
    CONSTRAINT fk_journal_entries_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id)
);

CREATE INDEX ix_journal_entries_run_id ON journal_entries (run_id);

CREATE TABLE prices (
    price_version_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    valid DATERANGE NOT NULL,
    price NUMERIC NOT NULL,
    CONSTRAINT pk_prices PRIMARY KEY (price_version_id, product_id, valid WITHOUT OVERLAPS),
    CONSTRAINT ck_prices_price_exact CHECK (scale(price) <= 4 AND price >= 0 AND price < 'Infinity'),
    CONSTRAINT fk_prices_price_version_id FOREIGN KEY(price_version_id) REFERENCES price_versions (id),
    CONSTRAINT fk_prices_product_id FOREIGN KEY(product_id) REFERENCES products (id)
);

CREATE TABLE run_contracts (
    run_id INTEGER NOT NULL,
    contract_id INTEGER NOT NULL,
    contract_recording BIGINT NOT NULL,
    provider_id INTEGER NOT NULL,
    previous_cutoff BIGINT NOT NULL,
    sequence INTEGER NOT NULL,
    parked BOOLEAN NOT NULL,
    claims_sequence BOOLEAN DEFAULT false NOT NULL,
    total_eur NUMERIC NOT NULL CONSTRAINT ck_run_contracts_total_eur CHECK (scale(total_eur) <= 2 AND total_eur > '-Infinity' AND total_eur < 'Infinity'),
    set_off_eur NUMERIC NOT NULL CONSTRAINT ck_run_contracts_set_off_eur CHECK (scale(set_off_eur) <= 2 AND set_off_eur > '-Infinity' AND set_off_eur < 'Infinity'),
    CONSTRAINT pk_run_contracts PRIMARY KEY (run_id, contract_id),
    CONSTRAINT fk_run_contracts_run_id FOREIGN KEY(run_id) REFERENCES runs (id),
    CONSTRAINT fk_run_contracts_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id),
    CONSTRAINT fk_run_contracts_provider_id FOREIGN KEY(provider_id) REFERENCES providers (id)
);

CREATE UNIQUE INDEX uq_run_contracts_one_run_per_base ON run_contracts (contract_id, sequence) WHERE claims_sequence;

CREATE TABLE run_findings (
    run_id INTEGER NOT NULL,
    finding INTEGER NOT NULL,
    contract_id INTEGER,
    code TEXT NOT NULL,
    severity TEXT NOT NULL,
    place TEXT NOT NULL,
    message TEXT NOT NULL,
    hint TEXT NOT NULL,
    CONSTRAINT pk_run_findings PRIMARY KEY (run_id, finding),
    CONSTRAINT fk_run_findings_run_id FOREIGN KEY(run_id) REFERENCES runs (id),
    CONSTRAINT fk_run_findings_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id)
);

CREATE TABLE run_states (
    run_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    by TEXT NOT NULL,
    CONSTRAINT pk_run_states PRIMARY KEY (run_id, state),
    CONSTRAINT fk_run_states_run_id FOREIGN KEY(run_id) REFERENCES runs (id)
);

CREATE TABLE journal_lines (
    entry TEXT NOT NULL,
    line INTEGER NOT NULL,
    account TEXT NOT NULL,
    provider_id INTEGER NOT NULL,
    municipality_id INTEGER,
    task_field TEXT NOT NULL,
    service_month DATE,
    prior_year BOOLEAN NOT NULL,
    amount_eur NUMERIC NOT NULL CONSTRAINT ck_journal_lines_amount_eur CHECK (scale(amount_eur) <= 2 AND amount_eur > '-Infinity' AND amount_eur < 'Infinity'),
    CONSTRAINT pk_journal_lines PRIMARY KEY (entry, line),
    CONSTRAINT ck_journal_lines_account_known CHECK (account IN ('cost', 'payable', 'advance')),
    CONSTRAINT fk_journal_lines_entry FOREIGN KEY(entry) REFERENCES journal_entries (entry),
    CONSTRAINT fk_journal_lines_provider_id FOREIGN KEY(provider_id) REFERENCES providers (id),
    CONSTRAINT fk_journal_lines_municipality_id FOREIGN KEY(municipality_id) REFERENCES municipalities (id)
);

CREATE TABLE run_lines (
    run_id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    contract_id INTEGER NOT NULL,
    component TEXT NOT NULL,
    municipality_id INTEGER NOT NULL,
    service_month DATE NOT NULL,
    label TEXT NOT NULL,
    treatment TEXT NOT NULL,
    timing TEXT NOT NULL,
    task_field TEXT NOT NULL,
    entitled_eur NUMERIC NOT NULL CONSTRAINT ck_run_lines_entitled_eur CHECK (scale(entitled_eur) <= 2 AND entitled_eur > '-Infinity' AND entitled_eur < 'Infinity'),
    posted_before_eur NUMERIC NOT NULL CONSTRAINT ck_run_lines_posted_before_eur CHECK (scale(posted_before_eur) <= 2 AND posted_before_eur > '-Infinity' AND posted_before_eur < 'Infinity'),
    amount_eur NUMERIC NOT NULL CONSTRAINT ck_run_lines_amount_eur CHECK (scale(amount_eur) <= 2 AND amount_eur > '-Infinity' AND amount_eur < 'Infinity'),
    causes JSONB NOT NULL,
    explanation JSONB NOT NULL,
    CONSTRAINT pk_run_lines PRIMARY KEY (run_id, line),
    CONSTRAINT fk_run_lines_run_id_contract_id FOREIGN KEY(run_id, contract_id) REFERENCES run_contracts (run_id, contract_id),
    CONSTRAINT ck_run_lines_says_the_difference CHECK (amount_eur = entitled_eur - posted_before_eur),
    CONSTRAINT ck_run_lines_treatment_known CHECK (treatment IN ('payable', 'shadow')),
    CONSTRAINT ck_run_lines_timing_known CHECK (timing IN ('current', 'correction', 'prior_year')),
    CONSTRAINT fk_run_lines_municipality_id FOREIGN KEY(municipality_id) REFERENCES municipalities (id)
);

CREATE TABLE run_months (
    run_id INTEGER NOT NULL,
    contract_id INTEGER NOT NULL,
    service_month DATE NOT NULL,
    inputs_sha256 TEXT NOT NULL,
    CONSTRAINT pk_run_months PRIMARY KEY (run_id, contract_id, service_month),
    CONSTRAINT fk_run_months_run_id_contract_id FOREIGN KEY(run_id, contract_id) REFERENCES run_contracts (run_id, contract_id)
);

CREATE TABLE run_set_offs (
    run_id INTEGER NOT NULL,
    contract_id INTEGER NOT NULL,
    advance_reference TEXT NOT NULL,
    amount_eur NUMERIC NOT NULL CONSTRAINT ck_run_set_offs_amount_eur CHECK (scale(amount_eur) <= 2 AND amount_eur > '-Infinity' AND amount_eur < 'Infinity'),
    CONSTRAINT pk_run_set_offs PRIMARY KEY (run_id, contract_id, advance_reference),
    CONSTRAINT fk_run_set_offs_run_id_contract_id FOREIGN KEY(run_id, contract_id) REFERENCES run_contracts (run_id, contract_id),
    CONSTRAINT fk_run_set_offs_contract_id_advance_reference FOREIGN KEY(contract_id, advance_reference) REFERENCES advances (contract_id, reference)
);

CREATE TABLE run_volumes (
    run_id INTEGER NOT NULL,
    contract_id INTEGER NOT NULL,
    component TEXT NOT NULL,
    municipality_id INTEGER NOT NULL,
    service_month DATE NOT NULL,
    product_id INTEGER NOT NULL,
    unit TEXT NOT NULL,
    price_per TEXT NOT NULL,
    rounding TEXT NOT NULL,
    price NUMERIC NOT NULL,
    price_version_id INTEGER NOT NULL,
    treatment TEXT NOT NULL,
    rows BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    billed_quantity BIGINT NOT NULL,
    amount_eur NUMERIC NOT NULL CONSTRAINT ck_run_volumes_amount_eur CHECK (scale(amount_eur) <= 2 AND amount_eur > '-Infinity' AND amount_eur < 'Infinity'),
    CONSTRAINT pk_run_volumes PRIMARY KEY (run_id, contract_id, component, municipality_id, service_month, product_id, unit, price_per, rounding, price),
    CONSTRAINT fk_run_volumes_run_id_contract_id FOREIGN KEY(run_id, contract_id) REFERENCES run_contracts (run_id, contract_id),
    CONSTRAINT fk_run_volumes_product_id FOREIGN KEY(product_id) REFERENCES products (id),
    CONSTRAINT fk_run_volumes_price_version_id FOREIGN KEY(price_version_id) REFERENCES price_versions (id)
);
"""

_APPEND_ONLY = (
    "recordings",
    "product_versions",
    "price_versions",
    "prices",
    "municipality_versions",
    "provider_versions",
    "contract_versions",
    "batches",
    "batch_findings",
    "clients",
    "pseudonym_keys",
    "deliveries",
    "received_references",
    "contradicted_references",
    "credits",
    "delivery_totals",
    "population_counts",
    "advances",
    "run_states",
    "run_lines",
    "run_volumes",
    "run_months",
    "run_set_offs",
    "run_findings",
    "journal_entries",
    "journal_lines",
)

_RUNS_MOVE_FORWARD = """
CREATE FUNCTION refuse_run_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state, NEW.state) NOT IN (('draft', 'approved'), ('draft', 'discarded'), ('approved', 'posted'),
                                      ('approved', 'discarded'))
        OR (NEW.id, NEW.period, NEW.cutoff, NEW.output_sha256) IS DISTINCT FROM
           (OLD.id, OLD.period, OLD.cutoff, OLD.output_sha256)
    THEN
        RAISE EXCEPTION 'run % goes from % to % only as it is', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER forward_only BEFORE UPDATE ON runs FOR EACH ROW EXECUTE FUNCTION refuse_run_change();

CREATE FUNCTION refuse_run_contract_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'claims_sequence' IS DISTINCT FROM to_jsonb(OLD) - 'claims_sequence'
        OR (SELECT state FROM runs WHERE id = OLD.run_id) = 'posted'
    THEN
        RAISE EXCEPTION 'what run % says of contract % does not change', OLD.run_id, OLD.contract_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER claim_only BEFORE UPDATE ON run_contracts
    FOR EACH ROW EXECUTE FUNCTION refuse_run_contract_change();

CREATE TRIGGER no_delete BEFORE DELETE OR TRUNCATE ON runs FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER no_delete BEFORE DELETE OR TRUNCATE ON run_contracts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

_ENTRIES_BALANCE = """
CREATE FUNCTION refuse_unbalanced_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE balance numeric := (SELECT sum(amount_eur) FROM journal_lines WHERE entry = NEW.entry);
BEGIN
    IF balance IS DISTINCT FROM 0 THEN
        RAISE EXCEPTION 'journal entry % sums to %', NEW.entry, balance USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON journal_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced_entry();

CREATE FUNCTION refuse_late_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added JOIN journal_entries USING (entry) WHERE journal_entries.xmin <> pg_current_xact_id()::xid)
    THEN
        RAISE EXCEPTION 'a journal entry gets no lines after it was made' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER with_its_entry AFTER INSERT ON journal_lines REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_late_line();
"""


_SAID_AT_ONCE = """
CREATE FUNCTION refuse_late_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added JOIN runs ON runs.id = added.run_id WHERE runs.xmin <> pg_current_xact_id()::xid) THEN
        RAISE EXCEPTION 'a run says all it says when it is made' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
"""

_PARTS_OF_A_RUN = ("run_contracts", "run_lines", "run_volumes", "run_months", "run_set_offs", "run_findings")


def upgrade() -> None:
    op.execute(_TABLES)
    for table in _APPEND_ONLY:
        for statement in append_only(table):
            op.execute(statement)
    op.execute(_RUNS_MOVE_FORWARD)
    op.execute(_ENTRIES_BALANCE)
    op.execute(_SAID_AT_ONCE)
    for table in _PARTS_OF_A_RUN:
        op.execute(
            f"CREATE TRIGGER with_its_run AFTER INSERT ON {table} REFERENCING NEW TABLE AS added "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_late_part()"
        )
