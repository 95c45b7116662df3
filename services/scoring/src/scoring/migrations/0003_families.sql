-- Families of figures (ADR 0070): sparse sums by name, one row a scope and metric, beside the vectors of core cells.
-- Text, because names differ by family and the numbers outgrow bigint; only the service adds them up.
create table family_cell (
    scope text not null,
    metric text not null,
    sums text not null, -- {"name": integer, …} in canonical order, noughts left out
    classification text not null,
    owner text,
    published bytea not null,
    primary key (scope, metric)
) with (fillfactor = 70);

-- What each project adds to its scopes, for explanations; the same stands in the project's packed row.
create table term (
    project_id text not null,
    metric text not null,
    terms text not null, -- as scoring.domain.assessment.Terms writes them
    primary key (project_id, metric)
);

alter table family_cell enable row level security;
alter table family_cell force row level security;
create policy readers on family_cell for select
    using ((select app_role()) = 'system' or may_read(classification, owner));
create policy service on family_cell
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');

alter table term enable row level security;
alter table term force row level security;
create policy readers on term for select
    using ((select app_role()) = 'system' or exists (select from project_state p where p.project_id = term.project_id));
create policy service on term
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');
