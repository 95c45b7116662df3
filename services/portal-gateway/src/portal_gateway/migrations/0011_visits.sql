-- When a person was last here. A visit goes on while its pages follow one another, and ends with a pause; what the
-- one before it saw last stays until the next begins, so that a reload takes nothing away.
create table visit (
    subject text primary key,
    began_at timestamptz not null,
    seen_at timestamptz not null,
    seen_seq bigint not null,
    before_at timestamptz, -- null on a first visit
    before_seq bigint
);
alter table visit enable row level security;
alter table visit force row level security;
create policy own on visit using (app_role() = 'system' or subject = app_subject());

-- When the portal first heard of a project: what is new since somebody was here. Nobody was before this migration.
alter table project add column first_at timestamptz not null default now();
create index project_first on project (first_at desc) where not withdrawn;
