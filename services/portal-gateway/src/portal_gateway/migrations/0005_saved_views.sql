-- Wishes kept under a name (ADR 0083): a person's own, and those a person shares with the organisation.
create table saved_view (
    view_id text primary key,
    subject text not null,
    organisation text not null,
    name text not null,
    query text not null, -- as in the address
    shared boolean not null default false,
    standard boolean not null default false, -- what /projects shows where the address says nothing
    created_at timestamptz not null default now(),
    unique (subject, name)
);
create unique index saved_view_standard on saved_view (subject) where standard;
create index saved_view_shared on saved_view (organisation) where shared;

alter table saved_view enable row level security;
alter table saved_view force row level security;
create policy own on saved_view using (subject = app_subject()) with check (
    subject = app_subject() and organisation = coalesce(current_setting('app.org', true), '')
);
create policy shared on saved_view for select using (
    shared and organisation <> '' and organisation = coalesce(current_setting('app.org', true), '')
);
