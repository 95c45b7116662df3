-- What the portal shows: the last state of everything, each row with its place in the feed.
-- Every table is under row-level security, forced, so that a forgotten filter shows nothing.

create extension if not exists pg_trgm;

-- The feed's order. It is drawn under one lock held to the commit (store/feed.py), so that a reader who has
-- seen n has seen everything before n: a cursor never skips what commits late.
create sequence feed_seq;

create table project (
    project_id text primary key,
    entity text not null,
    entity_name text,
    classification text not null,
    version text not null,
    withdrawn boolean not null default false,
    demonstration boolean not null default false,
    pillars text[] not null default '{}',
    places text[] not null default '{}',
    data jsonb not null,
    words text not null,
    search tsvector generated always as (to_tsvector('simple', words)) stored,
    updated_at timestamptz not null,
    seq bigint not null unique
);
create index project_search on project using gin (search);
create index project_words on project using gin (words gin_trgm_ops);
create index project_latest on project (updated_at desc, project_id desc) where not withdrawn;
create index project_entity on project (entity);

create table indicator (
    project_id text not null,
    indicator_id text not null,
    result_type text not null,
    result_id text not null,
    version text not null,
    withdrawn boolean not null default false,
    title text not null default '',
    data jsonb not null,
    primary key (project_id, indicator_id)
);

-- One actual of one period; what it said before a correction stays, oldest first.
create table observation (
    project_id text not null,
    indicator_id text not null,
    period_start date not null,
    period_end date not null,
    place text not null,
    ordinal integer not null,
    version text not null,
    retracted boolean not null default false,
    data jsonb not null,
    replaced jsonb not null default '[]',
    primary key (project_id, indicator_id, period_start, period_end, place, ordinal)
);

create table budget (
    project_id text not null,
    period_start date not null,
    period_end date not null,
    type text not null,
    version text not null,
    data jsonb not null,
    primary key (project_id, period_start, period_end, type)
);

create table figure (
    metric text not null,
    scope text not null,
    kind text not null,
    classification text not null,
    owner text,
    revision bigint not null,
    updated_at timestamptz not null,
    data jsonb not null,
    traceparent text,
    seq bigint not null unique,
    primary key (metric, scope)
);
create index figure_kind on figure (metric, kind, scope collate "C");
create index figure_latest on figure (updated_at desc);

create table alert (
    alert_id text primary key,
    project_id text,
    entity text,
    classification text not null,
    raised_at timestamptz not null,
    data jsonb not null,
    seq bigint not null unique
);
create index alert_latest on alert (raised_at desc);

create table receipt (
    submission_id text primary key,
    entity text not null,
    received_at timestamptz not null,
    data jsonb not null,
    seq bigint not null unique
);
create index receipt_latest on receipt (received_at desc, submission_id desc);

create table message (
    notification_id text primary key,
    subscriber text not null,
    classification text not null,
    owner text,
    created_at timestamptz not null,
    read_at timestamptz,
    data jsonb not null,
    seq bigint not null unique
);
create index message_latest on message (subscriber, created_at desc, notification_id desc);
create index message_unread on message (subscriber) where read_at is null;

alter table project enable row level security;
alter table project force row level security;
create policy readable on project using (may_read(classification, entity));

-- What belongs to a project is read by whoever reads the project: the subquery is under its policy.
alter table indicator enable row level security;
alter table indicator force row level security;
create policy readable on indicator using (
    app_role() = 'system' or exists (select from project p where p.project_id = indicator.project_id)
);
alter table observation enable row level security;
alter table observation force row level security;
create policy readable on observation using (
    app_role() = 'system' or exists (select from project p where p.project_id = observation.project_id)
);
alter table budget enable row level security;
alter table budget force row level security;
create policy readable on budget using (
    app_role() = 'system' or exists (select from project p where p.project_id = budget.project_id)
);

alter table figure enable row level security;
alter table figure force row level security;
create policy readable on figure using (may_read(classification, owner));

alter table alert enable row level security;
alter table alert force row level security;
create policy readable on alert using (may_read(classification, entity));

-- As intake has it: an entity reads its own receipts; the secretariat and operators help with all.
alter table receipt enable row level security;
alter table receipt force row level security;
create policy readable on receipt using (
    may_read('support', entity)
);

alter table message enable row level security;
alter table message force row level security;
create policy readable on message using (
    app_role() = 'system' or (subscriber = app_subject() and may_read(classification, owner))
);

-- The stream's one source: the tables above, read with the rights of whoever asks.
create view feed with (security_invoker = true) as
    select seq, 'metric' as kind, metric || '|' || scope as key, classification, owner, null::text as subscriber,
           data::text as data, traceparent
      from figure
    union all
    select seq, 'notification', notification_id, classification, owner, subscriber,
           (data || jsonb_build_object('read_at', read_at))::text, null
      from message
    union all
    select seq, 'receipt', submission_id, 'receipt', entity, null,
           (data - 'findings')::text, null
      from receipt
    union all
    select seq, 'alert', alert_id, classification, entity, null, data::text, null
      from alert
    union all
    select seq, 'project', project_id, classification, entity, null,
           jsonb_build_object('project_id', project_id, 'withdrawn', withdrawn, 'updated_at', updated_at)::text, null
      from project;

-- Sign-in. Tokens stay here; the browser has a random name, of which only the digest is kept.
create table session (
    id_hash bytea primary key,
    subject text not null,
    role text not null,
    organisation text not null,
    country text not null,
    name text not null,
    access_token text not null,
    refresh_token text,
    id_token text,
    csrf text not null,
    token_expires_at timestamptz not null,
    expires_at timestamptz not null,
    created_at timestamptz not null default now()
);
create index session_expires on session (expires_at);
create table sign_in (
    id_hash bytea primary key,
    state text not null,
    nonce text not null,
    verifier text not null,
    next text not null,
    expires_at timestamptz not null
);
create index sign_in_expires on sign_in (expires_at);
alter table session enable row level security;
alter table session force row level security;
create policy service on session using (app_role() = 'system');
alter table sign_in enable row level security;
alter table sign_in force row level security;
create policy service on sign_in using (app_role() = 'system');
