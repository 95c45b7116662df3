-- Intake's own: who may send, what they sent, what became of it.

create table entity (
    ref text primary key,
    name text not null,
    also text[] not null default '{}',
    created_at timestamptz not null default clock_timestamp()
);

-- One row a project: whose it is, and its version clock (methodology §0.4).
create table project (
    project_id text primary key,
    entity text not null references entity (ref),
    classification text not null default 'public',
    sequence bigint not null default 0,
    recordedtime timestamptz not null default '-infinity',
    edition timestamptz,
    readability jsonb
);
create index project_entity on project (entity);

-- The current version of every fact, by business key.
create table fact (
    project_id text not null,
    key text not null,
    digest bytea not null,
    tombstone boolean not null,
    from_file boolean not null,
    sequence bigint not null,
    body jsonb,
    primary key (project_id, key)
);

create table submission (
    id text primary key,
    entity text not null,
    channel text not null check (channel in ('kafka', 'http', 'file')),
    state text not null check (state in ('receiving', 'waiting', 'processing', 'done')),
    outcome text,
    event_id text,
    project_id text,
    file text,
    sha256 text,
    bytes bigint,
    dry_run boolean not null default false,
    received_at timestamptz not null,
    processed_at timestamptz,
    activities integer not null default 0,
    accepted integer not null default 0,
    amended integer not null default 0,
    unchanged integer not null default 0,
    quarantined integer not null default 0,
    events integer not null default 0,
    readability jsonb not null default '{}',
    traceparent text
);
create index submission_entity on submission (entity, id desc);
create index submission_event on submission (event_id) where event_id is not null;
create index submission_open on submission (state) where state <> 'done';

-- The uploaded bytes, until they are processed: any worker may take over after a crash.
create table upload (
    submission_id text not null references submission (id) on delete cascade,
    part integer not null,
    bytes bytea not null,
    primary key (submission_id, part)
);
alter table upload alter column bytes set storage external;

create table finding (
    submission_id text not null,
    n integer not null,
    project_id text,
    rule text not null,
    severity text not null check (severity in ('error', 'warning', 'notice')),
    path text,
    line integer,
    message text not null,
    remedy text not null,
    text text,
    primary key (submission_id, n)
);

-- The activity as received, so that a figure can show the line it comes from.
create table source (
    submission_id text not null,
    project_id text not null,
    entity text not null,
    classification text not null default 'public',
    first_line integer not null,
    xml bytea not null,
    primary key (submission_id, project_id)
);

create table published_once (name text primary key);

-- Row-level security: an entity sees its own submissions; the secretariat and operators see all.
alter table submission enable row level security;
alter table submission force row level security;
create policy submission_read on submission using (
    may_read('support', entity)
);
alter table finding enable row level security;
alter table finding force row level security;
create policy finding_read on finding using (
    exists (select from submission s where s.id = finding.submission_id)
);
alter table source enable row level security;
alter table source force row level security;
create policy source_read on source using (may_read(classification, entity));
alter table upload enable row level security;
alter table upload force row level security;
create policy upload_system on upload using (app_role() = 'system');
alter table project enable row level security;
alter table project force row level security;
create policy project_read on project using (app_role() = 'secretariat' or may_read(classification, entity));
alter table fact enable row level security;
alter table fact force row level security;
create policy fact_system on fact using (app_role() = 'system');
