import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;

/** Reads lines "READER<tab>WRITER" (Avro schemas as JSON), writes a line for each: what Apache Avro says. */
public final class AvroVerdicts {
  public static void main(String[] arguments) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] pair = line.split("\t");
      out.println(verdict(pair[0], pair[1]));
    }
    out.flush();
  }

  private static String verdict(String reader, String writer) {
    Schema readerSchema;
    Schema writerSchema;
    try {
      readerSchema = new Schema.Parser().parse(reader);
      writerSchema = new Schema.Parser().parse(writer);
    } catch (RuntimeException error) {
      return "refused";
    }
    try {
      boolean fits = SchemaCompatibility.checkReaderWriterCompatibility(readerSchema, writerSchema).getType()
          == SchemaCompatibility.SchemaCompatibilityType.COMPATIBLE;
      return fits ? "compatible" : "incompatible";
    } catch (RuntimeException ambiguousAlias) {
      return "incompatible";
    }
  }
}
