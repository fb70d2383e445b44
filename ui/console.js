// The console's one page: reads /api/status and /api/topics/… every second and draws them. Everything from the server is set as text,
// never as HTML: record contents are somebody else's bytes.
const EVERY_MS = 1000;
const NODE = { width: 210, height: 64, gapX: 60, gapY: 22 };
const SVG = "http://www.w3.org/2000/svg";
const $ = (id) => document.getElementById(id);

let chosenJob;
let chosenTopic;

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const formatNumber = (value) => (value === null || value === undefined || Number.isNaN(value) ? "–" : number.format(value));
const percent = (ratio) => `${Math.round((ratio ?? 0) * 100)} %`;

function formatTime(ms) {
  if (ms === null || ms === undefined || !Number.isFinite(ms) || Math.abs(ms) > 8e15) return "–";
  return new Date(ms).toISOString().replace("T", " ").slice(0, 19);
}

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function svg(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function row(cells) {
  const made = element("tr");
  for (const cell of cells) made.append(element("td", cell));
  return made;
}

/** Column of each operator: one right of its rightmost input. */
function layout(operators) {
  const places = new Map();
  const used = [];
  for (const operator of operators) {
    const column = Math.max(-1, ...operator.inputs.map((id) => places.get(id)?.column ?? -1)) + 1;
    used[column] = (used[column] ?? 0) + 1;
    places.set(operator.id, { column, line: used[column] - 1 });
  }
  return { places, columns: used.length, lines: Math.max(1, ...used) };
}

function shorten(text, length) {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

function drawGraph(operators) {
  const { places, columns, lines } = layout(operators);
  const stepX = NODE.width + NODE.gapX;
  const stepY = NODE.height + NODE.gapY;
  const width = columns * stepX;
  const height = lines * stepY;
  const root = svg("svg", {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": "Operators and the streams between them",
  });
  const corner = (id) => ({ x: places.get(id).column * stepX + 1, y: places.get(id).line * stepY + 1 });
  for (const operator of operators)
    for (const input of operator.inputs) {
      if (!places.has(input)) continue;
      const from = corner(input);
      const to = corner(operator.id);
      const x1 = from.x + NODE.width;
      const y1 = from.y + NODE.height / 2;
      const y2 = to.y + NODE.height / 2;
      const bend = (to.x - x1) / 2;
      const edge = operator.edges?.find(({ from }) => from === input);
      const path = svg("path", { d: `M${x1},${y1} C${x1 + bend},${y1} ${to.x - bend},${y2} ${to.x},${y2}` });
      if (edge !== undefined) path.append(svg("title", {}, `${edge.output}: ${edge.partitioning}`));
      root.append(path);
      if (edge === undefined || ["chained", "forward"].includes(edge.partitioning)) continue;
      root.append(svg("text", { x: (x1 + to.x) / 2, y: (y1 + y2) / 2 - 3, class: "soft", "text-anchor": "middle" }, edge.partitioning));
    }
  for (const operator of operators) {
    const { x, y } = corner(operator.id);
    const group = svg("g", { transform: `translate(${x},${y})` });
    group.append(svg("rect", { class: "node", width: NODE.width, height: NODE.height, rx: 6 }));
    group.append(
      svg("text", { x: 10, y: 20 }, shorten(operator.parallelism > 1 ? `${operator.name} ×${operator.parallelism}` : operator.name, 28)),
    );
    group.append(
      svg(
        "text",
        { x: 10, y: 37, class: "soft" },
        `${operator.kind} · ${formatNumber(operator.recordsInPerSecond)}/s in · ${formatNumber(operator.recordsOutPerSecond)}/s out`,
      ),
    );
    const parts = [
      ["busy", operator.busyRatio],
      ["held", operator.backpressuredRatio],
      ["idle", operator.idleRatio],
    ];
    let at = 10;
    for (const [name, ratio] of parts) {
      const length = Math.max(0, Math.min(1, ratio ?? 0)) * (NODE.width - 20);
      group.append(svg("rect", { class: name, x: at, y: 48, width: length, height: 6 }));
      at += length;
    }
    group.append(svg("title", {}, `${operator.name}: watermark ${formatTime(operator.watermark)}`));
    root.append(group);
  }
  $("graph").replaceChildren(root);
}

function facts(pairs) {
  return pairs.map(([name, value, kind]) => {
    const box = element("div");
    box.append(element("dt", name), element("dd", value, kind ? { class: kind } : {}));
    return box;
  });
}

function drawPanels(panels) {
  $("panels").replaceChildren(
    ...panels.map((panel) => {
      const section = element("section");
      const list = element("dl");
      list.append(...facts(Object.entries(panel.facts)));
      section.append(element("h2", panel.title), list);
      return section;
    }),
  );
}

function drawFacts(job) {
  const { last, completed, failed } = job.checkpoints;
  const pairs = [
    ["State", job.state, `state-${job.state}`],
    ["Running since", formatTime(job.startedAt)],
    ["Parallelism", String(job.parallelism)],
    ["Restarts", String(job.restarts)],
    ["Checkpoints", `${completed} done, ${failed} failed`],
    [
      "Last checkpoint",
      last ? `#${last.id} · ${formatTime(last.at)} · ${last.durationMs.toFixed(0)} ms · ${formatNumber(last.sizeBytes / 1024)} KiB` : "–",
    ],
  ];
  $("facts").replaceChildren(...facts(pairs));
}

function drawJob(job) {
  $("job-title").textContent = job.name;
  drawFacts(job);
  drawGraph(job.operators);
  $("operators").replaceChildren(
    ...job.operators.map((o) =>
      row([
        o.name,
        formatNumber(o.recordsIn),
        formatNumber(o.recordsInPerSecond),
        formatNumber(o.recordsOutPerSecond),
        formatTime(o.watermark),
        formatNumber(sumOf(o, "windows")),
        formatNumber(sumOf(o, "timers")),
        o.late ? `${formatNumber(o.lateDropped)}, worst ${formatNumber(o.late.worstMs)} ms` : formatNumber(o.lateDropped),
        formatNumber(o.deadLettered),
        `${percent(o.busyRatio)} · ${percent(o.backpressuredRatio)} · ${percent(o.idleRatio)}`,
      ]),
    ),
  );
  $("splits").replaceChildren(
    ...job.splits.map((s) =>
      row([
        s.split,
        typeof s.position === "object" ? JSON.stringify(s.position) : String(s.position),
        formatNumber(s.pending),
        formatTime(s.watermark),
        s.status,
      ]),
    ),
  );
  $("notice").hidden = !job.lastFailure;
  if (job.lastFailure) $("notice").textContent = typeof job.lastFailure === "string" ? job.lastFailure : job.lastFailure.message;
}

/** A figure over all subtasks; sinks have none. */
function sumOf(operator, figure) {
  return operator.subtasks?.reduce((sum, subtask) => sum + subtask[figure], 0);
}

function drawJobs(jobs) {
  $("jobs").replaceChildren(
    ...jobs.map((job) => {
      const button = element("button", job.name, { type: "button", "aria-current": String(job.name === chosenJob) });
      button.addEventListener("click", () => {
        chosenJob = job.name;
        chosenTopic = undefined;
        refresh();
      });
      return button;
    }),
  );
}

function drawTopics(topics, preferred) {
  const select = $("topic");
  chosenTopic ??= preferred.find((name) => topics.includes(name)) ?? topics[0];
  if ([...select.options].map((o) => o.value).join("\n") !== topics.join("\n"))
    select.replaceChildren(...topics.map((name) => element("option", name, { value: name })));
  if (chosenTopic !== undefined) select.value = chosenTopic;
}

async function get(path) {
  const response = await fetch(path, { headers: { accept: "application/json" } });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error ?? response.statusText);
  return body;
}

async function refresh() {
  const status = await get("/api/status");
  drawJobs(status.jobs);
  drawPanels(status.panels ?? []);
  const job = status.jobs.find((j) => j.name === chosenJob) ?? status.jobs[0];
  if (job) {
    chosenJob = job.name;
    drawJob(job);
  }
  drawTopics(status.topics, job?.sinkTopics ?? []);
  if (chosenTopic === undefined) return;
  const { records } = await get(`/api/topics/${encodeURIComponent(chosenTopic)}/newest?n=20`);
  $("records").replaceChildren(
    ...records.map((r) => row([String(r.partition), String(r.offset), formatTime(r.timestamp), r.key ?? "", r.value ?? ""])),
  );
}

$("topic").addEventListener("change", (event) => {
  chosenTopic = event.target.value;
  refresh().catch(() => {});
});

async function loop() {
  try {
    await refresh();
    $("link").textContent = `live · ${new Date().toLocaleTimeString()}`;
  } catch (error) {
    $("link").textContent = `not reached: ${error.message}`;
  }
  setTimeout(loop, document.hidden ? EVERY_MS * 5 : EVERY_MS);
}
loop();
