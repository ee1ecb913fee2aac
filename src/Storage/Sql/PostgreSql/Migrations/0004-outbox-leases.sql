-- Who delivers a message now, and until when nobody else may; next_attempt_at is the same instant then.
ALTER TABLE outbox ADD COLUMN lease_owner text;
ALTER TABLE outbox ADD COLUMN lease_until bigint;

-- The rule that owed it, {model}/{rule}: its quiet period is counted from here.
ALTER TABLE outbox ADD COLUMN rule text;

-- 1: it was a dead letter and goes out again, outside the order of its lane (user and target).
ALTER TABLE outbox ADD COLUMN resent integer NOT NULL DEFAULT 0;

DROP INDEX IF EXISTS outbox_waiting;
DROP INDEX IF EXISTS outbox_due;

-- What is due for a target; then the head of a lane.
CREATE INDEX outbox_due ON outbox (target, next_attempt_at, position, created_at) WHERE state = 0;
CREATE INDEX outbox_lanes ON outbox ("user", target, position) WHERE state = 0 AND resent = 0;
CREATE INDEX outbox_leased ON outbox (lease_owner) WHERE lease_owner IS NOT NULL;
CREATE INDEX outbox_dead ON outbox (target, position) WHERE state = 2;
