-- What projects depend on and none of them owns: rates of exchange, claims on shared results, money passed on.

-- The newest version of each table of rates, whole, as published.
create table rate_table (
    table_id text primary key,
    recorded bigint not null,
    sequence text not null,
    id text not null,
    body bytea not null
);
-- Drawn anew with each table, so that a copy of the rates in memory knows whether it is still the latest.
alter table calendar add column rates bigint not null default 0;

-- The newest claims on each shared result, whole; what they come to stands in the claimants' own states.
create table shared_result (
    ref text primary key,
    recorded bigint not null,
    sequence text not null,
    id text not null,
    body bytea not null
);

-- Which project paid into which activity: when one of them comes or goes, the other's expenditure changes (M9).
create table passing (
    receiver text not null,
    project_id text not null,
    primary key (receiver, project_id)
);
create index passing_project on passing (project_id);

alter table project_state add column foreign_money boolean not null default false;
create index project_state_foreign on project_state (project_id) where foreign_money;

alter table rate_table enable row level security;
alter table rate_table force row level security;
create policy readers on rate_table for select using (true);
create policy service on rate_table
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');

alter table shared_result enable row level security;
alter table shared_result force row level security;
create policy service on shared_result
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');

alter table passing enable row level security;
alter table passing force row level security;
create policy service on passing
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');
