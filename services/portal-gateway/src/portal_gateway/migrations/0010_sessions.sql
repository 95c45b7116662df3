-- A person sees and ends their own sessions; a session is renamed when its tokens are renewed, and ends when nobody
-- used it for a while (ADR 0089).
alter table session
    add column sid text not null default gen_random_uuid()::text, -- what it is called where it is shown
    add column agent text not null default '', -- the browser's family, no more of it
    add column seen_at timestamptz not null default now(),
    add column previous_hash bytea, -- the name before; it serves requests that were under way
    add column renamed_at timestamptz not null default now();
create unique index session_sid on session (sid);
create index session_previous on session (previous_hash) where previous_hash is not null;
create index session_subject on session (subject);

create policy own on session for select using (subject <> '' and subject = app_subject());
create policy own_end on session for delete using (subject <> '' and subject = app_subject());
