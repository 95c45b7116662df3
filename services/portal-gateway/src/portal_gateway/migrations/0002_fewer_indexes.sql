-- Every state of a figure is a new row in each index. What changed last is asked of M4 alone.
drop index figure_latest;
create index figure_latest on figure (updated_at desc) where metric = 'M4';
