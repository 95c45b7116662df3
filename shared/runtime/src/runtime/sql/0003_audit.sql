-- Who did and read what (architecture §5): append-only, each row chained to the one before by its hash (ADR 0088).
create table audit (
    seq bigint primary key check (seq > 0),
    at timestamptz not null,
    actor text not null,
    role text not null,
    organisation text not null,
    action text not null,
    object text not null,
    class text not null,
    detail json not null, -- json keeps the text as it came, and the text is what the hash is over
    trace text not null,
    prev bytea not null check (length(prev) = 32),
    hash bytea not null check (length(hash) = 32)
);
create index audit_actor on audit (actor, seq);
create index audit_at on audit (at);

alter table audit enable row level security;
alter table audit force row level security;
create policy readable on audit for select
    using (app_role() in ('system', 'operator') or (actor <> '' and actor = app_subject()));
-- Only audit_append writes: the run role is not granted insert, and this names the rest for the owner.
create policy appended on audit for insert with check (app_role() = 'system');

create function audit_refused() returns trigger language plpgsql
as $$ begin raise exception 'the audit log only grows' using errcode = 'insufficient_privilege'; end $$;
create trigger audit_only_grows before update or delete on audit for each row execute function audit_refused();
create trigger audit_is_kept before truncate on audit for each statement execute function audit_refused();
alter table audit enable always trigger audit_only_grows;
alter table audit enable always trigger audit_is_kept;

-- The canonical encoding: each field as a netstring (its length in bytes, a colon, its text, a comma), so that no two
-- rows have the same. The instant is microseconds since 1970.
create function audit_encoded(seq bigint, at timestamptz, variadic fields text[]) returns bytea
language sql immutable
as $$
    select convert_to(string_agg(octet_length(x)::text || ':' || x || ',', '' order by n), 'UTF8')
      from unnest(array[seq::text, (extract(epoch from at) * 1000000)::bigint::text] || fields) with ordinality as u(x, n)
$$;

-- Append one row. The chain is one: whoever appends holds it to the end of the transaction, so call this last.
create function audit_append(
    actor text, role text, organisation text, action text, object text, class text, detail text, trace text
) returns bigint
language plpgsql security definer
set search_path = public, pg_temp
as $$
declare
    head record;
    number bigint;
    said timestamptz;
    asked text := app_role();
begin
    perform pg_advisory_xact_lock(1096107092);
    -- Whoever appends need not be able to read the row before. (A SET clause may not name a parameter of our own.)
    perform set_config('app.role', 'system', true);
    select a.seq, a.at, a.hash into head from audit a order by a.seq desc limit 1;
    number := coalesce(head.seq, 0) + 1;
    said := greatest(clock_timestamp(), head.at);
    head.hash := coalesce(head.hash, '\x0000000000000000000000000000000000000000000000000000000000000000'::bytea);
    insert into audit values (
        number, said, actor, role, organisation, action, object, class, detail::json, trace, head.hash,
        sha256(head.hash || audit_encoded(number, said, actor, role, organisation, action, object, class, detail, trace))
    );
    perform set_config('app.role', asked, true);
    return number;
end
$$;
