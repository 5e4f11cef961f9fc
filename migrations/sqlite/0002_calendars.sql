-- The calendar of the configuration in whose open hours the promises of a ticket run; around the clock without one.
ALTER TABLE tickets ADD COLUMN calendar TEXT;
