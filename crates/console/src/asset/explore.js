// The explorer with JavaScript: completion in the query box, a crosshair over the chart, and a button that copies.
// Without it the page asks and answers all the same.

const ja = document.documentElement.lang === "ja";

// ---- Completion

const FUNCTIONS =
  "abs absent absent_over_time acos acosh asin asinh atan atanh avg_over_time ceil changes clamp clamp_max clamp_min cos cosh count_over_time day_of_month day_of_week day_of_year days_in_month deg delta deriv exp floor histogram_avg histogram_count histogram_fraction histogram_quantile histogram_stddev histogram_stdvar histogram_sum hour idelta increase irate label_join label_replace last_over_time ln log10 log2 max_over_time min_over_time minute month pi predict_linear present_over_time quantile_over_time rad rate resets round scalar sgn sin sinh sort sort_desc sqrt stddev_over_time stdvar_over_time sum_over_time tan tanh time timestamp vector year".split(" ");
const FOLDS = "avg bottomk count count_values group max min quantile stddev stdvar sum topk".split(" ");
const WORDS = "and bool by group_left group_right ignoring offset on or unless without".split(" ");
const SHOWN_MAX = 12;

const box = document.getElementById("query");
const asked = new Map();

// Each list is fetched once for as long as the page stands.
function list(path) {
  if (!asked.has(path)) {
    const answer = fetch(path).then((r) => (r.ok ? r.json() : { data: [] }));
    asked.set(path, answer.then((body) => body.data ?? []).catch(() => []));
  }
  return asked.get(path);
}

// What stands before the caret: a word, and within which braces.
function context(text) {
  const word = /[\p{L}\p{N}_:.]*$/u.exec(text)[0];
  const before = text.slice(0, text.length - word.length);
  const open = before.lastIndexOf("{");
  if (open > before.lastIndexOf("}")) {
    const metric = /([\w:]+)\s*$/.exec(before.slice(0, open))?.[1];
    const value = /([\w.]+|"[^"]*")\s*(?:=~|!~|!=|=)\s*"([^"]*)$/.exec(text.slice(open));
    if (value) return { kind: "value", metric, label: value[1].replaceAll('"', ""), word: value[2] };
    return { kind: "label", metric, word };
  }
  if (/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*$/.test(before)) return { kind: "label", word };
  if (/["'\[]\s*$/.test(before) || /\d$/.test(before)) return { kind: "none", word };
  return { kind: "name", word };
}

async function candidates({ kind, metric, label }) {
  const match = metric ? `match[]=${encodeURIComponent(metric)}&` : "";
  if (kind === "label") return (await list(`/api/v1/labels?${match}limit=500`)).filter((l) => l !== "__name__");
  if (kind === "value") return list(`/api/v1/label/${encodeURIComponent(label)}/values?${match}limit=500`);
  if (kind === "name") return [...(await list("/api/v1/label/__name__/values?limit=10000")), ...FUNCTIONS, ...FOLDS, ...WORDS];
  return [];
}

function ranked(all, word) {
  const low = word.toLowerCase();
  const rank = (text) => {
    const at = text.toLowerCase().indexOf(low);
    return at === 0 ? 0 : at > 0 ? 1 : 2;
  };
  return [...new Set(all)]
    .map((text) => [rank(text), text])
    .filter(([r, text]) => r < 2 && text !== word)
    .sort((a, b) => a[0] - b[0] || a[1].length - b[1].length || (a[1] < b[1] ? -1 : 1))
    .slice(0, SHOWN_MAX)
    .map(([, text]) => text);
}

const completion = {
  context: (text) => {
    const seen = context(text);
    return seen.kind === "none" || (seen.kind === "name" && !seen.word) ? undefined : seen;
  },
  find: async (seen) => ranked(await candidates(seen), seen.word),
  insert: ({ kind }, text) => {
    if (kind === "value") return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
    return kind === "name" && (FUNCTIONS.includes(text) || FOLDS.includes(text)) ? `${text}(` : text;
  },
};

// ---- Crosshair

function short(text) {
  const n = Number(text);
  return Number.isFinite(n) ? Number(n.toPrecision(6)).toLocaleString("en", { maximumSignificantDigits: 6 }) : text;
}

function name({ __name__, ...labels }) {
  const pairs = Object.entries(labels).map(([k, v]) => `${k}="${v}"`);
  return (__name__ ?? "") + (pairs.length || !__name__ ? `{${pairs.join(", ")}}` : "");
}

function crosshair(figure) {
  const plane = figure.querySelector(".plane");
  const drawn = figure.querySelectorAll("path.series").length - figure.querySelectorAll(".key path.series").length;
  const [from, to] = [Date.parse(figure.dataset.start) / 1000, Date.parse(figure.dataset.end) / 1000];
  const step = Number(figure.dataset.step);
  const line = document.createElement("i");
  line.className = "cross";
  line.hidden = true;
  const told = document.createElement("div");
  told.className = "readout";
  told.setAttribute("role", "status");
  plane.append(line);
  figure.querySelector(".plot").after(told);
  plane.tabIndex = 0;
  plane.setAttribute("role", "group");
  plane.setAttribute("aria-label", ja ? "グラフ。左右キーで時刻を移動" : "Chart. Left and right move through time");
  let data = null;
  let at = -1;
  const last = Math.floor((to - from) / step);

  // The exact figures are fetched once somebody wants them.
  const load = () =>
    (data ??= list(
      `/api/v1/query_range?${new URLSearchParams({ query: figure.dataset.query, start: from, end: to, step })}`,
    ).then((found) => (found.result ?? []).slice(0, drawn).map((one, i) => [i, name(one.metric), new Map(one.values)])));

  const show = async (to_step) => {
    at = Math.min(last, Math.max(0, to_step));
    const time = from + at * step;
    line.hidden = false;
    line.style.left = `${(100 * at) / Math.max(1, last)}%`;
    const series = await load();
    if (time !== from + at * step) return;
    const rows = series.map(([i, text, values]) => [i, text, values.get(time)]).filter((row) => row[2] !== undefined);
    rows.sort((a, b) => Number(b[2]) - Number(a[2]));
    const head = document.createElement("b");
    head.textContent = new Date(time * 1000).toLocaleString(ja ? "ja-JP" : "en-GB", { timeZone: figure.dataset.zone });
    told.replaceChildren(
      head,
      ...rows.slice(0, SHOWN_MAX).map(([i, text, value]) => {
        const row = document.createElement("span");
        row.className = `s${i % 8}`;
        const figures = document.createElement("b");
        figures.textContent = short(value);
        row.append(figures, ` ${text}`);
        return row;
      }),
    );
  };
  plane.addEventListener("pointermove", (event) => {
    const area = plane.getBoundingClientRect();
    show(Math.round(((event.clientX - area.left) / area.width) * last));
  });
  plane.addEventListener("keydown", (event) => {
    const start = at < 0 ? last : at;
    const next = { ArrowLeft: start - 1, ArrowRight: start + 1, Home: 0, End: last, PageUp: start - 10, PageDown: start + 10 }[event.key];
    if (event.key === "Escape") line.hidden = true;
    if (next === undefined) return;
    event.preventDefault();
    show(next);
  });
}

// ---- Copying

function copying(button) {
  const text = button.closest("section").querySelector("pre");
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = button.dataset.copied;
  });
}

document.querySelectorAll("figure.explored").forEach(crosshair);
document.querySelectorAll(".copy-button").forEach(copying);
if (box) {
  // Its address holds a hash, which only the page knows.
  const { complete } = await import(document.querySelector("script[data-complete]").dataset.complete);
  complete(box, completion);
}
