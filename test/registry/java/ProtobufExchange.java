import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.confluent.kafka.schemaregistry.client.rest.entities.SchemaReference;
import io.confluent.kafka.schemaregistry.protobuf.ProtobufSchema;
import io.confluent.kafka.schemaregistry.protobuf.ProtobufSchemaUtils;
import io.confluent.kafka.serializers.protobuf.KafkaProtobufDeserializer;
import io.confluent.kafka.serializers.protobuf.KafkaProtobufSerializer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Confluent's Protobuf serialisers; see Exchange. */
public final class ProtobufExchange implements Exchange.Format {
  public static void main(String[] arguments) throws Exception {
    Exchange.run(new ProtobufExchange(), arguments);
  }

  @Override
  public Class<?> serializer() {
    return KafkaProtobufSerializer.class;
  }

  @Override
  public Class<?> deserializer() {
    return KafkaProtobufDeserializer.class;
  }

  @Override
  public Object read(String name, List<String> files, String json) throws Exception {
    List<SchemaReference> references = new ArrayList<>();
    Map<String, String> texts = new HashMap<>();
    for (int i = 1; i < files.size(); i += 2) {
      references.add(new SchemaReference(files.get(i), files.get(i), 1));
      texts.put(files.get(i), files.get(i + 1));
    }
    return ProtobufSchemaUtils.toObject(json, new ProtobufSchema(files.get(0), references, texts, null, name));
  }

  @Override
  public String shown(Object value) throws Exception {
    Message message = (Message) value;
    JsonFormat.Printer printer = JsonFormat.printer().omittingInsignificantWhitespace().preservingProtoFieldNames();
    return message.getDescriptorForType().getFullName() + " " + printer.print(message);
  }
}
