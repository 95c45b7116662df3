#!/bin/sh
# Make every secret the stack of docker-compose.yml needs, each in a file of its own. Nothing is overwritten, so it
# may be run again after an update. There is no default password anywhere: without this, the stack does not start.
#
# The folder may be entered by its owner only. The files in it are readable, because Compose mounts a secret with
# the mode it has, and the programs inside the containers do not run as root.
set -eu
cd "$(dirname "$0")"
folder=${1:-secrets}
umask 077
mkdir -p "$folder"
chmod 700 "$folder"

secret() {
    if [ ! -s "$folder/$1" ]; then
        # 160 random bits, in hexadecimal.
        od -An -N20 -tx1 /dev/urandom | tr -d ' \n' > "$folder/$1.part"
        chmod 444 "$folder/$1.part"
        mv "$folder/$1.part" "$folder/$1"
        echo "made $folder/$1"
    fi
}

secret postgres-superuser
for database in intake scoring notifier portal_gateway; do
    secret "postgres-$database"
    secret "postgres-${database}_owner"
done
secret postgres-keycloak
for user in admin intake scoring notifier portal-gateway; do
    secret "kafka-$user"
done
secret client-portal-gateway
secret snapshot-key
secret audit-key
secret keycloak-admin
secret grafana-admin
