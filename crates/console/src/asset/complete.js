// Completion in a box: what fits the word before the caret, chosen by keys or pointer, as a list that a screen reader
// reads. Where there is no JavaScript the box is a box.

const ja = document.documentElement.lang === "ja";

// `context` says of the text before the caret what is asked for, with the `word` to be replaced, or nothing; `find` gives
// the texts that fit; `insert` is what stands in the box once one is taken.
export function complete(box, { context, find, insert }) {
  const popup = document.createElement("ul");
  popup.id = "completions";
  popup.className = "completions";
  popup.setAttribute("role", "listbox");
  popup.setAttribute("aria-label", ja ? "候補" : "Completions");
  popup.hidden = true;
  box.after(popup);
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", popup.id);
  let at = -1;
  let turn = 0;
  let seen = { word: "" };

  const close = () => {
    popup.hidden = true;
    at = -1;
    box.removeAttribute("aria-activedescendant");
  };
  const choose = (to) => {
    at = (to + popup.children.length) % popup.children.length;
    [...popup.children].forEach((one, i) => one.setAttribute("aria-selected", String(i === at)));
    popup.children[at].scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", popup.children[at].id);
  };
  const take = (text) => {
    const end = box.selectionStart;
    box.setRangeText(insert(seen, text), end - seen.word.length, end, "end");
    close();
    box.focus();
  };
  const look = async () => {
    const mine = ++turn;
    const asked = context(box.value.slice(0, box.selectionStart));
    if (!asked) return close();
    seen = asked;
    const found = await find(seen);
    if (mine !== turn) return;
    if (!found.length) return close();
    popup.replaceChildren(
      ...found.map((text, i) => {
        const item = document.createElement("li");
        item.id = `completion-${i}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        item.textContent = text;
        item.onpointerdown = (event) => {
          event.preventDefault();
          take(text);
        };
        return item;
      }),
    );
    at = -1;
    box.removeAttribute("aria-activedescendant");
    popup.hidden = false;
  };
  box.addEventListener("input", look);
  box.addEventListener("blur", close);
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const open = !popup.hidden;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey || (!event.shiftKey && !(open && at >= 0)))) {
      event.preventDefault();
      box.form.requestSubmit();
    } else if (open && event.key === "ArrowDown") choose(at + 1);
    else if (open && event.key === "ArrowUp") choose(at < 0 ? -1 : at - 1);
    else if (open && at >= 0 && (event.key === "Enter" || event.key === "Tab")) take(popup.children[at].textContent);
    else if (open && event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
}
