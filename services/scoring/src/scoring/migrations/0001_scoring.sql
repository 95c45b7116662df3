-- Scoring's own: the log of accepted facts, a state per project, a vector per cell.

-- The truth, append-only: everything else here can be rebuilt from it.
create table fact (
    project_id text not null,
    id text not null,
    recorded bigint not null, -- µs since 1970, as intake stamped it
    sequence text not null,
    type text not null,
    body bytea not null,
    primary key (project_id, id)
);
alter table fact alter column body set storage external;

-- One row a project: register, scores, contribution and what was published, packed.
-- The columns beside the body are what an explanation of a total sums and sorts by.
create table project_state (
    project_id text primary key,
    token bigint not null, -- drawn anew by each write, so that a copy in memory knows whether it is still the latest
    entity text not null,
    classification text not null,
    transition integer, -- the day on which time alone changes something
    counted boolean not null,
    designed integer not null, -- 1 where an E is expected
    known integer not null, -- 1 where there is one
    mean bigint not null, -- E and its bounds, µ; 0 where there is none
    lower bigint not null,
    upper bigint not null,
    covered bigint not null,
    good bigint not null, -- weights of indicators on track, assessed, and without data
    assessed bigint not null,
    unknown bigint not null,
    body bytea not null
) with (fillfactor = 70);
alter table project_state alter column body set storage external;
create index project_state_due on project_state (transition) where transition is not null;

-- The ledger by scope: what each project brings into each cell. Rewritten only when its shares change.
create table share (
    scope text not null,
    project_id text not null,
    ppm bigint not null,
    cents numeric not null,
    budget numeric[] not null,
    spend numeric[] not null,
    primary key (scope, project_id)
);
create index share_project on share (project_id);

-- One row a cell: its sums in the order of scoring.domain.cells.At. numeric, because money times µ outgrows bigint.
create table cell (
    scope text primary key,
    sums numeric[] not null,
    classification text not null,
    owner text,
    published bytea not null
) with (fillfactor = 70);

-- The last closed day.
create table calendar (
    one boolean primary key default true check (one),
    closed integer not null
);
insert into calendar (closed) values (0);

-- A read sees what its caller may; the service itself, applying events, sees all. The sub-select is evaluated
-- once a statement, so that the policy costs the hot path nothing.
alter table project_state enable row level security;
alter table project_state force row level security;
create policy readers on project_state
    using ((select app_role()) = 'system' or may_read(classification, entity))
    with check ((select app_role()) = 'system');

alter table cell enable row level security;
alter table cell force row level security;
create policy readers on cell
    using ((select app_role()) = 'system' or may_read(classification, owner))
    with check ((select app_role()) = 'system');

-- A project's facts and shares are as readable as the project.
alter table fact enable row level security;
alter table fact force row level security;
create policy readers on fact
    using (
        (select app_role()) = 'system'
        or exists (select from project_state p where p.project_id = fact.project_id)
    )
    with check ((select app_role()) = 'system');

alter table share enable row level security;
alter table share force row level security;
create policy readers on share
    using (
        (select app_role()) = 'system'
        or exists (select from project_state p where p.project_id = share.project_id)
    )
    with check ((select app_role()) = 'system');
