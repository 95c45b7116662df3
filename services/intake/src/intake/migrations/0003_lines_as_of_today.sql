-- The lines of a file are read by whoever may read the project as it stands today, and might have when it came: a
-- project that was closed since takes its past with it. Where an owner withholds a value, the file may hold it still,
-- in this edition or one before: then its lines are the owner's alone (ADR 0100).
alter table project add column withholds boolean not null default false; -- since a value of it was said to be withheld

drop policy source_read on source;
create policy source_read on source for select using (
    app_role() = 'system'
    or (
        may_read(classification, entity)
        and exists (
            select from project p where p.project_id = source.project_id
            and may_read(case when p.withholds then 'owner' else p.classification end, p.entity)
        )
    )
);
create policy source_system on source using (app_role() = 'system') with check (app_role() = 'system');
