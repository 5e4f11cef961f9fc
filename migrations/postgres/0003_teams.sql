-- The team of the configuration that a ticket belongs to, in the place of its tier's people.
ALTER TABLE tickets ADD COLUMN team TEXT;
CREATE INDEX tickets_team ON tickets (team, id) WHERE team IS NOT NULL;
-- The teams that still have something to do.
CREATE INDEX tickets_team_open ON tickets (team) WHERE team IS NOT NULL AND status IN ('investigating', 'waiting');

-- When those on call were paged for a ticket; nothing any more once it is resolved, closed, or its alert over.
ALTER TABLE tickets ADD COLUMN paged_at BIGINT;
