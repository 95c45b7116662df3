#!/bin/bash
# People and entities' systems, from a shell inside the keycloak container:
#   admin.sh person NAME ROLE [ORGANISATION|COUNTRY]   makes an account, prints a password for the first sign-in
#   admin.sh system ENTITY                             makes an OAuth client for an entity's system, prints its secret
# ROLE is entity (with ORGANISATION), member-state (with COUNTRY), secretariat, donor or operator.
set -euo pipefail
home=${KEYCLOAK_HOME:-/opt/keycloak}
server=${KEYCLOAK_SERVER:-http://localhost:${KC_HTTP_PORT:-8180}}
config=$(mktemp)
trap 'rm -f "$config"' EXIT

usage() {
    sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

kcadm() {
    "$home/bin/kcadm.sh" "$@" --config "$config"
}

sign_in() {
    KC_CLI_PASSWORD=$(cat "${KEYCLOAK_SECRETS:-/run/secrets}/keycloak-admin")
    export KC_CLI_PASSWORD
    kcadm config credentials --server "$server" --realm master --user "${KC_BOOTSTRAP_ADMIN_USERNAME:-admin}" >&2
    unset KC_CLI_PASSWORD
}

person() {
    local name=$1 role=$2 of=${3:-} password
    case "$role:$of" in
        entity:?*) attribute=(-s "attributes.plumbline_organisation=[\"$of\"]") ;;
        member-state:[A-Z][A-Z]) attribute=(-s "attributes.plumbline_country=[\"$of\"]") ;;
        secretariat: | donor: | operator:) attribute=() ;;
        *) usage ;;
    esac
    password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
    sign_in
    kcadm create users -r plumbline -s "username=$name" -s enabled=true \
        -s "attributes.plumbline_role=[\"$role\"]" "${attribute[@]}" >&2
    kcadm set-password -r plumbline --username "$name" --new-password "$password" --temporary >&2
    echo "$password"
}

system() {
    local entity=$1 id
    sign_in
    id=$(kcadm create clients -r plumbline -i -f - <<JSON
{
  "clientId": "$entity", "name": "System of $entity", "protocol": "openid-connect", "publicClient": false,
  "standardFlowEnabled": false, "directAccessGrantsEnabled": false, "serviceAccountsEnabled": true,
  "fullScopeAllowed": false, "attributes": {"access.token.header.type.rfc9068": "true"},
  "protocolMappers": [
    {"name": "audience plumbline", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
     "config": {"included.custom.audience": "plumbline", "access.token.claim": "true"}},
    {"name": "role", "protocol": "openid-connect", "protocolMapper": "oidc-hardcoded-claim-mapper",
     "config": {"claim.name": "plumbline_role", "claim.value": "entity", "jsonType.label": "String",
                "access.token.claim": "true"}},
    {"name": "organisation", "protocol": "openid-connect", "protocolMapper": "oidc-hardcoded-claim-mapper",
     "config": {"claim.name": "plumbline_organisation", "claim.value": "$entity", "jsonType.label": "String",
                "access.token.claim": "true"}}
  ]
}
JSON
    )
    kcadm get "clients/$id/client-secret" -r plumbline --fields value --format csv --noquotes
}

case "${1:-}:$#" in
    person:3 | person:4) person "${@:2}" ;;
    system:2) [[ $2 =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ ]] && system "$2" || usage ;;
    *) usage ;;
esac
