-- What is asked by time is asked of one model: exports, replays and retention. The id comes with every index of this table.
CREATE INDEX predictions_by_model ON predictions (model, created_at);
DROP INDEX predictions_by_time;
