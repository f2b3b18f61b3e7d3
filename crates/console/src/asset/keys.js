// Up and down move between promises while one of them has the focus; Home and End go to the ends.
// Keys do nothing elsewhere, so they cannot surprise a person who types or a screen reader that listens.

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const link = document.activeElement;
  if (!link?.matches?.("th.name > a")) return;
  const links = [...document.querySelectorAll("th.name > a")];
  const at = links.indexOf(link);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
  if (to === undefined || !links[to]) return;
  event.preventDefault();
  links[to].focus();
});
