-- What predictions turned out to be: a row for each label and correction; the highest revision counts. The score is the
-- prediction's own, so that quality is measured without reading bodies.
CREATE TABLE outcomes (
  prediction_id BLOB    NOT NULL,
  revision      INTEGER NOT NULL,
  user          TEXT    NOT NULL,
  model         TEXT    NOT NULL,
  version       INTEGER NOT NULL,
  score         REAL    NOT NULL,
  label         REAL    NOT NULL,
  predicted_at  INTEGER NOT NULL,
  recorded_at   INTEGER NOT NULL,
  PRIMARY KEY (prediction_id, revision)
) WITHOUT ROWID;

CREATE INDEX outcomes_by_model ON outcomes (model, recorded_at);
CREATE INDEX outcomes_by_user ON outcomes (user);
