-- A project that is closed since takes its past with it, as everywhere (ADR 0085, 0100): an alert is read by whoever may
-- read it as it was raised and its project as it stands.
drop policy readable on alert;
create policy readable on alert using (
    may_read(classification, entity)
    and (project_id is null or app_role() = 'system'
         or exists (select from project p where p.project_id = alert.project_id))
);

-- And one that was opened since does not open its past: the values that an actual replaced have no class of their own,
-- so they are not told to whoever might not have read the project at any time.
create view told_observation with (security_invoker = true) as
    select project_id, indicator_id, period_start, period_end, place, ordinal, retracted, data,
           case when replaced <> '[]' and exists (
               select from history_class c
                where c.project_id = observation.project_id and not may_read(c.classification, c.entity)
           ) then '[]' else replaced end as replaced
      from observation;
