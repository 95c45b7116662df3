-- The notifier's own: who asked for what, what they last heard, what they were told.

-- What a subscriber may read is judged when a fact arrives, while the person is away; so their attributes
-- are kept here as the last verified token gave them.
create table subscriber (
    subject text primary key check (subject <> ''),
    role text not null,
    organisation text not null default '',
    country text not null default '',
    updated_at timestamptz not null
);

create table subscription (
    id text primary key,
    subscriber text not null references subscriber (subject) on delete cascade,
    about text not null check (about in ('metric', 'alert', 'project', 'receipts')),
    metric text,
    scope text,
    kind text,
    project_id text,
    entity text,
    min_change integer not null default 0 check (min_change between 0 and 1000000),
    only_problems boolean not null default false,
    created_at timestamptz not null,
    check ((about = 'metric') <= (scope is not null)),
    check ((about = 'project') = (project_id is not null)),
    check ((about = 'receipts') = (entity is not null)),
    -- The same wish twice is one wish.
    unique nulls not distinct (subscriber, about, metric, scope, kind, project_id, entity, min_change, only_problems)
);
create index subscription_scope on subscription (scope) where about = 'metric';
create index subscription_alert on subscription (id) where about = 'alert';
create index subscription_project on subscription (project_id) where about = 'project';
create index subscription_entity on subscription (entity) where about = 'receipts';

-- What a subscription last heard of a figure: thresholds are measured from here.
create table told_figure (
    subscription_id text not null references subscription (id) on delete cascade,
    metric text not null,
    scope text not null,
    value bigint,
    state text not null,
    primary key (subscription_id, metric, scope)
);

-- A person's inbox (the table "inbox" is the runtime's: events seen). Once per fact, whatever happens.
create table message (
    id text primary key,
    subscriber text not null,
    fact_id text not null,
    subscription_id text not null,
    kind text not null,
    scope text,
    title text not null,
    body text not null,
    reason text not null,
    link text not null,
    classification text not null,
    owner text,
    demonstration boolean not null,
    created_at timestamptz not null,
    read_at timestamptz,
    unique (subscriber, fact_id)
);
create index message_of on message (subscriber, id);

-- FORCE: the owner of the tables is no exception. A person sees only their own, and of their own messages
-- only what they may read today: a role that was taken away closes what it had opened.
alter table subscriber enable row level security;
alter table subscriber force row level security;
create policy own on subscriber
    using (app_role() = 'system' or subject = app_subject())
    with check (app_role() = 'system' or subject = app_subject());

alter table subscription enable row level security;
alter table subscription force row level security;
create policy own on subscription
    using (app_role() = 'system' or subscriber = app_subject())
    with check (app_role() = 'system' or subscriber = app_subject());

alter table told_figure enable row level security;
alter table told_figure force row level security;
create policy service on told_figure using (app_role() = 'system') with check (app_role() = 'system');

alter table message enable row level security;
alter table message force row level security;
create policy readable on message for select
    using (app_role() = 'system' or (subscriber = app_subject() and may_read(classification, owner)));
create policy written_by_service on message for insert with check (app_role() = 'system');
create policy own on message for update
    using (app_role() = 'system' or (subscriber = app_subject() and may_read(classification, owner)))
    with check (app_role() = 'system' or subscriber = app_subject());
