-- What stands in the place of a total that its reader may not read and may know of: that it is withheld, and why
-- (methodology §0.6, ADR 0079). A row holds no number of the figure's, and stays as it is while the figure moves.
create table withheld_figure (
    metric text not null,
    scope text not null,
    kind text not null,
    classification text not null, -- of the figure, as is its owner: who reads that is not shown this
    owner text,
    reason text not null,
    updated_at timestamptz not null,
    data jsonb not null,
    seq bigint not null unique,
    primary key (metric, scope)
);

alter table withheld_figure enable row level security;
alter table withheld_figure force row level security;
create policy readable on withheld_figure for select
    using (may_read('public', null) and not may_read(classification, owner));
create policy service on withheld_figure using (app_role() = 'system') with check (app_role() = 'system');

-- A figure as this reader may know of it: as it is, or that it is withheld; of each key one row at most.
create view told_figure with (security_invoker = true) as
    select metric, scope, kind, data, seq from figure
    union all
    select metric, scope, kind, data, seq from withheld_figure;

create or replace view feed with (security_invoker = true) as
    select seq, 'metric' as kind, metric || '|' || scope as key, classification, owner, null::text as subscriber,
           data::text as data, traceparent
      from figure
    union all
    select seq, 'metric', metric || '|' || scope, 'beside:' || classification, owner, null, data::text, null
      from withheld_figure
    union all
    select seq, 'notification', notification_id, classification, owner, subscriber,
           (data || jsonb_build_object('read_at', read_at))::text, null
      from message
    union all
    select seq, 'receipt', submission_id, 'receipt', entity, null,
           (data - 'findings')::text, null
      from receipt
    union all
    select seq, 'alert', alert_id, classification, entity, null, data::text, null
      from alert
    union all
    select seq, 'project', project_id, classification, entity, null,
           jsonb_build_object('project_id', project_id, 'withdrawn', withdrawn, 'updated_at', updated_at)::text, null
      from project;
