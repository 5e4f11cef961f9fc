-- The tables of a desk. Instants are milliseconds since 1970-01-01 UTC. The same tables, by the same names, are in
-- the folder of each database; types differ where they must.

-- Who this desk is: one row, made when the database is.
CREATE TABLE instance (
    one       BIGINT PRIMARY KEY CHECK (one = 1),
    id        TEXT NOT NULL,
    token_key TEXT NOT NULL
);
-- Tells our databases from others.
COMMENT ON TABLE instance IS 'postroom';

-- Numbers that are given out in order and without gaps.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    last BIGINT NOT NULL
);
INSERT INTO counters (name, last) VALUES ('inbox', 0), ('outbox', 0), ('ticket', 1000), ('worker', 0), ('batch', 0),
    ('breaker', 0);

-- How far each mailbox was read.
CREATE TABLE cursors (
    mailbox      TEXT PRIMARY KEY,
    uid_validity BIGINT NOT NULL,
    uid          BIGINT NOT NULL
);

-- Received mail. due_at is when it may be claimed: at once, after a failure, or when the lease of a claim is over.
-- attempt counts every claim and only grows; tries counts those since a person last put the mail back.
CREATE TABLE inbox (
    id             BIGINT PRIMARY KEY,
    mailbox        TEXT NOT NULL,
    uid_validity   BIGINT NOT NULL,
    uid            BIGINT NOT NULL,
    received_at    BIGINT NOT NULL,
    kept_at        BIGINT NOT NULL,
    digest         BYTEA NOT NULL,
    size_bytes     BIGINT NOT NULL,
    oversize_bytes BIGINT,
    same_bytes_as  BIGINT REFERENCES inbox (id),
    state          TEXT NOT NULL CHECK (state IN ('new', 'processing', 'filed', 'quarantined', 'discarded', 'stuck')),
    attempt        BIGINT NOT NULL DEFAULT 0,
    tries          BIGINT NOT NULL DEFAULT 0,
    due_at         BIGINT NOT NULL,
    released       BOOLEAN NOT NULL DEFAULT FALSE,
    -- The claim it was last handed out with, where several workers share the database.
    batch          BIGINT,
    error          TEXT,
    UNIQUE (mailbox, uid_validity, uid)
);
CREATE INDEX inbox_digest ON inbox (digest) WHERE same_bytes_as IS NULL;
CREATE INDEX inbox_copies ON inbox (same_bytes_as) WHERE same_bytes_as IS NOT NULL;
CREATE INDEX inbox_open ON inbox (id) WHERE state IN ('new', 'processing');
CREATE INDEX inbox_batch ON inbox (batch) WHERE state = 'processing';
CREATE INDEX inbox_apart ON inbox (id) WHERE state IN ('quarantined', 'stuck');

-- Their bytes, apart, so that lists do not read past them. A copy has none of its own.
CREATE TABLE inbox_raw (
    inbox BIGINT PRIMARY KEY REFERENCES inbox (id),
    raw   BYTEA NOT NULL
);

-- What follows the first mebibyte of a large one, a row for each.
CREATE TABLE inbox_rest (
    inbox  BIGINT NOT NULL REFERENCES inbox_raw (inbox) ON DELETE CASCADE,
    piece  BIGINT NOT NULL,
    raw    BYTEA NOT NULL,
    PRIMARY KEY (inbox, piece)
);

-- One row for each request that somebody has made.
CREATE TABLE tickets (
    id                    BIGINT PRIMARY KEY,
    subject               TEXT NOT NULL,
    -- Whether automatic mail may repeat the subject: somebody vouched for its sender.
    is_vouched            BOOLEAN NOT NULL,
    category              TEXT NOT NULL,
    severity              TEXT NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    -- Whether an agent said so: a customer's mail then does not raise it.
    severity_by_agent     BOOLEAN NOT NULL,
    tier                  TEXT NOT NULL CHECK (tier IN ('tier-1', 'tier-2', 'tier-3', 'everyone')),
    status                TEXT NOT NULL CHECK (status IN ('investigating', 'waiting', 'resolved', 'closed')),
    assignee              TEXT,
    tags                  TEXT NOT NULL,
    opened_at             BIGINT NOT NULL,
    updated_at            BIGINT NOT NULL,
    first_response_at     BIGINT,
    resolved_at           BIGINT,
    closed_at             BIGINT,
    first_response_due_at BIGINT,
    update_due_at         BIGINT,
    held_count            BIGINT NOT NULL,
    -- What monitors' mails about one alert have in common, how many there were, and when it ended.
    alert                 TEXT,
    alert_count           BIGINT NOT NULL,
    recovered_at          BIGINT,
    last_sequence         BIGINT NOT NULL,
    version               BIGINT NOT NULL
);
CREATE INDEX tickets_alert ON tickets (alert, id) WHERE alert IS NOT NULL;

