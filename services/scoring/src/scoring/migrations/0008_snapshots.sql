-- Snapshots (methodology M16): what was known by an instant and valid by a day, made once and never changed.
create table snapshot (
    id text primary key,
    manifest text not null, -- canonical JSON: what was made, from what, and the digest of all of it
    signature text not null, -- Ed25519 of the manifest, base64
    public_key text not null
);

-- The sums behind the figures, canonical and compressed: for the digest, and for nobody to read.
create table snapshot_cells (
    snapshot_id text primary key references snapshot,
    body bytea not null
);
alter table snapshot_cells alter column body set storage external;

create table snapshot_figure (
    snapshot_id text not null references snapshot,
    scope text not null,
    metric text not null,
    value bigint,
    state text not null,
    lower bigint,
    upper bigint,
    observed bigint not null,
    expected bigint not null,
    classification text not null,
    owner text,
    primary key (snapshot_id, scope, metric)
);

-- Nothing is ever changed or deleted: there is no policy under which it could be.
alter table snapshot enable row level security;
alter table snapshot force row level security;
create policy readers on snapshot for select using (app_role() <> '');
create policy service on snapshot for insert with check ((select app_role()) = 'system');

alter table snapshot_cells enable row level security;
alter table snapshot_cells force row level security;
create policy service_reads on snapshot_cells for select using ((select app_role()) = 'system');
create policy service on snapshot_cells for insert with check ((select app_role()) = 'system');

-- A figure as its readers could read it then, and a project's only while the project may be read.
alter table snapshot_figure enable row level security;
alter table snapshot_figure force row level security;
create policy readers on snapshot_figure for select
    using (
        (select app_role()) = 'system'
        or (may_read(classification, owner)
            and case
                when scope like 'project:%'
                    then exists (select from project_state p where p.project_id = substr(snapshot_figure.scope, 9))
                when scope like 'indicator:%'
                    then exists (select from project_state p
                                 where p.project_id = split_part(substr(snapshot_figure.scope, 11), '|', 1))
                else true
            end)
    );
create policy service on snapshot_figure for insert with check ((select app_role()) = 'system');
