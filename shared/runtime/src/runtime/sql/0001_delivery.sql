-- What every service needs to receive and send events: nothing lost, nothing twice (architecture §3).

-- The truth about how far a consumer has come; Kafka's own commit is only a lag indicator.
create table consumer_offset (
    consumer text not null,
    topic text not null,
    partition integer not null,
    next_offset bigint not null check (next_offset >= 0),
    primary key (consumer, topic, partition)
);

-- Events seen, by a digest of CloudEvents (source, id): 16 bytes a row instead of two texts.
create table inbox (
    consumer text not null,
    event_key bytea not null check (length(event_key) = 16),
    received_on date not null default (now() at time zone 'utc')::date,
    primary key (consumer, event_key)
);
create index inbox_received_on on inbox using brin (received_on);

-- Events to send; one row a transaction holds them all, packed. A row is deleted once Kafka has it.
create table outbox (
    id bigint generated always as identity primary key,
    records bytea not null
);
-- Packed records do not compress well enough to be worth the time in the hot path.
alter table outbox alter column records set storage external;

-- Records that can never be accepted, whole, so that they can be shown, mended and replayed.
create table quarantine (
    id bigint generated always as identity primary key,
    consumer text not null,
    topic text not null,
    partition integer not null,
    "offset" bigint not null,
    key bytea,
    headers bytea not null,
    value bytea,
    code text not null,
    message text not null,
    problems jsonb not null default '[]',
    record_timestamp timestamptz,
    quarantined_at timestamptz not null default clock_timestamp(),
    service_version text not null,
    traceparent text,
    replayed_at timestamptz,
    unique (consumer, topic, partition, "offset")
);
