-- A policy for all commands also lets whoever may read a row delete it. So reading is one policy, and everything
-- else, for the service alone, another. The sub-select is evaluated once a statement: it costs the hot path nothing.
drop policy readers on project_state;
create policy readers on project_state for select
    using ((select app_role()) = 'system' or may_read(classification, entity));
create policy service on project_state
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');

drop policy readers on cell;
create policy readers on cell for select
    using ((select app_role()) = 'system' or may_read(classification, owner));
create policy service on cell
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');

drop policy readers on fact;
create policy readers on fact for select
    using ((select app_role()) = 'system' or exists (select from project_state p where p.project_id = fact.project_id));
create policy service on fact
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');

drop policy readers on share;
create policy readers on share for select
    using ((select app_role()) = 'system' or exists (select from project_state p where p.project_id = share.project_id));
create policy service on share
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');

alter table calendar enable row level security;
alter table calendar force row level security;
create policy readers on calendar for select using (true);
create policy service on calendar
    using ((select app_role()) = 'system') with check ((select app_role()) = 'system');
