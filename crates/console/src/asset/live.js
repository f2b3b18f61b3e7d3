// Follows what happens. One tab of a browser holds the stream and tells the others, because a browser opens only
// six connections to one host; when that tab closes, another takes over and names the last event that it saw.

const lang = document.documentElement.lang;
const follow = document.body.dataset.follow;
const sign = document.getElementById("live");
const channel = "BroadcastChannel" in window ? new BroadcastChannel("tegata") : null;
const words = lang === "ja" ? { on: "ライブ", off: "再接続中" } : { on: "Live", off: "Reconnecting" };

let last = "";

function show(on) {
  if (!sign || sign.dataset.on === String(on)) return;
  sign.dataset.on = String(on);
  sign.textContent = on ? words.on : words.off;
}

function receive(message) {
  if (message.id) last = message.id;
  show(message.kind !== "lost");
  if (message.kind === "refresh") return refetch();
  if (message.kind === "news") return follow === "rows" ? glance() : refetch();
  if (message.kind !== "board") return;
  const change = JSON.parse(message.data);
  if (follow === "rows" && change.lang === lang) return patch(change);
  refetch();
}

function element(text) {
  const template = document.createElement("template");
  template.innerHTML = text;
  return template.content.firstElementChild;
}

function keepingFocus(work) {
  const had = document.activeElement;
  const row = had?.closest?.("tr[id]")?.id;
  const mark = had?.id ? `#${CSS.escape(had.id)}` : had?.getAttribute?.("href") && `a[href="${CSS.escape(had.getAttribute("href"))}"]`;
  work();
  if (!mark || document.activeElement === had) return;
  const within = (row && document.getElementById(row)) || document;
  within.querySelector(mark)?.focus({ preventScroll: true });
}

function patch(change) {
  const rows = document.getElementById("rows");
  if (!rows) return refetch();
  const only = document.getElementById("summary")?.dataset.only;
  keepingFocus(() => {
    for (const { id, html } of change.rows) {
      const fresh = element(html);
      const old = document.getElementById(id);
      if (only && fresh.dataset.state !== only) old?.remove();
      else if (old) {
        const turned = old.dataset.state !== fresh.dataset.state;
        old.replaceWith(fresh);
        if (turned) fresh.dataset.turned = "";
      } else rows.append(fresh);
    }
    const wanted = change.order.map((id) => document.getElementById(id)).filter(Boolean);
    const keep = new Set(wanted);
    for (const row of [...rows.children]) if (!keep.has(row)) row.remove();
    wanted.forEach((row, i) => {
      if (rows.children[i] !== row) rows.insertBefore(row, rows.children[i] ?? null);
    });
  });
  if (change.summary) glance();
  document.dispatchEvent(new Event("tegata:changed"));
}

async function page() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

async function refresh(parts) {
  try {
    const fresh = await page();
    keepingFocus(() => {
      for (const part of parts) {
        const [old, now] = [document.querySelector(part), fresh.querySelector(part)];
        if (old && now) old.replaceWith(now);
      }
    });
    document.dispatchEvent(new Event("tegata:changed"));
  } catch {
    show(false);
  }
}

let looking = 0;

// What stands beside the rows. News come in bursts; one look tells them all.
function glance() {
  looking ||= setTimeout(() => {
    looking = 0;
    refresh(["#summary", ".demo", ".top nav"]);
  }, 300);
}

let waiting = 0;

// At most once in two seconds, and never under the hands of a person who writes.
function refetch() {
  if (!follow || waiting) return;
  waiting = setTimeout(async () => {
    waiting = 0;
    const field = document.activeElement?.closest?.("input, textarea");
    if (field || [...document.querySelectorAll("textarea, input")].some((one) => one.value)) return;
    const open = [...document.querySelectorAll("main details")].map((one) => one.open);
    await refresh(["#main", ".top nav", ".bottom"]);
    document.querySelectorAll("main details").forEach((one, i) => (one.open = open[i] ?? one.open));
  }, 2000);
}

function lead() {
  return new Promise(() => {
    let source;
    const open = () => {
      source?.close();
      source = new EventSource(`/events?lang=${lang}${last ? `&after=${encodeURIComponent(last)}` : ""}`);
      for (const kind of ["hello", "board", "news", "refresh"]) {
        source.addEventListener(kind, (event) => tell({ kind, id: event.lastEventId, data: event.data }));
      }
      source.onerror = () => {
        tell({ kind: "lost" });
        // A refusal closes a stream for good; a lost one comes back by itself.
        if (source.readyState === EventSource.CLOSED) setTimeout(open, 5000);
      };
    };
    open();
  });
}

function tell(message) {
  channel?.postMessage(message);
  receive(message);
}

if (follow) {
  if (channel) channel.onmessage = (event) => (event.data.kind === "who" ? last && channel.postMessage({ kind: "hello", id: last }) : receive(event.data));
  channel?.postMessage({ kind: "who" });
  if (navigator.locks && channel) navigator.locks.request("tegata-stream", lead);
  else lead();
}
