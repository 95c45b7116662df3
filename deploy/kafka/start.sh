#!/bin/bash
# Start one Kafka broker with its controller (KRaft). Two things the image's own start does not do: the first user
# must exist before the first start, because every listener asks for a password; and the password comes from a file.
set -euo pipefail

home=${KAFKA_HOME:-/opt/kafka}
data=${KAFKA_DATA:-/var/lib/kafka/data}
settings=${KAFKA_SETTINGS:-/etc/plumbline/server.properties}
password=$(cat "${KAFKA_SECRETS:-/run/secrets}/kafka-admin")
work=$(mktemp -d)
umask 077

# The file that holds the broker's own password lives in memory, as long as the container does.
sed -e "s|@data@|$data|g" -e "s|@password@|$password|g" \
    -e "s|@outside@|${KAFKA_OUTSIDE:-localhost:9094}|g" "$settings" > "$work/server.properties"
{
    echo "security.protocol=SASL_PLAINTEXT"
    echo "sasl.mechanism=SCRAM-SHA-512"
    grep '^listener.name.client.scram-sha-512.sasl.jaas.config=' "$work/server.properties" \
        | sed 's/^listener.name.client.scram-sha-512.//'
} > "$work/admin.properties"

if [ ! -e "$data/meta.properties" ]; then
    # Arguments are visible to other processes of this container, of which there are none yet.
    "$home/bin/kafka-storage.sh" format --standalone --cluster-id "$("$home/bin/kafka-storage.sh" random-uuid)" \
        --config "$work/server.properties" --add-scram "SCRAM-SHA-512=[name=admin,password=$password]"
fi

export KAFKA_HEAP_OPTS=${KAFKA_HEAP_OPTS:--Xms512m -Xmx512m}
exec "$home/bin/kafka-server-start.sh" "$work/server.properties"