-- How each received mail ended, and why.
CREATE TABLE outcomes (
    inbox          BIGINT PRIMARY KEY REFERENCES inbox (id),
    outcome        TEXT NOT NULL,
    cause          TEXT,
    duplicate_of   BIGINT REFERENCES inbox (id),
    ticket         BIGINT REFERENCES tickets (id),
    -- The ticket that answers to this mail belong to: the same, or none where the mail is kept beside it, not believed.
    answers_to     BIGINT,
    reasons        TEXT NOT NULL,
    message_id     TEXT NOT NULL,
    content_digest BYTEA NOT NULL,
    author         TEXT NOT NULL,
    subject        TEXT NOT NULL,
    rules_version  TEXT NOT NULL,
    -- The rules that matched, and on what.
    matched        TEXT NOT NULL,
    -- What was known besides the mail when they judged it.
    known          TEXT NOT NULL,
    settled_at     BIGINT NOT NULL
);
CREATE INDEX outcomes_message_id ON outcomes (message_id) WHERE duplicate_of IS NULL;
CREATE INDEX outcomes_ticket ON outcomes (ticket);

-- The rules that were in force, by their version: names and texts of their files.
CREATE TABLE rule_sets (
    version   TEXT PRIMARY KEY,
    files     TEXT NOT NULL,
    loaded_at BIGINT NOT NULL
);

-- Customers' mails that agents passed on: answers to them belong to the tickets that these opened.
CREATE TABLE passed_on (
    message_id TEXT PRIMARY KEY,
    ticket     BIGINT NOT NULL REFERENCES tickets (id)
);
CREATE INDEX passed_on_ticket ON passed_on (ticket);

-- The people around a ticket, each with the Message-IDs it has seen.
CREATE TABLE parties (
    ticket             BIGINT NOT NULL REFERENCES tickets (id),
    party              BIGINT NOT NULL,
    address            TEXT NOT NULL,
    address_key        TEXT NOT NULL,
    name               TEXT,
    role               TEXT NOT NULL CHECK (role IN ('requester', 'correspondent', 'agent')),
    utc_offset_minutes BIGINT,
    chain              TEXT NOT NULL,
    -- Where mail to it goes, when its Reply-To said so.
    answer_to          TEXT,
    PRIMARY KEY (ticket, party)
);
CREATE INDEX parties_address ON parties (address_key) WHERE role <> 'agent';

-- Mails on tickets, with their words.
CREATE TABLE messages (
    id         BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    ticket     BIGINT NOT NULL REFERENCES tickets (id),
    inbox      BIGINT REFERENCES inbox (id),
    message_id TEXT NOT NULL,
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'internal', 'unverified', 'automatic')),
    author     TEXT NOT NULL,
    -- Whether the customer's side wrote it, and we believe so: the last of these is the brief for whoever the ticket
    -- comes to.
    is_customers BOOLEAN NOT NULL,
    text       TEXT NOT NULL,
    at         BIGINT NOT NULL
);
CREATE INDEX messages_ticket ON messages (ticket);

-- What happened to a ticket. Rows are only ever added.
CREATE TABLE events (
    id     BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    ticket BIGINT NOT NULL REFERENCES tickets (id),
    at     BIGINT NOT NULL,
    actor  TEXT NOT NULL,
    what   TEXT NOT NULL,
    data   TEXT NOT NULL,
    cause  TEXT NOT NULL
);
CREATE INDEX events_ticket ON events (ticket);

-- What is due, one of a kind for each ticket. claim_at is due_at, or later while somebody has claimed it.
CREATE TABLE deadlines (
    ticket   BIGINT NOT NULL REFERENCES tickets (id),
    kind     TEXT NOT NULL CHECK (kind IN ('first-response', 'update', 'nudge')),
    due_at   BIGINT NOT NULL,
    claim_at BIGINT NOT NULL,
    attempt  BIGINT NOT NULL DEFAULT 0,
    worker   BIGINT,
    PRIMARY KEY (ticket, kind)
);
CREATE INDEX deadlines_claim ON deadlines (claim_at);
CREATE INDEX deadlines_claimed ON deadlines (claim_at) WHERE attempt > 0;

