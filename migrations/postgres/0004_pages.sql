-- Whether those on call were paged for what is wrong with a ticket now, or are to be when the last page, at paged_at, is
-- long enough ago. It begins anew once the ticket is resolved or closed, or its alert over; paged_at stays.
ALTER TABLE tickets ADD COLUMN paging TEXT NOT NULL DEFAULT 'none' CHECK (paging IN ('none', 'sent', 'owed'));
UPDATE tickets SET paging = 'sent' WHERE paged_at IS NOT NULL;

-- A page that is owed falls due like all else.
ALTER TABLE deadlines DROP CONSTRAINT deadlines_kind_check,
    ADD CONSTRAINT deadlines_kind_check CHECK (kind IN ('first-response', 'update', 'nudge', 'page'));
