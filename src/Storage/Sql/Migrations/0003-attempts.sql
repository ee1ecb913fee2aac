-- variant: 0 default, 1 canary, 2 pinned.
ALTER TABLE predictions ADD COLUMN variant INTEGER NOT NULL DEFAULT 0;

-- One prediction for each key of a user and model, while the key lives; what outlived it has none.
CREATE UNIQUE INDEX predictions_by_key ON predictions (user, model, request_key) WHERE request_key IS NOT NULL;

CREATE INDEX predictions_by_time ON predictions (created_at);

-- Which schemas a model's records have.
CREATE TABLE model_schemas (
  model     TEXT    NOT NULL,
  schema_id INTEGER NOT NULL,
  PRIMARY KEY (model, schema_id)
) WITHOUT ROWID;
