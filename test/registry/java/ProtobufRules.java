import io.confluent.kafka.schemaregistry.client.rest.entities.SchemaReference;
import io.confluent.kafka.schemaregistry.protobuf.ProtobufSchema;
import io.confluent.kafka.schemaregistry.protobuf.diff.Difference;
import io.confluent.kafka.schemaregistry.protobuf.diff.SchemaDiff;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * What Confluent's Protobuf classes say of .proto texts, a question a line, its parts in base64 with tabs between. "rules": a writer's and a
 * reader's file, each a text and behind it, separated by NUL, the names and texts of its references; answers the incompatible differences in
 * order, "TYPE path" with commas between, or "refused". "forms": one file; answers its canonical and its normalised text in base64, or "refused".
 */
public final class ProtobufRules {
  public static void main(String[] arguments) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] parts = line.split("\t");
      String answer;
      try {
        answer = parts[0].equals("rules") ? rules(schema(parts[1], "writer"), schema(parts[2], "reader")) : forms(schema(parts[1], "one"));
      } catch (RuntimeException error) {
        answer = "refused";
      }
      out.println(answer);
    }
    out.flush();
  }

  private static String rules(ProtobufSchema writer, ProtobufSchema reader) {
    String messages = String.join("\n", reader.isBackwardCompatible(writer));
    TreeSet<String> found = new TreeSet<>();
    for (Difference difference : SchemaDiff.compare(writer, reader)) {
      String type = difference.getType().name();
      if (messages.matches("(?s).*\\b" + type + "\\b.*")) found.add(type + " " + difference.getFullPath());
    }
    return String.join(",", found);
  }

  private static String forms(ProtobufSchema schema) {
    Base64.Encoder base64 = Base64.getEncoder();
    byte[] canonical = schema.canonicalString().getBytes(StandardCharsets.UTF_8);
    byte[] normalized = schema.normalize().canonicalString().getBytes(StandardCharsets.UTF_8);
    return base64.encodeToString(canonical) + "\t" + base64.encodeToString(normalized);
  }

  private static ProtobufSchema schema(String base64, String owner) {
    List<String> parts = Arrays.asList(new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8).split("\0", -1));
    List<SchemaReference> references = new ArrayList<>();
    Map<String, String> texts = new HashMap<>();
    for (int i = 1; i < parts.size(); i += 2) {
      references.add(new SchemaReference(parts.get(i), owner + " " + parts.get(i), 1));
      texts.put(parts.get(i), parts.get(i + 1));
    }
    return new ProtobufSchema(parts.get(0), references, texts, null, null);
  }
}
