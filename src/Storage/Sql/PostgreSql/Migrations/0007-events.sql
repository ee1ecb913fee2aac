-- event: 1 where the record holds an event of the user: the log is the journal of the live windows.
ALTER TABLE predictions ADD COLUMN event integer NOT NULL DEFAULT 0;

-- Up to which number a user's events are kept elsewhere, so that their records may go when they are old.
CREATE TABLE released_events (
  "user" text   COLLATE "C" NOT NULL PRIMARY KEY,
  seq    bigint NOT NULL
);