-- Mail to send. due_at, attempt and tries as in inbox; tried_since is when it was written, or when a person last put
-- it back.
CREATE TABLE outbox (
    id            BIGINT PRIMARY KEY,
    ticket        BIGINT REFERENCES tickets (id),
    party         BIGINT,
    purpose       TEXT NOT NULL,
    is_automatic  BOOLEAN NOT NULL,
    envelope_from TEXT,
    recipient     TEXT NOT NULL,
    message_id    TEXT NOT NULL,
    subject       TEXT NOT NULL,
    size_bytes    BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    tried_since   BIGINT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'failed')),
    attempt       BIGINT NOT NULL DEFAULT 0,
    tries         BIGINT NOT NULL DEFAULT 0,
    due_at        BIGINT NOT NULL,
    -- The worker that claimed it last, where several share the database.
    worker        BIGINT,
    settled_at    BIGINT,
    reply         TEXT,
    error         TEXT
);
-- Nearly all mails are sent. Statistics that say so have the planner read all that wait for each of them, as if there were
-- but one.
ALTER TABLE outbox ALTER COLUMN state SET STATISTICS 0;
CREATE INDEX outbox_due ON outbox (due_at, id) WHERE state IN ('waiting', 'sending');
CREATE INDEX outbox_order ON outbox (ticket, recipient, id) WHERE state IN ('waiting', 'sending');
CREATE INDEX outbox_ticket ON outbox (ticket);
CREATE INDEX outbox_failed ON outbox (id) WHERE state = 'failed';

-- Their bytes, apart, so that a change of state does not write them again.
CREATE TABLE outbox_raw (
    outbox BIGINT PRIMARY KEY REFERENCES outbox (id),
    raw    BYTEA NOT NULL
);

-- What follows the first mebibyte of a large one, a row for each.
CREATE TABLE outbox_rest (
    outbox BIGINT NOT NULL REFERENCES outbox_raw (outbox) ON DELETE CASCADE,
    piece  BIGINT NOT NULL,
    raw    BYTEA NOT NULL,
    PRIMARY KEY (outbox, piece)
);

-- Automatic mail counted by the minute: to an address, on a ticket (by its reference), by the whole desk ('').
-- A few rows answer how much went to anybody within a day, however much mail the desk has seen.
CREATE TABLE traffic (
    subject TEXT NOT NULL,
    minute  BIGINT NOT NULL,
    count   BIGINT NOT NULL,
    PRIMARY KEY (subject, minute)
);
CREATE INDEX traffic_by_minute ON traffic (minute);

-- Addresses that get no automatic mail any more; the soft ones only until a time, once there are enough of them.
CREATE TABLE suppressions (
    address_key TEXT PRIMARY KEY,
    how         TEXT NOT NULL CHECK (how IN ('bounced', 'soft', 'complaint', 'manual')),
    reason      TEXT NOT NULL,
    at          BIGINT NOT NULL,
    count       BIGINT NOT NULL,
    until       BIGINT
);

-- Caps on automatic mail that were reached: nothing automatic goes to the subject until then, or until somebody resets
-- it. The subject is an address, a domain, a ticket's reference, or nothing for the whole desk.
CREATE TABLE breakers (
    id        BIGINT PRIMARY KEY,
    subject   TEXT NOT NULL,
    scope     TEXT NOT NULL CHECK (scope IN ('address', 'domain', 'ticket', 'desk')),
    why       TEXT NOT NULL,
    recipient TEXT NOT NULL,
    marks     TEXT NOT NULL,
    inbox     BIGINT,
    opened_at BIGINT NOT NULL,
    until     BIGINT NOT NULL,
    reset_at  BIGINT
);
CREATE INDEX breakers_subject ON breakers (subject, until);

-- The processes that work on this desk. One is taken for dead when alive_until is over by the database's clock.
CREATE TABLE workers (
    id          BIGINT PRIMARY KEY,
    host        TEXT NOT NULL,
    pid         BIGINT NOT NULL,
    roles       TEXT NOT NULL,
    started_at  BIGINT NOT NULL,
    alive_until BIGINT NOT NULL
);

-- Which of them reads each mailbox. token grows with every change of hands: whoever had it before writes nothing more.
CREATE TABLE holds (
    mailbox TEXT PRIMARY KEY,
    worker  BIGINT,
    token   BIGINT NOT NULL,
    since   BIGINT NOT NULL
);

-- Claims of received mail that are being worked on. They are decided on in the order of their numbers, whoever has
-- them, so that an answer is never looked at before the mail it answers. No worker: it died, somebody takes it over.
CREATE TABLE batches (
    id     BIGINT PRIMARY KEY,
    worker BIGINT
);
