import io.confluent.kafka.serializers.KafkaAvroDeserializer;
import io.confluent.kafka.serializers.KafkaAvroSerializer;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericContainer;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.DecoderFactory;

/** Confluent's Avro serialisers; see Exchange. */
public final class AvroExchange implements Exchange.Format {
  public static void main(String[] arguments) throws Exception {
    Exchange.run(new AvroExchange(), arguments);
  }

  @Override
  public Class<?> serializer() {
    return KafkaAvroSerializer.class;
  }

  @Override
  public Class<?> deserializer() {
    return KafkaAvroDeserializer.class;
  }

  @Override
  public Object read(String name, List<String> files, String json) throws Exception {
    Schema schema = new Schema.Parser().parse(files.get(0));
    Object read = new GenericDatumReader<>(schema).read(null, DecoderFactory.get().jsonDecoder(schema, json));
    return read instanceof CharSequence ? read.toString() : read;
  }

  @Override
  public String shown(Object value) {
    return value instanceof GenericContainer ? ((GenericContainer) value).getSchema().getFullName() + " " + value : String.valueOf(value);
  }
}
