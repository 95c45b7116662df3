-- Totals that are kept from the public (methodology §0.6, ADR 0079). Why, if one is; and who is in each family's cell,
-- so that what must be hidden beside a small one can be decided without reading any sums.
alter table cell add column withheld text;

alter table family_cell
    add column withheld text,
    add column projects integer not null default 0,
    add column restricted integer not null default 0,
    add column entities integer not null default 0,
    add column ppm numeric not null default 0;
create index family_cell_metric on family_cell (metric);
