-- Facts that no single project owns: of countries, resolutions, organisations, shared results, lists.

-- One row an ordering key (a country, a resolution, a list): its version clock.
create table shared_clock (
    key text primary key,
    sequence bigint not null default 0,
    recordedtime timestamptz not null default '-infinity'
);

-- The current version of each, by business key; `ordering` is the key it travels under.
create table shared_fact (
    key text primary key,
    ordering text not null,
    digest bytea not null,
    tombstone boolean not null,
    sequence bigint not null
);

alter table shared_clock enable row level security;
alter table shared_clock force row level security;
create policy shared_clock_system on shared_clock using (app_role() = 'system');
alter table shared_fact enable row level security;
alter table shared_fact force row level security;
create policy shared_fact_system on shared_fact using (app_role() = 'system');
