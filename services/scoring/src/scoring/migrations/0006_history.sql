-- What was published, revision by revision (methodology M16, ADR 0071), and what a replay as of a day needs.

-- One row a transaction and root scope: a total, or a project with its indicators; all that share readers and instant.
-- Append-only. A row a figure would cost the hot path three times as much.
create table figure_revision (
    scope text not null, -- of a project: its own, for its indicators' figures too
    known bigint not null, -- µs since 1970: the latest recordedtime the figures rest on; it never falls
    id bigint generated always as identity, -- rises with commits within a scope: its rows are locked by then
    classification text not null,
    owner text,
    body bytea not null, -- scoring.store.history: the revisions, packed
    primary key (scope, known, id)
);

-- Whoever may read the figure as it was told, and where it is a project's, the project as it stands today: one that
-- is closed since takes its past with it.
alter table figure_revision enable row level security;
alter table figure_revision force row level security;
create policy readers on figure_revision for select
    using (
        (select app_role()) = 'system'
        or (may_read(classification, owner)
            and (scope not like 'project:%'
                 or exists (select from project_state p where p.project_id = substr(figure_revision.scope, 9))))
    );
create policy service on figure_revision for insert with check ((select app_role()) = 'system');

-- Which projects ever brought something into a scope: whom a replay of a total must ask.
create table share_ever (
    scope text not null,
    project_id text not null,
    primary key (scope, project_id)
);
insert into share_ever (scope, project_id) select scope, project_id from share;

alter table share_ever enable row level security;
alter table share_ever force row level security;
create policy readers on share_ever for select
    using ((select app_role()) = 'system' or exists (select from project_state p where p.project_id = share_ever.project_id));
create policy service on share_ever for insert with check ((select app_role()) = 'system');

-- Every version of what concerns no single project: rates of exchange, claims on shared results.
create table world_fact (
    kind text not null,
    key text not null,
    recorded bigint not null,
    sequence text not null,
    id text not null,
    body bytea not null,
    primary key (kind, key, recorded, sequence, id)
);
insert into world_fact (kind, key, recorded, sequence, id, body)
    select 'rate_table', table_id, recorded, sequence, id, body from rate_table
    union all select 'shared_result', ref, recorded, sequence, id, body from shared_result;

alter table world_fact enable row level security;
alter table world_fact force row level security;
create policy readers on world_fact for select using (kind = 'rate_table' or (select app_role()) = 'system');
create policy service on world_fact for insert with check ((select app_role()) = 'system');
