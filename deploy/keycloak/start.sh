#!/bin/bash
# Start Keycloak with the realm of realm.json. Its passwords come from files, as everybody's do; Keycloak itself
# reads them from the environment only, so they are put there for this process alone.
set -euo pipefail
secrets=${KEYCLOAK_SECRETS:-/run/secrets}

KC_DB_PASSWORD=$(cat "$secrets/postgres-keycloak")
KC_BOOTSTRAP_ADMIN_PASSWORD=$(cat "$secrets/keycloak-admin")
PLUMBLINE_PORTAL_CLIENT_SECRET=$(cat "$secrets/client-portal-gateway")
export KC_DB_PASSWORD KC_BOOTSTRAP_ADMIN_PASSWORD PLUMBLINE_PORTAL_CLIENT_SECRET

# The realm is imported at the first start; later starts leave it as its administrators made it.
exec "${KEYCLOAK_HOME:-/opt/keycloak}/bin/kc.sh" start --import-realm
