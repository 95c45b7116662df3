-- The one policy of who may read what; row-level security everywhere calls it.
-- '' and NULL settings both mean nobody: a forgotten principal reads nothing.
create function may_read(classification text, owner text) returns boolean
language sql stable parallel safe
as $$
    select case
        when coalesce(current_setting('app.role', true), '') = 'system' then true
        when coalesce(current_setting('app.org', true), '') <> ''
             and owner = current_setting('app.org', true) then true
        when classification = 'public' then
            coalesce(current_setting('app.role', true), '')
                in ('entity', 'member-state', 'secretariat', 'donor', 'operator')
        when classification = 'member-states' then
            coalesce(current_setting('app.role', true), '') in ('entity', 'member-state', 'secretariat')
        when classification = 'compact' then
            coalesce(current_setting('app.role', true), '') in ('entity', 'secretariat')
        -- Receipts: whoever helps an entity to mend what it sent.
        when classification = 'support' then
            coalesce(current_setting('app.role', true), '') in ('secretariat', 'operator')
        when classification like 'state:__' then
            coalesce(current_setting('app.role', true), '') = 'secretariat'
            or (coalesce(current_setting('app.role', true), '') = 'member-state'
                and coalesce(current_setting('app.country', true), '') <> ''
                and classification = 'state:' || current_setting('app.country', true))
        else false
    end
$$;

-- The principal of this transaction, for policies that ask for the person.
create function app_subject() returns text language sql stable parallel safe
as $$ select coalesce(current_setting('app.subject', true), '') $$;

create function app_role() returns text language sql stable parallel safe
as $$ select coalesce(current_setting('app.role', true), '') $$;

create function app_org() returns text language sql stable parallel safe
as $$ select coalesce(current_setting('app.org', true), '') $$;
