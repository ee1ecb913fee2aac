-- What is asked by time is asked of one model: exports, replays and retention.
CREATE INDEX predictions_by_model ON predictions (model, created_at, id);
DROP INDEX predictions_by_time;
