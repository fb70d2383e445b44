// A source connector for Kafka Connect with exactly-once support: one task gives the numbers from 0 up to "count", in batches of 10, and
// remembers in its offsets which one comes next.

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.source.ConnectorTransactionBoundaries;
import org.apache.kafka.connect.source.ExactlyOnceSupport;
import org.apache.kafka.connect.source.SourceConnector;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;

public final class CountSource extends SourceConnector {
    private static final int BATCH = 10;
    private Map<String, String> config;

    @Override
    public String version() {
        return "1";
    }

    @Override
    public void start(Map<String, String> given) {
        config = given;
    }

    @Override
    public Class<? extends Task> taskClass() {
        return CountTask.class;
    }

    @Override
    public List<Map<String, String>> taskConfigs(int most) {
        return List.of(config);
    }

    @Override
    public void stop() {}

    @Override
    public ConfigDef config() {
        return new ConfigDef()
            .define("topic", ConfigDef.Type.STRING, ConfigDef.Importance.HIGH, "where the numbers go")
            .define("count", ConfigDef.Type.LONG, ConfigDef.Importance.HIGH, "how many numbers");
    }

    @Override
    public ExactlyOnceSupport exactlyOnceSupport(Map<String, String> given) {
        return ExactlyOnceSupport.SUPPORTED;
    }

    @Override
    public ConnectorTransactionBoundaries canDefineTransactionBoundaries(Map<String, String> given) {
        return ConnectorTransactionBoundaries.UNSUPPORTED;
    }

    public static final class CountTask extends SourceTask {
        private static final Map<String, String> PARTITION = Map.of("numbers", "all");
        private String topic;
        private long count;
        private long next;

        @Override
        public String version() {
            return "1";
        }

        @Override
        public void start(Map<String, String> config) {
            topic = config.get("topic");
            count = Long.parseLong(config.get("count"));
            var offset = context.offsetStorageReader().offset(PARTITION);
            next = offset == null ? 0 : (Long) offset.get("next");
        }

        @Override
        public List<SourceRecord> poll() throws InterruptedException {
            Thread.sleep(10);
            if (next >= count) return null;
            var records = new ArrayList<SourceRecord>();
            for (int i = 0; i < BATCH && next < count; i++) {
                long number = next++;
                records.add(new SourceRecord(PARTITION, Map.of("next", next), topic, 0, null, null, Schema.STRING_SCHEMA, String.valueOf(number)));
            }
            return records;
        }

        @Override
        public void stop() {}
    }
}
