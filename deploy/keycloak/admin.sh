#!/bin/bash
# People and entities' systems, from a shell inside the keycloak container:
#   admin.sh person NAME ROLE [ORGANISATION|COUNTRY]   makes an account, prints a password for the first sign-in
#   admin.sh system NAME ROLE [ORGANISATION|COUNTRY]   makes an OAuth client for a program, prints its secret
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

# Sets organisation and country from a role and what belongs to it; anything else is wrong use.
attributes_of() {
    role=$1 organisation='' country=''
    case "$role:${2:-}" in
        entity:[A-Za-z0-9]*) organisation=$2 ;;
        member-state:[A-Z][A-Z]) country=$2 ;;
        secretariat: | donor: | operator:) ;;
        *) usage ;;
    esac
    [[ "$organisation" =~ ^[A-Za-z0-9._-]*$ ]] || usage
}

person() {
    local name=$1 password
    attributes_of "${@:2}"
    password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
    sign_in
    kcadm create users -r plumbline -s "username=$name" -s enabled=true \
        -s "attributes.plumbline_role=[\"$role\"]" \
        ${organisation:+-s "attributes.plumbline_organisation=[\"$organisation\"]"} \
        ${country:+-s "attributes.plumbline_country=[\"$country\"]"} >&2
    kcadm set-password -r plumbline --username "$name" --new-password "$password" --temporary >&2
    echo "$password"
}

claim() {
    printf '{"name": "%s", "protocol": "openid-connect", "protocolMapper": "oidc-hardcoded-claim-mapper",
     "config": {"claim.name": "%s", "claim.value": "%s", "jsonType.label": "String", "access.token.claim": "true"}}' \
        "$1" "$1" "$2"
}

system() {
    local name=$1 id
    [[ "$name" =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ ]] || usage
    attributes_of "${@:2}"
    sign_in
    id=$(kcadm create clients -r plumbline -i -f - <<JSON
{
  "clientId": "$name", "protocol": "openid-connect", "publicClient": false,
  "standardFlowEnabled": false, "directAccessGrantsEnabled": false, "serviceAccountsEnabled": true,
  "fullScopeAllowed": false, "attributes": {"access.token.header.type.rfc9068": "true"},
  "protocolMappers": [
    {"name": "audience plumbline", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
     "config": {"included.custom.audience": "plumbline", "access.token.claim": "true"}},
    $(claim plumbline_role "$role")
    ${organisation:+, $(claim plumbline_organisation "$organisation")}
    ${country:+, $(claim plumbline_country "$country")}
  ]
}
JSON
    )
    kcadm get "clients/$id/client-secret" -r plumbline --fields value --format csv --noquotes
}

case "${1:-}:$#" in
    person:3 | person:4) person "${@:2}" ;;
    system:3 | system:4) system "${@:2}" ;;
    *) usage ;;
esac
