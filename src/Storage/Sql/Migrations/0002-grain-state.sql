-- What grains keep: state by its name and the grain's key. The etag counts the writes.
CREATE TABLE grain_state (
  name       TEXT    NOT NULL,
  grain      TEXT    NOT NULL,
  etag       INTEGER NOT NULL,
  body       BLOB    NOT NULL,
  written_at INTEGER NOT NULL,
  PRIMARY KEY (name, grain)
) WITHOUT ROWID;
