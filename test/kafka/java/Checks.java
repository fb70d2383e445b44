// Runs checks of Kafka's own clients and tools against one broker. Each check prints one line of JSON: its name, whether it held, and what
// it saw. What it saw must be the same on every broker, so it names nothing random: no ids, no ports, no times.
// Arguments: bootstrap servers, then optionally a part of the names of the checks to run.

import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

public final class Checks {
    interface Body {
        Object run() throws Exception;
    }

    interface Condition {
        boolean holds() throws Exception;
    }

    private static final int CHECK_TIMEOUT_SECONDS = 60;
    private static final int WAIT_MS = 20_000;
    static final PrintStream OUT = System.out;
    static String servers;
    private static final Map<String, Body> ALL = new LinkedHashMap<>();

    static void check(String name, Body body) {
        if (ALL.put(name, body) != null) throw new IllegalArgumentException("two checks are named " + name);
    }

    public static void main(String[] args) throws Exception {
        servers = args[0];
        String part = args.length > 1 ? args[1] : "";
        TopicChecks.add();
        ClusterChecks.add();
        ProducerChecks.add();
        ConsumerChecks.add();
        GroupChecks.add();
        TransactionChecks.add();
        ToolChecks.add();
        ToolCommandChecks.add();
        var executor = Executors.newCachedThreadPool(work -> {
            var thread = new Thread(work);
            thread.setDaemon(true);
            return thread;
        });
        for (var entry : ALL.entrySet()) {
            if (!entry.getKey().contains(part)) continue;
            long start = System.nanoTime();
            Future<Object> running = executor.submit(() -> entry.getValue().run());
            boolean ok = false;
            String saw;
            try {
                saw = String.valueOf(running.get(CHECK_TIMEOUT_SECONDS, TimeUnit.SECONDS));
                ok = true;
            } catch (TimeoutException e) {
                running.cancel(true);
                saw = "no end after " + CHECK_TIMEOUT_SECONDS + " s";
            } catch (ExecutionException e) {
                saw = trace(e.getCause());
            }
            long ms = (System.nanoTime() - start) / 1_000_000;
            OUT.println("{\"check\":" + json(entry.getKey()) + ",\"ok\":" + ok + ",\"ms\":" + ms + ",\"saw\":" + json(saw) + "}");
        }
        OUT.println("{\"end\":true}");
        Runtime.getRuntime().halt(0);
    }

    /** The simple name of what a call fails with, without the wrappers of futures; "no error" if it does not. */
    static String errorOf(Body body) {
        try {
            Object result = body.run();
            return "no error: " + result;
        } catch (Throwable e) {
            Throwable cause = e;
            while (cause.getCause() != null && (cause instanceof ExecutionException || cause.getClass() == org.apache.kafka.common.KafkaException.class))
                cause = cause.getCause();
            return cause.getClass().getSimpleName();
        }
    }

    static void await(String what, Condition condition) throws Exception {
        long end = System.currentTimeMillis() + WAIT_MS;
        Exception last = null;
        while (System.currentTimeMillis() < end) {
            try {
                if (condition.holds()) return;
            } catch (ExecutionException e) {
                last = e; // what was changed a moment ago may not be everywhere yet
            }
            Thread.sleep(20);
        }
        throw new AssertionError("not within " + WAIT_MS + " ms: " + what, last);
    }

    static void isTrue(String what, boolean holds) {
        if (!holds) throw new AssertionError(what);
    }

    private static String trace(Throwable e) {
        var text = new StringBuilder(e.toString());
        var frames = e.getStackTrace();
        for (int i = 0; i < Math.min(frames.length, 6); i++) text.append("\n  at ").append(frames[i]);
        if (e.getCause() != null) text.append("\ncaused by ").append(e.getCause());
        return text.toString();
    }

    static String json(String text) {
        var out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') out.append('\\').append(c);
            else if (c < ' ') out.append(String.format("\\u%04x", (int) c));
            else out.append(c);
        }
        return out.append('"').toString();
    }

    private Checks() {}
}
