-- The newest word on each publisher's dialect (methodology §2.5), whole, as published: adopted, or withdrawn.
create table dialect (
    entity text primary key,
    recorded bigint not null,
    sequence text not null,
    id text not null,
    body bytea not null
);
alter table calendar rename column rates to world;

alter table dialect enable row level security;
alter table dialect force row level security;
create policy readers on dialect for select using (true);
create policy service on dialect
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');
