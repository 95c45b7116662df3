// The keyed aggregation of the comparison, by Kafka Streams: five sums an event in a persistent store (RocksDB) with a
// changelog, exactly-once v2, each event's new sums published. Run by bench/peers; argument: a file of properties.

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.FileInputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

public final class Aggregation {
    private static final String STORE = "sums";

    /** An observation's payload, as far as the sums need it; the other fields are read and passed over. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public static final class Observation {
        public String project_id;
        public String indicator_id;
        public Period period;
        public String value;
        public String source_type;
    }

    /** The period of an observation. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public static final class Period {
        public String start;
    }

    /** Adds one event to its five sums: those of this partition, which whoever reads adds up. */
    static final class Sums implements Processor<byte[], byte[], byte[], byte[]> {
        private final ObjectReader reader = new ObjectMapper().readerFor(Observation.class);
        private ProcessorContext<byte[], byte[]> context;
        private KeyValueStore<String, byte[]> store;

        @Override
        public void init(ProcessorContext<byte[], byte[]> context) {
            this.context = context;
            this.store = context.getStateStore(STORE);
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            Observation o;
            try {
                o = reader.readValue(record.value());
            } catch (java.io.IOException error) {
                throw new IllegalStateException(error);
            }
            String source = new String(record.headers().lastHeader("ce_source").value(), StandardCharsets.UTF_8);
            long value = Math.round(Double.parseDouble(o.value) * 100);
            String[] keys = {
                "indicator:" + o.project_id + "|" + o.indicator_id,
                "project:" + o.project_id,
                "entity:" + source,
                "entity-year:" + source + "|" + o.period.start.substring(0, 4),
                "source:" + o.source_type,
            };
            int partition = context.recordMetadata().orElseThrow().partition();
            StringBuilder said = new StringBuilder(400).append('[');
            for (String key : keys) {
                byte[] known = store.get(key);
                long count = 1;
                long sum = value;
                if (known != null) {
                    ByteBuffer found = ByteBuffer.wrap(known);
                    count += found.getLong();
                    sum += found.getLong();
                }
                store.put(key, ByteBuffer.allocate(16).putLong(count).putLong(sum).array());
                if (said.length() > 1) {
                    said.append(',');
                }
                said.append("[\"").append(partition).append('/').append(key).append("\",").append(count).append(',')
                    .append(sum).append(']');
            }
            byte[] out = said.append(']').toString().getBytes(StandardCharsets.UTF_8);
            context.forward(new Record<>(record.key(), out, record.timestamp()));
        }
    }

    public static void main(String[] arguments) throws Exception {
        Properties told = new Properties();
        try (InputStream file = new FileInputStream(arguments[0])) {
            told.load(file);
        }
        Topology topology = new Topology();
        topology.addSource("in", Serdes.ByteArray().deserializer(), Serdes.ByteArray().deserializer(),
            told.getProperty("bench.input"));
        topology.addProcessor("sums", Sums::new, "in");
        topology.addStateStore(
            Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray())
                .withCachingEnabled(), "sums");
        topology.addSink("out", told.getProperty("bench.output"), Serdes.ByteArray().serializer(),
            Serdes.ByteArray().serializer(), "sums");
        KafkaStreams streams = new KafkaStreams(topology, told);
        CountDownLatch done = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close();
            done.countDown();
        }));
        streams.start();
        done.await();
    }
}
