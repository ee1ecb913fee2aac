-- As the embedded database's 0001 to 0003. Times are Unix milliseconds, as there.
CREATE TABLE record_schemas (
  id    bigint NOT NULL PRIMARY KEY,
  names text   NOT NULL
);

-- Which schemas a model's records have.
CREATE TABLE model_schemas (
  model     text   NOT NULL,
  schema_id bigint NOT NULL,
  PRIMARY KEY (model, schema_id)
);

-- variant: 0 default, 1 canary, 2 pinned. "C" collation: keys are compared, never sorted for people.
CREATE TABLE predictions (
  id          uuid    NOT NULL PRIMARY KEY,
  "user"      text    COLLATE "C" NOT NULL,
  seq         bigint  NOT NULL,
  model       text    COLLATE "C" NOT NULL,
  version     integer NOT NULL,
  variant     integer NOT NULL DEFAULT 0,
  request_key text    COLLATE "C",
  created_at  bigint  NOT NULL,
  body        bytea   NOT NULL,
  UNIQUE ("user", seq)
);

-- One prediction for each key of a user and model, while the key lives; what outlived it has none.
CREATE UNIQUE INDEX predictions_by_key ON predictions ("user", model, request_key) WHERE request_key IS NOT NULL;
CREATE INDEX predictions_by_time ON predictions (created_at, id);

-- state: 0 waiting, 1 delivered, 2 dead letter.
CREATE TABLE outbox (
  position        bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  message_id      text    COLLATE "C" NOT NULL UNIQUE,
  prediction_id   uuid    NOT NULL,
  "user"          text    COLLATE "C" NOT NULL,
  kind            text    NOT NULL,
  target          text    COLLATE "C" NOT NULL,
  payload         bytea   NOT NULL,
  created_at      bigint  NOT NULL,
  state           integer NOT NULL DEFAULT 0,
  attempt         integer NOT NULL DEFAULT 0,
  next_attempt_at bigint  NOT NULL,
  settled_at      bigint,
  last_error      text
);

CREATE INDEX outbox_settled ON outbox (settled_at) WHERE state <> 0;
CREATE INDEX outbox_by_user ON outbox ("user");
