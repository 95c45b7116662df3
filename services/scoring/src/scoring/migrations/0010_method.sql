-- The method as versioned events (methodology §0.8, ADR 0078): every release of parameters and every version of a list
-- that figures are read by, whole, as published; none is ever changed, so that an old version can be asked for.
create table method_part (
    kind text not null, -- 'method' for a release, else the list's id
    version text not null,
    effective integer not null, -- the day it is to be in force from
    recorded bigint not null,
    sequence text not null,
    id text not null,
    body bytea not null,
    applied bigint, -- when figures were first made by it, µs since 1970; null while it is still to come
    primary key (kind, version)
);

-- Which version of the method figures stood under, from when.
create table method_in_force (
    serial integer generated always as identity primary key,
    version text not null,
    since bigint not null, -- µs since 1970
    cause text not null -- the event it was switched by
);

alter table method_part enable row level security;
alter table method_part force row level security;
create policy readers on method_part for select using (app_role() <> '');
create policy service on method_part
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');

alter table method_in_force enable row level security;
alter table method_in_force force row level security;
create policy readers on method_in_force for select using (app_role() <> '');
create policy service on method_in_force
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');
