-- How often a subscription tells, and when its subscriber is not to be told: what comes in between is held.
alter table subscription
    add column pace text not null default 'instant' check (pace in ('instant', 'daily', 'weekly'));

-- The subscriber's own time: an IANA zone, empty while nobody said one (then UTC), and hours of quiet that begin on
-- these days of the week (ISO: 1 is Monday).
alter table subscriber
    add column zone text not null default '',
    add column quiet_from time,
    add column quiet_to time,
    add column quiet_days smallint[],
    add check ((quiet_from is null) = (quiet_to is null) and (quiet_from is null) = (quiet_days is null));

-- What waits for a subscription's next digest: the last of each figure, and each alert and receipt. An alert or a
-- receipt stays when it was told, so that the same one sent again is not told again; a figure goes, because
-- told_figure knows what was told of it.
create table held (
    subscription_id text not null references subscription (id) on delete cascade,
    place text not null, -- metric and scope of a figure, else the fact's id
    subscriber text not null,
    classification text not null,
    owner text,
    fact jsonb not null,
    told jsonb, -- what was told of a figure before
    held_at timestamptz not null,
    due_at timestamptz not null,
    told_in text, -- the message
    primary key (subscription_id, place)
);
create index held_due on held (due_at, subscriber) where told_in is null;
create index held_by on held (subscriber, place);

alter table held enable row level security;
alter table held force row level security;
create policy readable on held for select
    using (app_role() = 'system' or (subscriber = app_subject() and may_read(classification, owner)));
-- A person who changes when they are told moves what waits.
create policy own on held for update
    using (app_role() = 'system' or (subscriber = app_subject() and may_read(classification, owner)))
    with check (app_role() = 'system' or subscriber = app_subject());
create policy service on held using (app_role() = 'system') with check (app_role() = 'system');

-- A digest tells several facts: who reads it today must be one who may read each of them. What its class and owner
-- leave to be asked stands in "also".
alter table message
    add column lines jsonb not null default '[]',
    add column also jsonb not null default '[]';
create policy every_fact on message as restrictive for select
    using (app_role() = 'system' or not exists (
        select from jsonb_array_elements(also) as fact
        where not may_read(fact->>'classification', fact->>'owner')));
