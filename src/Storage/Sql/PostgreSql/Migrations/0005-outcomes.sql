-- What predictions turned out to be: a row for each label and correction; the highest revision counts. The score is the
-- prediction's own, so that quality is measured without reading bodies.
CREATE TABLE outcomes (
  prediction_id uuid             NOT NULL,
  revision      integer          NOT NULL,
  "user"        text             COLLATE "C" NOT NULL,
  model         text             COLLATE "C" NOT NULL,
  version       integer          NOT NULL,
  score         double precision NOT NULL,
  label         double precision NOT NULL,
  predicted_at  bigint           NOT NULL,
  recorded_at   bigint           NOT NULL,
  PRIMARY KEY (prediction_id, revision)
);

CREATE INDEX outcomes_by_model ON outcomes (model, recorded_at);
CREATE INDEX outcomes_by_user ON outcomes ("user");
