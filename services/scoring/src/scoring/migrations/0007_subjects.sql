-- Subjects that are no projects (ADR 0073): needs, resolutions, the countries that implement them, organisations.

-- One row a subject: its register and its ledger, packed.
create table subject_state (
    kind text not null, -- need, resolution, country, entity
    id text not null,
    classification text not null,
    owner text,
    transition integer, -- the day on which time alone changes something
    body bytea not null, -- empty in a row that was only locked yet
    primary key (kind, id)
) with (fillfactor = 70);
create index subject_state_due on subject_state (transition) where transition is not null;

-- Their facts, append-only: the truth. A need's title is in here, and nowhere else.
create table subject_fact (
    kind text not null,
    subject text not null,
    id text not null,
    recorded bigint not null, -- µs since 1970, as intake stamped it
    sequence text not null,
    type text not null,
    body bytea not null,
    primary key (kind, subject, id)
);

-- The ledger by scope: what each subject adds to each cell of its metrics, for explanations.
create table subject_term (
    scope text not null,
    metric text not null,
    kind text not null,
    id text not null,
    terms text not null, -- {"name": integer, …} in canonical order
    primary key (scope, metric, kind, id)
);
create index subject_term_of on subject_term (kind, id);

-- What subjects rest on: a need on the projects linked to it, a country on the resolutions it is assessed on.
create table subject_rests_on (
    on_kind text not null,
    on_id text not null,
    kind text not null,
    id text not null,
    primary key (on_kind, on_id, kind, id)
);

-- What a project is worth to the needs it is linked to: scoring.domain.subjects.needs.
create table project_standing (
    project_id text primary key,
    standing smallint not null
) with (fillfactor = 70);

alter table subject_state enable row level security;
alter table subject_state force row level security;
create policy readers on subject_state for select
    using ((select app_role()) = 'system' or may_read(classification, owner));
create policy service on subject_state
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');

-- A subject's facts and terms are as readable as the subject.
alter table subject_fact enable row level security;
alter table subject_fact force row level security;
create policy readers on subject_fact for select
    using (
        (select app_role()) = 'system'
        or exists (select from subject_state s where s.kind = subject_fact.kind and s.id = subject_fact.subject)
    );
create policy service on subject_fact for insert with check ((select app_role()) = 'system');

alter table subject_term enable row level security;
alter table subject_term force row level security;
create policy readers on subject_term for select
    using (
        (select app_role()) = 'system'
        or exists (select from subject_state s where s.kind = subject_term.kind and s.id = subject_term.id)
    );
create policy service on subject_term
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');

alter table subject_rests_on enable row level security;
alter table subject_rests_on force row level security;
create policy service on subject_rests_on
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');

alter table project_standing enable row level security;
alter table project_standing force row level security;
create policy service on project_standing
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');
