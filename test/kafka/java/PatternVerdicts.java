// What the library says with which Apache Kafka's coordinator matches the patterns of consumer groups: for each line of the first file, a
// pattern and candidates in Base64, the second file gets a line: a digit per candidate (1: the whole of it matches), or "refused".
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

public final class PatternVerdicts {
    public static void main(String[] args) throws Exception {
        List<String> verdicts = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(args[0]))) {
            String[] parts = line.split(" ", -1);
            StringBuilder verdict = new StringBuilder();
            try {
                Pattern pattern = Pattern.compile(text(parts[0]));
                for (int i = 1; i < parts.length; i++) verdict.append(pattern.matcher(text(parts[i])).matches() ? '1' : '0');
            } catch (PatternSyntaxException | StackOverflowError refused) {
                verdict.setLength(0);
                verdict.append("refused");
            }
            verdicts.add(verdict.toString());
        }
        Files.write(Path.of(args[1]), verdicts);
    }

    private static String text(String encoded) {
        return new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
    }
}
