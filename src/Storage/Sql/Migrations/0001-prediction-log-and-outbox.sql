-- The names of the features in predictions.body, once for all records that share them.
CREATE TABLE record_schemas (
  id    INTEGER NOT NULL PRIMARY KEY,
  names TEXT    NOT NULL
) WITHOUT ROWID;

-- UUIDv7 keys arrive in time order, so the table grows at its end.
CREATE TABLE predictions (
  id          BLOB    NOT NULL PRIMARY KEY,
  user        TEXT    NOT NULL,
  seq         INTEGER NOT NULL,
  model       TEXT    NOT NULL,
  version     INTEGER NOT NULL,
  request_key TEXT,
  created_at  INTEGER NOT NULL,
  body        BLOB    NOT NULL,
  UNIQUE (user, seq)
) WITHOUT ROWID;

-- state: 0 waiting, 1 delivered, 2 dead letter. Times are Unix milliseconds.
CREATE TABLE outbox (
  position        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  message_id      TEXT    NOT NULL UNIQUE,
  prediction_id   BLOB    NOT NULL,
  user            TEXT    NOT NULL,
  kind            TEXT    NOT NULL,
  target          TEXT    NOT NULL,
  payload         BLOB    NOT NULL,
  created_at      INTEGER NOT NULL,
  state           INTEGER NOT NULL DEFAULT 0,
  attempt         INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER NOT NULL,
  settled_at      INTEGER,
  last_error      TEXT
);

CREATE INDEX outbox_waiting ON outbox (user, target, position) WHERE state = 0;
CREATE INDEX outbox_due ON outbox (next_attempt_at) WHERE state = 0;
