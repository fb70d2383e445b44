// Runs the cases of random-cases.ts on Apache Flink's DataStream API, parallelism 1, and writes the rows it gives:
// `java RandomCases CASES.json RESULTS.json`. The class path holds Flink's jars; nothing of this project.
import java.io.File;
import java.util.*;
import org.apache.flink.api.common.eventtime.*;
import org.apache.flink.api.common.functions.*;
import org.apache.flink.api.common.state.*;
import org.apache.flink.api.common.typeinfo.*;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.*;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.*;
import org.apache.flink.streaming.api.datastream.*;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.TimerService;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.co.ProcessJoinFunction;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.functions.windowing.delta.DeltaFunction;
import org.apache.flink.streaming.api.windowing.assigners.*;
import org.apache.flink.streaming.api.windowing.evictors.*;
import org.apache.flink.streaming.api.windowing.triggers.*;
import org.apache.flink.streaming.api.windowing.windows.*;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import java.time.Duration;

@SuppressWarnings({"unchecked", "rawtypes"})
public class RandomCases {
  /** Independent pipelines of one job. */
  static final int CASES_PER_JOB = 40;

  public static class R {
    public int i; public long ts; public String k; public long v; public int f; public int side;
    public R() {}
    Object get(String field) {
      switch (field) {
        case "i": return (long) i;
        case "ts": return ts;
        case "k": return k;
        case "v": return v;
        case "f": return (long) f;
        default: return (long) side;
      }
    }
  }

  /** A condition in JSON, parsed where it runs. */
  public static class Condition implements FilterFunction<R> {
    final String text;
    transient JsonNode parsed;
    Condition(JsonNode node) { text = node.toString(); }
    public boolean filter(R r) throws Exception {
      if (parsed == null) parsed = new ObjectMapper().readTree(text);
      return value(parsed, r).equals(true);
    }
    static Object value(JsonNode n, R r) {
      if (n.isNumber()) return n.asLong();
      if (n.isTextual()) return n.asText();
      if (n.isBoolean()) return n.asBoolean();
      String op = n.get(0).asText();
      if (op.equals("f")) return r.get(n.get(1).asText());
      if (op.equals("and") || op.equals("or")) {
        for (int at = 1; at < n.size(); at++) if (value(n.get(at), r).equals(op.equals("or"))) return op.equals("or");
        return op.equals("and");
      }
      Object a = value(n.get(1), r);
      if (op.equals("not")) return !a.equals(true);
      if (op.equals("isNull")) return false;
      if (op.equals("in")) { for (JsonNode one : n.get(2)) if (value(one, r).equals(a)) return true; return false; }
      Object b = value(n.get(2), r);
      switch (op) {
        case "+": return (Long) a + (Long) b;
        case "-": return (Long) a - (Long) b;
        case "*": return (Long) a * (Long) b;
        case "%": return (Long) a % (Long) b;
        case "startsWith": return ((String) a).startsWith((String) b);
        case "endsWith": return ((String) a).endsWith((String) b);
        case "contains": return ((String) a).contains((String) b);
        case "==": return a.equals(b);
        case "!=": return !a.equals(b);
      }
      int c = ((Comparable) a).compareTo(b);
      return op.equals("<") ? c < 0 : op.equals("<=") ? c <= 0 : op.equals(">") ? c > 0 : c >= 0;
    }
  }

  public static class Key implements KeySelector<R, String> {
    final List<String> fields = new ArrayList<>();
    Key(JsonNode one) { if (one.has("key")) for (JsonNode field : one.get("key")) fields.add(field.asText()); }
    public String getKey(R r) {
      if (fields.isEmpty()) return "all";
      StringJoiner joined = new StringJoiner("|");
      for (String field : fields) joined.add(String.valueOf(r.get(field)));
      return joined.toString();
    }
  }

