-- Every version of a project and of what belongs to it, as it came: appended once each and never changed. Which one
-- stood before another follows from the version clock, so that any order of arrival reads the same.
create table history (
    project_id text not null,
    version text collate "C" not null,
    part text collate "C" not null, -- what it is a version of: project, status, indicator|…, observation|…, budget|…
    kind text not null,
    event_type text not null,
    event_id text not null,
    at timestamptz not null,
    data jsonb not null,
    primary key (project_id, version, part)
);
create index history_part on history (project_id, part, version);

-- Numbered for whoever reads: what a reader may not read has no number.
create view numbered_history with (security_invoker = true) as
    select *, row_number() over (partition by project_id order by version, part) as number from history;

-- The class a project had, by version: a version is read by whoever may read the project now and might have then.
create table history_class (
    project_id text not null,
    version text collate "C" not null,
    classification text not null,
    entity text not null,
    primary key (project_id, version)
);

-- Transactions one by one, because any of them may be reversed; a page shows what they add up to.
create table posting (
    project_id text not null,
    transaction_id text not null,
    version text collate "C" not null,
    reversed boolean not null,
    type text not null default '', -- empty while only the reversal is known
    day date,
    amount numeric,
    currency text,
    primary key (project_id, transaction_id)
);

alter table history_class enable row level security;
alter table history_class force row level security;
create policy readable on history_class using (
    app_role() = 'system' or exists (select from project p where p.project_id = history_class.project_id)
);
alter table history enable row level security;
alter table history force row level security;
-- Before the first state of a project was known, the first one speaks for it.
create policy readable on history using (
    app_role() = 'system' or (
        exists (select from project p where p.project_id = history.project_id)
        and (select may_read(c.classification, c.entity) from history_class c
              where c.project_id = history.project_id
              order by c.version > history.version,
                       case when c.version <= history.version then c.version end desc, c.version
              limit 1)
    )
);
alter table posting enable row level security;
alter table posting force row level security;
create policy readable on posting using (
    app_role() = 'system' or exists (select from project p where p.project_id = posting.project_id)
);
