import com.squareup.wire.schema.Location;
import com.squareup.wire.schema.internal.parser.EnumElement;
import com.squareup.wire.schema.internal.parser.FieldElement;
import com.squareup.wire.schema.internal.parser.MessageElement;
import com.squareup.wire.schema.internal.parser.OneOfElement;
import com.squareup.wire.schema.internal.parser.ProtoFileElement;
import com.squareup.wire.schema.internal.parser.ProtoParser;
import com.squareup.wire.schema.internal.parser.TypeElement;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;

/**
 * How the parser under Confluent's Protobuf serialisers reads .proto texts: one a line in base64; writes enums, and messages with
 * their fields, in order of their names, or "refused".
 */
public final class ProtoShapes {
  public static void main(String[] arguments) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String shape;
      try {
        String text = new String(Base64.getDecoder().decode(line), StandardCharsets.UTF_8);
        ProtoFileElement file = ProtoParser.Companion.parse(Location.get("in.proto"), text);
        List<String> lines = new ArrayList<>();
        for (TypeElement type : file.getTypes()) add(lines, "", type);
        Collections.sort(lines);
        shape = (file.getPackageName() == null ? "" : file.getPackageName()) + "|" + String.join("|", lines);
      } catch (RuntimeException error) {
        shape = "refused";
      }
      out.println(shape);
    }
    out.flush();
  }

  private static void add(List<String> lines, String scope, TypeElement type) {
    String name = scope + type.getName();
    if (type instanceof EnumElement) {
      lines.add("enum " + name);
    } else if (type instanceof MessageElement) {
      MessageElement message = (MessageElement) type;
      lines.add(name);
      for (FieldElement field : message.getFields()) lines.add(name + field(field, ""));
      for (OneOfElement oneOf : message.getOneOfs()) for (FieldElement field : oneOf.getFields()) lines.add(name + field(field, oneOf.getName()));
      for (TypeElement nested : type.getNestedTypes()) add(lines, name + ".", nested);
    }
  }

  private static String field(FieldElement field, String oneOf) {
    String label = field.getLabel() == null ? "" : field.getLabel().name().toLowerCase();
    return "#" + field.getTag() + " " + label + " " + field.getType() + " " + field.getName() + " " + oneOf;
  }
}
