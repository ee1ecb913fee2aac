-- As the embedded database's 0002. "C" collation: keys are compared, never sorted for people.
CREATE TABLE grain_state (
  name       text   COLLATE "C" NOT NULL,
  grain      text   COLLATE "C" NOT NULL,
  etag       bigint NOT NULL,
  body       bytea  NOT NULL,
  written_at bigint NOT NULL,
  PRIMARY KEY (name, grain)
);
