CREATE INDEX outbox_settled ON outbox (settled_at) WHERE state <> 0;
CREATE INDEX outbox_by_user ON outbox (user);
