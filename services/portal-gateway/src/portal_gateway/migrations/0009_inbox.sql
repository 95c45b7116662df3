-- A message is filed by its reader: the notifier says how, all of it each time, and the highest revision holds.
-- What the stream says of it stands in data; these are the columns lists and counts ask by.
alter table message
    add column snoozed_until timestamptz,
    add column archived_at timestamptz,
    add column revision bigint not null default 0,
    -- A message that comes back after a snooze stands where it would if it had come then.
    add column shown_at timestamptz not null generated always as (greatest(created_at, snoozed_until)) stored;
drop index message_latest;
create index message_latest on message (subscriber, shown_at desc, notification_id desc);
drop index message_unread;
create index message_unread on message (subscriber, snoozed_until)
    where archived_at is null and (read_at is null or read_at < snoozed_until);

-- How a message is filed that has not come yet; it is taken up when the message comes.
create table filed_ahead (
    notification_id text primary key,
    subscriber text not null,
    revision bigint not null,
    read_at timestamptz,
    snoozed_until timestamptz,
    archived_at timestamptz
);
alter table filed_ahead enable row level security;
alter table filed_ahead force row level security;
create policy service on filed_ahead using (app_role() = 'system') with check (app_role() = 'system');
