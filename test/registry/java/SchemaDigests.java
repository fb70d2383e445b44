import io.confluent.kafka.schemaregistry.client.rest.entities.Schema;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.apache.pinot.shaded.com.fasterxml.jackson.databind.ObjectMapper;

/** What Confluent's own class digests of a schema, for its GUID: reads a schema as JSON a line, writes the MD5 digest. */
public final class SchemaDigests {
  public static void main(String[] arguments) throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      MessageDigest digest = MessageDigest.getInstance("MD5");
      mapper.readValue(line, Schema.class).updateHash(digest);
      out.println(HexFormat.of().formatHex(digest.digest()));
    }
    out.flush();
  }
}
