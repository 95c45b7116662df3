-- Where a rebuild puts what it makes of each project while events go on being applied (ADR 0074). Unlogged: after a
-- crash it is empty, and the rebuild is begun anew.
create unlogged table shadow_project (
    project_id text primary key,
    token bigint, -- of the row it was compared with; null where there was none
    due integer, -- the first day on which time alone changes something
    differs boolean not null, -- the row did not say what the log says
    body bytea not null
);
alter table shadow_project alter column body set storage external;

alter table shadow_project enable row level security;
alter table shadow_project force row level security;
create policy service on shadow_project
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');
