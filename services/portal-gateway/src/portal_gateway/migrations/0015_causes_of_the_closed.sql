-- A figure says which project moved it last, where that was open when it did. One that is closed since is named no more
-- to whoever may not read it (ADR 0100), as long as the figure stands.
create function as_told(figure jsonb) returns jsonb language sql stable return
    case when app_role() = 'system' or figure->'cause'->>'project_id' is null
              or exists (select from project p where p.project_id = figure->'cause'->>'project_id')
         then figure
         else jsonb_set(figure, '{cause}', (figure->'cause') - array['project_id', 'entity', 'file', 'line'])
    end;

create or replace view told_figure with (security_invoker = true) as
    select metric, scope, kind, as_told(data) as data, seq from figure
    union all
    select metric, scope, kind, data, seq from withheld_figure;

create or replace view feed with (security_invoker = true) as
    select seq, 'metric' as kind, metric || '|' || scope as key, classification, owner, null::text as subscriber,
           as_told(data)::text as data, traceparent
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
