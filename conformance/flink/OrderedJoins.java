// Joins of hard-cases.ts on Apache Flink's operators, with the order of the two inputs settled: record by record, the left side first, and a
// watermark after each. Window joins run on one stream of both sides, as Flink's own do behind their union; interval and temporal joins on
// Flink's operators in its test harness (flink-runtime's test jar).
import java.util.*;
import org.apache.flink.api.common.functions.*;
import org.apache.flink.api.common.typeinfo.*;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.flink.streaming.api.datastream.*;
import org.apache.flink.streaming.api.functions.co.ProcessJoinFunction;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.api.operators.co.IntervalJoinOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.api.windowing.evictors.Evictor;
import org.apache.flink.streaming.api.windowing.triggers.Trigger;
import org.apache.flink.streaming.api.windowing.windows.*;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.apache.flink.table.data.*;
import org.apache.flink.table.runtime.generated.*;
import org.apache.flink.table.runtime.operators.join.temporal.TemporalRowTimeJoinOperator;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.*;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import java.time.Duration;

@SuppressWarnings({"unchecked", "rawtypes", "serial"})
public class OrderedJoins {
  public static class Tagged {
    public boolean right; public RandomCases.R r;
    public Tagged() {}
    Tagged(boolean right, RandomCases.R r) { this.right = right; this.r = r; }
  }

  static DataStream<String> join(JsonNode one, DataStream<RandomCases.R> stream) throws Exception {
    String type = one.get("join").get("type").asText();
    if (type.equals("window") || type.equals("coGroup")) return window(one, stream);
    List<String> rows = new ArrayList<>();
    if (type.equals("interval")) interval(one, rows); else temporal(one, rows);
    rows.add("");
    return stream.getExecutionEnvironment().fromData(rows).filter(row -> !row.isEmpty());
  }

  static DataStream<String> window(JsonNode one, DataStream<RandomCases.R> stream) throws Exception {
    JsonNode j = one.get("join");
    boolean grouped = j.get("type").asText().equals("coGroup");
    ObjectNode w = ((ObjectNode) j).deepCopy();
    w.put("type", j.has("gapMs") ? "session" : j.has("slideMs") ? "sliding" : "tumbling");
    var left = new RandomCases.Condition(one.get("left"));
    var right = new RandomCases.Condition(one.get("right"));
    var key = new RandomCases.Key(one);
    KeyedStream<Tagged, String> tagged = stream.flatMap((FlatMapFunction<RandomCases.R, Tagged>) (r, out) -> {
      if (left.filter(r)) out.collect(new Tagged(false, r));
      if (right.filter(r)) out.collect(new Tagged(true, r));
    }).returns(Tagged.class).keyBy((KeySelector<Tagged, String>) t -> key.getKey(t.r));
    WindowedStream<Tagged, String, Window> windowed = tagged.window(RandomCases.assigner(w));
    windowed = windowed.allowedLateness(Duration.ofMillis(one.get("allowedLatenessMs").asLong()));
    if (one.has("trigger")) windowed = windowed.trigger((Trigger) RandomCases.trigger(one.get("trigger")));
    if (one.has("evictor")) windowed = windowed.evictor((Evictor) RandomCases.evictor(one.get("evictor")));
    return windowed.process(new ProcessWindowFunction<Tagged, String, String, Window>() {
      public void process(String k, Context ctx, Iterable<Tagged> elements, Collector<String> out) {
        List<Integer> lefts = new ArrayList<>(), rights = new ArrayList<>();
        int low = Integer.MAX_VALUE;
        for (Tagged t : elements) { (t.right ? rights : lefts).add(t.r.i); low = Math.min(low, t.r.i); }
        if (!grouped) for (int a : lefts) for (int b : rights) out.collect("m[" + a + "," + b + "]");
        else if (low < Integer.MAX_VALUE) out.collect("m[" + low + "," + lefts.size() + "," + rights.size() + "]");
      }
    }, Types.STRING);
  }

  interface Feed { void feed(RandomCases.R r) throws Exception; }

  /** Each record to both sides, as their conditions say, and then the watermark to both. */
  static void drive(JsonNode one, KeyedTwoInputStreamOperatorTestHarness harness, Feed left, Feed right) throws Exception {
    var filter = one.has("filter") ? new RandomCases.Condition(one.get("filter")) : null;
    var isLeft = new RandomCases.Condition(one.get("left"));
    var isRight = new RandomCases.Condition(one.get("right"));
    long max = Long.MIN_VALUE, delay = RandomCases.ms(one, "watermarkDelayMs");
    for (RandomCases.R r : RandomCases.records(one)) {
      if (filter != null && !filter.filter(r)) continue;
      if (isLeft.filter(r)) left.feed(r);
      if (isRight.filter(r)) right.feed(r);
      if (r.ts > max) { max = r.ts; harness.processBothWatermarks(new Watermark(max - delay - 1)); }
    }
    harness.processBothWatermarks(Watermark.MAX_WATERMARK);
  }

