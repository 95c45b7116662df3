-- Words are found in the gateway's own index (ADR 0083), which reads them here: two indexes less to write.
drop index project_search;
drop index project_words;
alter table project drop column search;
