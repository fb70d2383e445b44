// Confluent's own Java client and Avro rules, which come inside a jar of Apache Flink. "client URL": what an application does with a
// registry. "forms": for each line of standard input, a schema, its canonical and its normalised form, or "refused".
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.avro.AvroSchema;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.rest.entities.SchemaReference;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;

public final class ConfluentClient {
  private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("client")) client(arguments[1]);
    else forms();
  }

  private interface Call {
    Object get() throws Exception;
  }

  private static void step(String name, Call call) throws Exception {
    String value;
    try {
      value = String.valueOf(call.get());
    } catch (RestClientException error) {
      value = error.getStatus() + " " + error.getErrorCode();
    }
    OUT.println(name + "\t" + value);
  }

  private static void client(String url) throws Exception {
    var client = new CachedSchemaRegistryClient(url, 100);
    var first = new AvroSchema("{\"type\":\"record\",\"name\":\"Order\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"}]}");
    var wider = new AvroSchema(
        "{\"type\":\"record\",\"name\":\"Order\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"n\",\"type\":\"int\",\"default\":0}]}");
    var broken = new AvroSchema(
        "{\"type\":\"record\",\"name\":\"Order\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"m\",\"type\":\"int\"}]}");
    step("register", () -> client.register("java-value", first));
    step("again", () -> new CachedSchemaRegistryClient(url, 10).register("java-value", first));
    step("normalized", () -> new CachedSchemaRegistryClient(url, 10).register("java-value", first, true));
    step("id", () -> client.getId("java-value", first));
    step("version", () -> client.getVersion("java-value", first));
    step("by id", () -> new CachedSchemaRegistryClient(url, 10).getSchemaById(1).canonicalString());
    step("by subject and id", () -> new CachedSchemaRegistryClient(url, 10).getSchemaBySubjectAndId("java-value", 1).name());
    step("compatible", () -> client.testCompatibility("java-value", wider));
    step("incompatible", () -> client.testCompatibility("java-value", broken));
    step("why", () -> String.join(" ", client.testCompatibilityVerbose("java-value", broken)).contains("READER_FIELD_MISSING_DEFAULT_VALUE"));
    step("refused", () -> client.register("java-value", broken));
    step("second", () -> client.register("java-value", wider));
    step("latest", () -> client.getLatestSchemaMetadata("java-value").getVersion());
    step("versions", () -> client.getAllVersions("java-value"));
    step("level", () -> client.updateCompatibility("java-value", "FULL") + " " + client.getCompatibility("java-value"));
    step("no level", () -> client.getCompatibility("nobody"));
    step("mode", () -> client.setMode("READONLY", "java-value") + " " + client.getMode("java-value"));
    step("read-only", () -> client.register("java-value", new AvroSchema("\"string\"")));
    step("mode back", () -> {
      client.deleteMode("java-value");
      return "done";
    });
    var reference = List.of(new SchemaReference("Order", "java-value", 1));
    var list = new AvroSchema("{\"type\":\"array\",\"items\":\"Order\"}", reference, Map.of("Order", first.canonicalString()), null);
    step("with reference", () -> client.register("java-list", list));
    step("resolved", () -> new CachedSchemaRegistryClient(url, 10).getSchemaById(3).references());
    step("subjects", () -> client.getAllSubjects());
    step("subjects of id", () -> client.getAllSubjectsById(1));
    step("referenced", () -> client.deleteSchemaVersion("java-value", "1"));
    step("delete list", () -> client.deleteSubject("java-list"));
    step("delete for good", () -> client.deleteSubject("java-list", true));
    step("delete version", () -> client.deleteSchemaVersion("java-value", "2"));
    step("unknown id", () -> new CachedSchemaRegistryClient(url, 10).getSchemaById(99));
    step("unknown subject", () -> client.getLatestSchemaMetadata("nobody"));
  }

  private static void forms() throws Exception {
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      try {
        var schema = new AvroSchema(line);
        OUT.println(schema.canonicalString() + "\t" + ((AvroSchema) schema.normalize()).canonicalString());
      } catch (RuntimeException error) {
        OUT.println("refused");
      }
    }
  }
}
