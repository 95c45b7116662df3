-- Run once by the image, when the cluster is made: one database for each service, with two roles.
-- The owner role migrates; the run role owns nothing and cannot step around row-level security.
-- Passwords come from files. psql reads them itself, so that none is ever on a command line.
\set ON_ERROR_STOP on
\if :{?secrets}
\else
  \set secrets /run/secrets
\endif
\setenv SECRETS :secrets

\set password `cat "$SECRETS/postgres-intake_owner"`
create role intake_owner login nosuperuser nobypassrls nocreatedb nocreaterole password :'password';
\set password `cat "$SECRETS/postgres-intake"`
create role intake login nosuperuser nobypassrls nocreatedb nocreaterole password :'password';
create database intake owner intake_owner;
revoke all on database intake from public;
grant connect, temporary on database intake to intake;

\set password `cat "$SECRETS/postgres-scoring_owner"`
create role scoring_owner login nosuperuser nobypassrls nocreatedb nocreaterole password :'password';
\set password `cat "$SECRETS/postgres-scoring"`
create role scoring login nosuperuser nobypassrls nocreatedb nocreaterole password :'password';
create database scoring owner scoring_owner;
revoke all on database scoring from public;
grant connect, temporary on database scoring to scoring;

\set password `cat "$SECRETS/postgres-notifier_owner"`
create role notifier_owner login nosuperuser nobypassrls nocreatedb nocreaterole password :'password';
\set password `cat "$SECRETS/postgres-notifier"`
create role notifier login nosuperuser nobypassrls nocreatedb nocreaterole password :'password';
create database notifier owner notifier_owner;
revoke all on database notifier from public;
grant connect, temporary on database notifier to notifier;

\set password `cat "$SECRETS/postgres-portal_gateway_owner"`
create role portal_gateway_owner login nosuperuser nobypassrls nocreatedb nocreaterole password :'password';
\set password `cat "$SECRETS/postgres-portal_gateway"`
create role portal_gateway login nosuperuser nobypassrls nocreatedb nocreaterole password :'password';
create database portal_gateway owner portal_gateway_owner;
revoke all on database portal_gateway from public;
grant connect, temporary on database portal_gateway to portal_gateway;

-- Keycloak keeps its realm beside, in a database of its own that no service can enter.
\set password `cat "$SECRETS/postgres-keycloak"`
create role keycloak login nosuperuser nobypassrls nocreatedb nocreaterole password :'password';
create database keycloak owner keycloak;
revoke all on database keycloak from public;

create extension if not exists pg_stat_statements;
