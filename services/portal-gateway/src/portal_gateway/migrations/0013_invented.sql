-- Every page asks whether what it shows is invented: one look into an index instead of a walk over all projects.
create index project_demonstration on project (demonstration);
