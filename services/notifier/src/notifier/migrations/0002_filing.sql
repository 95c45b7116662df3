-- A person files messages: snoozed ones are out of sight until due, archived ones until looked for. The revision
-- counts the changes of a message, so that whoever hears of them keeps the last.
alter table message
    add column snoozed_until timestamptz,
    add column archived_at timestamptz,
    add column revision bigint not null default 0;
create index message_unread on message (subscriber, id) where read_at is null and archived_at is null;
