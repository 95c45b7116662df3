-- A digest tells several facts: who reads it must be one who may read each of them, not only its own class.
create policy every_fact on message as restrictive for select
    using (app_role() = 'system' or not exists (
        select from jsonb_array_elements(coalesce(data->'also', '[]')) as fact
        where not may_read(fact->>'classification', fact->>'owner')));

-- The stream says that a digest came and how many facts it tells; the lines are read on a page, under that policy.
create or replace view feed with (security_invoker = true) as
    select seq, 'metric' as kind, metric || '|' || scope as key, classification, owner, null::text as subscriber,
           data::text as data, traceparent
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