  public static void main(String[] args) throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    JsonNode cases = mapper.readTree(new File(args[0]));
    Map<String, ObjectNode> results = new LinkedHashMap<>();
    for (int from = 0; from < cases.size(); from += CASES_PER_JOB) {
      var configuration = new Configuration();
      configuration.setString("taskmanager.memory.network.min", "256m");
      configuration.setString("taskmanager.memory.network.max", "256m");
      var env = StreamExecutionEnvironment.createLocalEnvironment(1, configuration);
      DataStream<String> all = null;
      for (int at = from; at < Math.min(cases.size(), from + CASES_PER_JOB); at++) {
        String id = cases.get(at).get("id").asText();
        ObjectNode result = results.computeIfAbsent(id, x -> mapper.createObjectNode());
        result.put("id", id);
        result.putArray("main");
        result.putArray("late");
        DataStream<String> rows = build(env, cases.get(at)).map(row -> id + "\t" + row).returns(Types.STRING);
        all = all == null ? rows : all.union(rows);
      }
      try (var rows = all.executeAndCollect()) {
        while (rows.hasNext()) {
          String[] row = rows.next().split("\t", 2);
          ((ArrayNode) results.get(row[0]).get(row[1].charAt(0) == 'm' ? "main" : "late")).add(row[1].substring(1));
        }
      }
      mapper.writeValue(new File(args[1]), results.values());
      System.out.println(results.size() + " cases");
    }
    System.exit(0);
  }

  static long ms(JsonNode n, String name) { return n.has(name) ? n.get(name).asLong() : 0; }

  static List<R> records(JsonNode one) {
    List<R> all = new ArrayList<>();
    for (JsonNode row : one.get("rows")) {
      R r = new R();
      r.i = all.size(); r.ts = row.get(0).asLong(); r.k = row.get(1).asText(); r.v = row.get(2).asLong();
      r.f = row.get(3).asInt(); r.side = row.get(4).asInt();
      all.add(r);
    }
    return all;
  }

  static DataStream<String> build(StreamExecutionEnvironment env, JsonNode one) throws Exception {
    List<R> all = records(one);
    long delay = ms(one, "watermarkDelayMs");
    DataStream<R> stream = env.fromData(all).setParallelism(1);
    if (one.has("filter")) stream = stream.filter(new Condition(one.get("filter")));
    stream = stream.assignTimestampsAndWatermarks(WatermarkStrategy.<R>forGenerator(ctx -> new WatermarkGenerator<R>() {
      long max = Long.MIN_VALUE;
      public void onEvent(R r, long t, WatermarkOutput out) { if (r.ts > max) { max = r.ts; out.emitWatermark(new Watermark(max - delay - 1)); } }
      public void onPeriodicEmit(WatermarkOutput out) {}
    }).withTimestampAssigner((r, t) -> r.ts));
    switch (one.get("kind").asText()) {
      case "window": return window(one, stream);
      case "join": return join(one, stream);
      default: return stream.keyBy(new Key(one)).process(function(one), Types.STRING);
    }
  }

  static KeyedProcessFunction<String, R, String> function(JsonNode one) {
    long param = ms(one, "paramMs");
    switch (one.get("function").asText()) {
      case "inactivity": return new Inactivity(param);
      case "dedup": return new Dedup(param);
      case "sortBuffer": return new SortBuffer();
      case "deletions": return new Deletions(param);
      default: return new Timers(param);
    }
  }

  static ValueState<Long> number(RuntimeContext context, String name) { return context.getState(new ValueStateDescriptor<>(name, Types.LONG)); }

  public static class Inactivity extends KeyedProcessFunction<String, R, String> {
    final long param; transient ValueState<Long> n, timer;
    Inactivity(long param) { this.param = param; }
    public void open(OpenContext x) { n = number(getRuntimeContext(), "n"); timer = number(getRuntimeContext(), "timer"); }
    public void processElement(R r, Context ctx, Collector<String> out) throws Exception {
      n.update(n.value() == null ? 1 : n.value() + 1);
      if (timer.value() != null) ctx.timerService().deleteEventTimeTimer(timer.value());
      ctx.timerService().registerEventTimeTimer(ctx.timestamp() + param);
      timer.update(ctx.timestamp() + param);
    }
    public void onTimer(long at, OnTimerContext ctx, Collector<String> out) throws Exception {
      out.collect("m[\"" + ctx.getCurrentKey() + "\"," + at + "," + n.value() + "]");
      n.clear(); timer.clear();
    }
  }

  public static class Dedup extends KeyedProcessFunction<String, R, String> {
    final long param; transient ValueState<Long> seen;
    Dedup(long param) { this.param = param; }
    public void open(OpenContext x) { seen = number(getRuntimeContext(), "seen"); }
    public void processElement(R r, Context ctx, Collector<String> out) throws Exception {
      if (seen.value() != null) return;
      seen.update(1L);
      ctx.timerService().registerEventTimeTimer(ctx.timestamp() + param);
      out.collect("m[" + r.i + "]");
    }
    public void onTimer(long at, OnTimerContext ctx, Collector<String> out) { seen.clear(); }
  }

  public static class SortBuffer extends KeyedProcessFunction<String, R, String> {
    transient MapState<Long, List<Integer>> waiting; transient ValueState<Long> sent;
    public void open(OpenContext x) {
      waiting = getRuntimeContext().getMapState(new MapStateDescriptor<>("waiting", Types.LONG, Types.LIST(Types.INT)));
      sent = number(getRuntimeContext(), "sent");
    }
    public void processElement(R r, Context ctx, Collector<String> out) throws Exception {
      if (ctx.timestamp() <= ctx.timerService().currentWatermark()) { out.collect("m[\"" + ctx.getCurrentKey() + "\",null," + r.i + "]"); return; }
      List<Integer> list = waiting.get(ctx.timestamp());
      if (list == null) list = new ArrayList<>();
      list.add(r.i);
      waiting.put(ctx.timestamp(), list);
      ctx.timerService().registerEventTimeTimer(ctx.timestamp());
    }
    public void onTimer(long at, OnTimerContext ctx, Collector<String> out) throws Exception {
      long n = sent.value() == null ? 0 : sent.value();
      for (int i : waiting.get(at)) out.collect("m[\"" + ctx.getCurrentKey() + "\"," + n++ + "," + i + "]");
      sent.update(n);
      waiting.remove(at);
    }
  }

  /** As timers() in process-functions.ts. */
  public static class Timers extends KeyedProcessFunction<String, R, String> {
    final long param; transient ValueState<Long> n, last;
    Timers(long param) { this.param = param; }
    public void open(OpenContext x) { n = number(getRuntimeContext(), "n"); last = number(getRuntimeContext(), "last"); }
    public void processElement(R r, Context ctx, Collector<String> out) throws Exception {
      TimerService timers = ctx.timerService();
      long ts = ctx.timestamp(), distance = Math.abs(r.v);
      n.update((n.value() == null ? 0 : n.value()) + 1);
      switch ((int) (distance % 5)) {
        case 0: timers.registerEventTimeTimer(ts + distance); break;
        case 1: timers.registerEventTimeTimer(ts - distance); break;
        case 2: timers.deleteEventTimeTimer(ts + distance - 2); break;
        case 3:
          if (last.value() != null) timers.deleteEventTimeTimer(last.value());
          timers.registerEventTimeTimer(ts + param);
          last.update(ts + param);
          break;
        default: if (timers.currentWatermark() > Long.MIN_VALUE) timers.registerEventTimeTimer(timers.currentWatermark() + (r.v < 0 ? 0 : 1));
      }
    }
    public void onTimer(long at, OnTimerContext ctx, Collector<String> out) throws Exception {
      long count = n.value() == null ? 0 : n.value();
      out.collect("m[\"" + ctx.getCurrentKey() + "\"," + at + "," + count + "]");
      if (count > 0 && count % 3 == 0) ctx.timerService().registerEventTimeTimer(at + param);
      n.update(count - 1);
    }
  }

  /** As deletions() in process-functions.ts. */
  public static class Deletions extends KeyedProcessFunction<String, R, String> {
    final long param; transient ValueState<Long> n;
    Deletions(long param) { this.param = param; }
    public void open(OpenContext x) { n = number(getRuntimeContext(), "n"); }
    public void processElement(R r, Context ctx, Collector<String> out) throws Exception {
      TimerService own = ctx.timerService();
      long distance = Math.abs(r.v), near = ctx.timestamp() + param, far = near + param + distance, past = ctx.timestamp() - distance;
      n.update((n.value() == null ? 0 : n.value()) + 1);
      if (distance == 0 || distance == 4) own.registerEventTimeTimer(near);
      if (distance == 1) own.deleteEventTimeTimer(far);
      if (distance == 2) own.deleteEventTimeTimer(near);
      if (distance != 5) own.registerEventTimeTimer(distance < 4 ? near : far);
      if (distance == 3) own.deleteEventTimeTimer(near);
      if (distance >= 6) own.registerEventTimeTimer(past);
      if (distance == 7) own.deleteEventTimeTimer(past);
    }
    public void onTimer(long at, OnTimerContext ctx, Collector<String> out) throws Exception {
      TimerService own = ctx.timerService();
      long count = n.value() == null ? 0 : n.value();
      out.collect("m[\"" + ctx.getCurrentKey() + "\"," + at + "," + count + "]");
      own.deleteEventTimeTimer(at);
      if (count % 2 == 0) own.deleteEventTimeTimer(at + 1);
      if (count > 0 && count % 3 == 0) own.registerEventTimeTimer(at);
      if (count > 0 && count % 3 == 1) own.registerEventTimeTimer(at + param);
      if (count % 5 == 0) own.deleteEventTimeTimer(at + param);
      n.update(count - 1);
    }
  }

  /** As budget-trigger.ts. */
  public static class Budget extends Trigger<R, Window> {
    final long limit, ms; final TriggerResult fired;
    final ReducingStateDescriptor<Long> spent = new ReducingStateDescriptor<>("spent", Long::sum, Types.LONG);
    final ReducingStateDescriptor<Long> due = new ReducingStateDescriptor<>("due", Math::min, Types.LONG);
    Budget(long limit, long ms, boolean purges) { this.limit = limit; this.ms = ms; fired = purges ? TriggerResult.FIRE_AND_PURGE : TriggerResult.FIRE; }
    public TriggerResult onElement(R r, long ts, Window w, TriggerContext ctx) throws Exception {
      if (r.v == 0) return TriggerResult.PURGE;
      ReducingState<Long> total = ctx.getPartitionedState(spent), at = ctx.getPartitionedState(due);
      total.add(Math.abs(r.v));
      if (at.get() == null) { at.add(ts + ms); ctx.registerEventTimeTimer(ts + ms); }
      if (total.get() < limit) return TriggerResult.CONTINUE;
      total.clear();
      return fired;
    }
    public TriggerResult onEventTime(long time, Window w, TriggerContext ctx) throws Exception {
      ReducingState<Long> at = ctx.getPartitionedState(due);
      if (at.get() == null || at.get() != time) return TriggerResult.CONTINUE;
      at.clear();
      return fired;
    }
    public TriggerResult onProcessingTime(long time, Window w, TriggerContext ctx) { return TriggerResult.CONTINUE; }
    public boolean canMerge() { return true; }
    public void onMerge(Window w, OnMergeContext ctx) throws Exception {
      ctx.mergePartitionedState(spent);
      ctx.mergePartitionedState(due);
      Long at = ctx.getPartitionedState(due).get();
      if (at != null) ctx.registerEventTimeTimer(at);
    }
    public void clear(Window w, TriggerContext ctx) throws Exception {
      ReducingState<Long> at = ctx.getPartitionedState(due);
      if (at.get() != null) ctx.deleteEventTimeTimer(at.get());
      at.clear();
      ctx.getPartitionedState(spent).clear();
    }
  }

  static WindowAssigner assigner(JsonNode w) {
    switch (w.get("type").asText()) {
      case "tumbling": return TumblingEventTimeWindows.of(Duration.ofMillis(ms(w, "sizeMs")), Duration.ofMillis(ms(w, "offsetMs")));
      case "sliding": return SlidingEventTimeWindows.of(Duration.ofMillis(ms(w, "sizeMs")), Duration.ofMillis(ms(w, "slideMs")), Duration.ofMillis(ms(w, "offsetMs")));
      case "session": return EventTimeSessionWindows.withGap(Duration.ofMillis(ms(w, "gapMs")));
      case "dynamicSession": {
        long a = w.get("gap").get("thenMs").asLong(), b = w.get("gap").get("elseMs").asLong();
        return EventTimeSessionWindows.withDynamicGap((SessionWindowTimeGapExtractor<R>) r -> r.v < 0 ? a : b);
      }
      default: return GlobalWindows.create();
    }
  }

  static Trigger trigger(JsonNode t) throws Exception {
    switch (t.get("type").asText()) {
      case "count": return CountTrigger.of(t.get("n").asLong());
      case "continuousEventTime": return ContinuousEventTimeTrigger.of(Duration.ofMillis(ms(t, "intervalMs")));
      case "eventTime": return EventTimeTrigger.create();
      case "budget": return new Budget(t.get("n").asLong(), t.get("ms").asLong(), t.has("after"));
      case "delta": {
        TypeInformation<R> type = TypeInformation.of(R.class);
        return DeltaTrigger.of(t.get("threshold").asDouble(), (DeltaFunction<R>) (a, b) -> b.v - a.v, type.createSerializer(new org.apache.flink.api.common.serialization.SerializerConfigImpl()));
      }
      default: return PurgingTrigger.of(trigger(t.get("of")));
    }
  }

  static Evictor evictor(JsonNode e) {
    boolean after = e.has("after") && e.get("after").asBoolean();
    switch (e.get("type").asText()) {
      case "count": return CountEvictor.of(e.get("n").asLong(), after);
      case "time": return TimeEvictor.of(Duration.ofMillis(ms(e, "ms")), after);
      default: return DeltaEvictor.of(e.get("threshold").asDouble(), (DeltaFunction<R>) (a, b) -> b.v - a.v, after);
    }
  }

  static DataStream<String> window(JsonNode one, DataStream<R> stream) throws Exception {
    JsonNode w = one.get("window");
    KeyedStream<R, String> keyed = stream.keyBy(new Key(one));
    String summed = one.get("sum").asText();
    boolean counted = w.has("size");
    boolean global = counted || w.get("type").asText().equals("global");
    WindowedStream<R, String, Window> windowed;
    if (counted && w.has("slide")) windowed = (WindowedStream) keyed.countWindow(w.get("size").asLong(), w.get("slide").asLong());
    else if (counted) windowed = (WindowedStream) keyed.countWindow(w.get("size").asLong());
    else windowed = keyed.window(assigner(w));
    OutputTag<R> tag = new OutputTag<>("late", TypeInformation.of(R.class));
    if (one.has("allowedLatenessMs")) windowed = windowed.allowedLateness(Duration.ofMillis(ms(one, "allowedLatenessMs")));
    if (one.has("trigger")) windowed = windowed.trigger(trigger(one.get("trigger")));
    if (one.has("evictor")) windowed = windowed.evictor(evictor(one.get("evictor")));
    if (one.has("late")) windowed = windowed.sideOutputLateData(tag);
    SingleOutputStreamOperator<String> rows = windowed.process(new ProcessWindowFunction<R, String, String, Window>() {
      public void process(String k, Context ctx, Iterable<R> elements, Collector<String> out) {
        long n = 0, sum = 0; int low = Integer.MAX_VALUE, high = Integer.MIN_VALUE;
        for (R r : elements) { n++; sum += (Long) r.get(summed); low = Math.min(low, r.i); high = Math.max(high, r.i); }
        if (n == 0) return;
        String bounds = global ? "" : ((TimeWindow) ctx.window()).getStart() + "," + ((TimeWindow) ctx.window()).getEnd() + ",";
        out.collect("m[\"" + k + "\"," + bounds + n + "," + sum + "," + low + "," + high + "]");
      }
    }, Types.STRING);
    if (!one.has("late")) return rows;
    return rows.union(rows.getSideOutput(tag).map(r -> "l[" + r.i + "]").returns(Types.STRING));
  }

  static DataStream<String> join(JsonNode one, DataStream<R> stream) throws Exception {
    JsonNode j = one.get("join");
    if (one.has("ordered")) return OrderedJoins.join(one, stream);
    DataStream<R> left = stream.filter(new Condition(one.get("left"))), right = stream.filter(new Condition(one.get("right")));
    if (j.get("type").asText().equals("interval")) {
      var join = left.keyBy(new Key(one)).intervalJoin(right.keyBy(new Key(one))).between(Duration.ofMillis(ms(j, "lowerMs")), Duration.ofMillis(ms(j, "upperMs")));
      if (j.has("lowerExclusive")) join = join.lowerBoundExclusive();
      if (j.has("upperExclusive")) join = join.upperBoundExclusive();
      OutputTag<R> lt = new OutputTag<>("left", TypeInformation.of(R.class)), rt = new OutputTag<>("right", TypeInformation.of(R.class));
      if (one.has("late")) join = join.sideOutputLeftLateData(lt).sideOutputRightLateData(rt);
      SingleOutputStreamOperator<String> rows = join.process(new ProcessJoinFunction<R, R, String>() {
        public void processElement(R a, R b, Context ctx, Collector<String> out) { out.collect("m[" + a.i + "," + b.i + "," + ctx.getTimestamp() + "]"); }
      }, Types.STRING);
      if (!one.has("late")) return rows;
      return rows.union(rows.getSideOutput(lt).map(r -> "l[\"left\"," + r.i + "]").returns(Types.STRING), rows.getSideOutput(rt).map(r -> "l[\"right\"," + r.i + "]").returns(Types.STRING));
    }
    ObjectNode w = ((ObjectNode) j).deepCopy();
    w.put("type", j.has("gapMs") ? "session" : j.has("slideMs") ? "sliding" : "tumbling");
    if (j.get("type").asText().equals("window")) {
      var joined = left.join(right).where(new Key(one)).equalTo(new Key(one)).window(assigner(w));
      if (one.has("allowedLatenessMs")) joined = joined.allowedLateness(Duration.ofMillis(ms(one, "allowedLatenessMs")));
      if (one.has("trigger")) joined = joined.trigger(trigger2(one.get("trigger")));
      return joined.apply(new JoinFunction<R, R, String>() { public String join(R a, R b) { return "m[" + a.i + "," + b.i + "]"; } }, Types.STRING);
    }
    var grouped = left.coGroup(right).where(new Key(one)).equalTo(new Key(one)).window(assigner(w));
    if (one.has("allowedLatenessMs")) grouped = grouped.allowedLateness(Duration.ofMillis(ms(one, "allowedLatenessMs")));
    if (one.has("trigger")) grouped = grouped.trigger(trigger2(one.get("trigger")));
    if (one.has("evictor")) grouped = grouped.evictor((Evictor) evictor(one.get("evictor")));
    return grouped.apply(new CoGroupFunction<R, R, String>() {
      public void coGroup(Iterable<R> as, Iterable<R> bs, Collector<String> out) {
        int low = Integer.MAX_VALUE, a = 0, b = 0;
        for (R r : as) { a++; low = Math.min(low, r.i); }
        for (R r : bs) { b++; low = Math.min(low, r.i); }
        if (a + b > 0) out.collect("m[" + low + "," + a + "," + b + "]");
      }
    }, Types.STRING);
  }

  static Trigger trigger2(JsonNode t) throws Exception { return trigger(t); }
}