  static void interval(JsonNode one, List<String> rows) throws Exception {
    JsonNode j = one.get("join");
    OutputTag<RandomCases.R> lateLeft = new OutputTag<>("left", TypeInformation.of(RandomCases.R.class));
    OutputTag<RandomCases.R> lateRight = new OutputTag<>("right", TypeInformation.of(RandomCases.R.class));
    var serializer = TypeInformation.of(RandomCases.R.class).createSerializer(new org.apache.flink.api.common.serialization.SerializerConfigImpl());
    var operator = new IntervalJoinOperator<String, RandomCases.R, RandomCases.R, String>(RandomCases.ms(j, "lowerMs"), RandomCases.ms(j, "upperMs"),
      !j.has("lowerExclusive"), !j.has("upperExclusive"), lateLeft, lateRight, serializer, serializer,
      new ProcessJoinFunction<RandomCases.R, RandomCases.R, String>() {
        public void processElement(RandomCases.R a, RandomCases.R b, Context ctx, Collector<String> out) {
          out.collect("m[" + a.i + "," + b.i + "," + ctx.getTimestamp() + "]");
        }
      });
    var key = new RandomCases.Key(one);
    try (var harness = new KeyedTwoInputStreamOperatorTestHarness<String, RandomCases.R, RandomCases.R, String>(
        (TwoInputStreamOperator) operator, key, key, Types.STRING)) {
      harness.setup();
      harness.open();
      drive(one, harness, r -> harness.processElement1(new StreamRecord<>(r, r.ts)), r -> harness.processElement2(new StreamRecord<>(r, r.ts)));
      for (Object o : harness.getOutput()) if (o instanceof StreamRecord) rows.add((String) ((StreamRecord) o).getValue());
      for (var tag : List.of(lateLeft, lateRight))
        if (harness.getSideOutput(tag) != null)
          for (StreamRecord<RandomCases.R> o : harness.getSideOutput(tag)) rows.add("l[\"" + tag.getId() + "\"," + o.getValue().i + "]");
    }
  }

  public static class Always extends AbstractRichFunction implements JoinCondition {
    public boolean apply(RowData a, RowData b) { return true; }
  }

  static void temporal(JsonNode one, List<String> rows) throws Exception {
    JsonNode j = one.get("join");
    long deleteBelow = j.has("deleteBelow") ? j.get("deleteBelow").asLong() : Long.MIN_VALUE;
    InternalTypeInfo<RowData> type = InternalTypeInfo.ofFields(new BigIntType(), new VarCharType(VarCharType.MAX_LENGTH), new IntType());
    var condition = new GeneratedJoinCondition("Always", "", new Object[0]) {
      public JoinCondition newInstance(ClassLoader loader) { return new Always(); }
    };
    var operator = new TemporalRowTimeJoinOperator(type, type, condition, 0, 0, 0, 0, j.has("outer"));
    KeySelector<RowData, String> byKey = row -> row.getString(1).toString();
    var key = new RandomCases.Key(one);
    try (var harness = new KeyedTwoInputStreamOperatorTestHarness<String, RowData, RowData, RowData>(operator, byKey, byKey, Types.STRING)) {
      harness.setup();
      harness.open();
      drive(one, harness,
        r -> harness.processElement1(new StreamRecord<>(row(RowKind.INSERT, r, key))),
        r -> harness.processElement2(new StreamRecord<>(row(r.v < deleteBelow ? RowKind.DELETE : RowKind.INSERT, r, key))));
      for (Object o : harness.getOutput()) {
        if (!(o instanceof StreamRecord)) continue;
        RowData pair = (RowData) ((StreamRecord) o).getValue();
        rows.add("m[" + pair.getInt(2) + "," + (pair.isNullAt(5) ? "null" : "" + pair.getInt(5)) + "]");
      }
    }
  }

  static RowData row(RowKind kind, RandomCases.R r, RandomCases.Key key) {
    GenericRowData row = GenericRowData.ofKind(kind, r.ts, StringData.fromString(key.getKey(r)), r.i);
    return row;
  }
}
