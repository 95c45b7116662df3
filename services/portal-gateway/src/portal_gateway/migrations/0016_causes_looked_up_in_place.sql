-- The same as before, looked up within the views: a function is called anew for each of an export's million figures. A
-- project's own figure names itself, and needs no look. One row is asked for by its key: ``exists`` might be answered by
-- reading all projects first, for a page of fifty figures.
create or replace view told_figure with (security_invoker = true) as
    select metric, scope, kind,
           case when data->'cause'->>'project_id' is null
                     or (kind in ('project', 'indicator')
                         and split_part(split_part(scope, '|', 1), ':', 2) = data->'cause'->>'project_id')
                     or app_role() = 'system'
                     or (select p.seq from project p where p.project_id = figure.data->'cause'->>'project_id') is not null
                then data
                else jsonb_set(data, '{cause}', (data->'cause') - array['project_id', 'entity', 'file', 'line'])
           end as data, seq
      from figure
    union all
    select metric, scope, kind, data, seq from withheld_figure;

create or replace view feed with (security_invoker = true) as
    select seq, 'metric' as kind, metric || '|' || scope as key, classification, owner, null::text as subscriber,
           case when data->'cause'->>'project_id' is null
                     or (kind in ('project', 'indicator')
                         and split_part(split_part(scope, '|', 1), ':', 2) = data->'cause'->>'project_id')
                     or app_role() = 'system'
                     or (select p.seq from project p where p.project_id = figure.data->'cause'->>'project_id') is not null
                then data
                else jsonb_set(data, '{cause}', (data->'cause') - array['project_id', 'entity', 'file', 'line'])
           end::text as data, traceparent
      from figure
    union all
    select seq, 'metric', metric || '|' || scope, 'beside:' || classification, owner, null, data::text, null
      from withheld_figure
    union all
    select seq, 'notification', notification_id, classification, owner, subscriber,
           (data - 'lines' || jsonb_build_object('read_at', read_at))::text, null
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

drop function as_told(jsonb);
