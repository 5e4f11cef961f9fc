-- Whether those on call were paged for what is wrong with a ticket now, or are to be when the last page, at paged_at, is
-- long enough ago. It begins anew once the ticket is resolved or closed, or its alert over; paged_at stays.
ALTER TABLE tickets ADD COLUMN paging TEXT NOT NULL DEFAULT 'none' CHECK (paging IN ('none', 'sent', 'owed'));
UPDATE tickets SET paging = 'sent' WHERE paged_at IS NOT NULL;

-- A page that is owed falls due like all else. The words that a column may have change only with its table.
CREATE TABLE deadlines_with_pages (
    ticket   BIGINT NOT NULL REFERENCES tickets (id),
    kind     TEXT NOT NULL CHECK (kind IN ('first-response', 'update', 'nudge', 'page')),
    due_at   BIGINT NOT NULL,
    claim_at BIGINT NOT NULL,
    attempt  BIGINT NOT NULL DEFAULT 0,
    worker   BIGINT,
    PRIMARY KEY (ticket, kind)
) WITHOUT ROWID;
INSERT INTO deadlines_with_pages (ticket, kind, due_at, claim_at, attempt, worker)
    SELECT ticket, kind, due_at, claim_at, attempt, worker FROM deadlines;
DROP TABLE deadlines;
ALTER TABLE deadlines_with_pages RENAME TO deadlines;
CREATE INDEX deadlines_claim ON deadlines (claim_at);
CREATE INDEX deadlines_claimed ON deadlines (claim_at) WHERE attempt > 0;
