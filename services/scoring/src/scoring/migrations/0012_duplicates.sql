-- Pairs of projects that may be one, or may work together (M12, ADR 0077).

-- What each project is compared by, as it stands; only projects that have figures have a row.
create table fingerprint (
    project_id text primary key,
    body bytea not null
);

-- Whom it may be compared with: projects that share a block. Also who names whom as the same or as co-funded.
create table fingerprint_block (
    block bigint not null,
    project_id text not null,
    primary key (block, project_id)
);

-- The projects linked to each need that totals may speak of.
create table need_support (
    need_id text not null,
    project_id text not null,
    primary key (need_id, project_id)
);
create index need_support_of on need_support (project_id);

-- The pairs that are kept: open ones, and those somebody decided about.
create table duplicate_case (
    low text not null,
    high text not null,
    kind text not null, -- '' where only a decision keeps it
    decision text not null, -- '' while it is open
    scopes text[] not null, -- the cells it counts in
    body bytea not null,
    primary key (low, high)
);
create index duplicate_case_high on duplicate_case (high);

-- What was decided, append-only: the truth.
create table duplicate_decision (
    low text not null,
    high text not null,
    id text not null,
    recorded bigint not null, -- µs since 1970, as intake stamped it
    sequence text not null,
    body bytea not null,
    primary key (low, high, id)
);
create index duplicate_decision_high on duplicate_decision (high);

-- Whoever compares holds this row: two workers that met the halves of a pair at once would both miss it.
create table duplicate_turn (
    only_one boolean primary key default true check (only_one)
);
insert into duplicate_turn default values;

alter table fingerprint enable row level security;
alter table fingerprint force row level security;
create policy service on fingerprint
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');

alter table fingerprint_block enable row level security;
alter table fingerprint_block force row level security;
create policy service on fingerprint_block
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');

alter table need_support enable row level security;
alter table need_support force row level security;
create policy service on need_support
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');

alter table duplicate_decision enable row level security;
alter table duplicate_decision force row level security;
create policy service on duplicate_decision
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');

alter table duplicate_turn enable row level security;
alter table duplicate_turn force row level security;
create policy service on duplicate_turn
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');

-- A pair is read by who may read both projects.
alter table duplicate_case enable row level security;
alter table duplicate_case force row level security;
create policy readers on duplicate_case for select
    using (
        (select app_role()) = 'system'
        or (
            exists (select from project_state p where p.project_id = duplicate_case.low)
            and exists (select from project_state p where p.project_id = duplicate_case.high)
        )
    );
create policy service on duplicate_case
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');
