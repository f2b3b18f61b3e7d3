// The logs with JavaScript: completion of fields and values in the query box, and following what comes.
// Without it the page asks and answers all the same.

const FOLLOW_EVERY_MS = 2000;
const SHOWN_MAX = 12;
const WORDS = ["AND", "OR", "NOT", "_exists_"];

const box = document.getElementById("query");

// ---- Completion

let fields;

// Fetched once for as long as the page stands.
function known() {
  const range = document.getElementById("range").value;
  fields ??= fetch(`/logs/fields?range=${encodeURIComponent(range)}`)
    .then((r) => (r.ok ? r.json() : { fields: {} }))
    .then((body) => body.fields)
    .catch(() => ({}));
  return fields;
}

// What stands before the caret: a value after `name:`, or a word.
function context(text) {
  const value = /([\p{L}\p{N}_.@-]+):"?([^\s"():]*)$/u.exec(text);
  if (value) return { field: value[1], word: value[2] };
  return { word: /[\p{L}\p{N}_.@-]*$/u.exec(text)[0] };
}

const quoted = (text) => (/^[\p{L}\p{N}_.][\p{L}\p{N}_.-]*$/u.test(text) ? text : `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`);

const completion = {
  context: (text) => {
    const seen = context(text);
    return seen.field || seen.word ? seen : undefined;
  },
  find: async ({ field, word }) => {
    const all = await known();
    const list = field ? (all[field] ?? []).map(quoted) : [...Object.keys(all).map((name) => `${name}:`), ...WORDS];
    const low = word.toLowerCase();
    return list.filter((text) => text.toLowerCase().includes(low) && text !== word).slice(0, SHOWN_MAX);
  },
  insert: (_, text) => text,
};

// ---- Following

// What a person has opened, or is about to select, is not taken from under them.
const isBusy = (found) => document.hidden || found.querySelector("details[open]") || !document.getSelection().isCollapsed;

async function follow() {
  const found = document.getElementById("found");
  if (!found?.dataset.follow) return;
  if (!isBusy(found)) {
    try {
      const answer = await fetch(location.href);
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById("found");
        if (fresh && !isBusy(found)) found.replaceWith(fresh);
      }
    } catch {
      // The next round asks again.
    }
  }
  setTimeout(follow, FOLLOW_EVERY_MS);
}

setTimeout(follow, FOLLOW_EVERY_MS);
if (box) {
  // Its address holds a hash, which only the page knows.
  const { complete } = await import(document.querySelector("script[data-complete]").dataset.complete);
  complete(box, completion);
}
