// Counts ages on between updates, by the rules of show/time.rs. The server's clock is the one that counts.

const ja = document.documentElement.lang === "ja";
const skew = Date.parse(document.body.dataset.now) - Date.now();
const unit = ja
  ? { s: " 秒", min: " 分", h: " 時間", d: " 日" }
  : { s: " s", min: " min", h: " h", d: " d" };

function length(ms) {
  const secs = Math.max(0, Math.floor(ms / 1000));
  if (secs < 120) return secs + unit.s;
  if (secs < 7200) return Math.floor(secs / 60) + unit.min;
  if (secs >= 172800) return Math.floor(secs / 86400) + unit.d;
  const hours = Math.floor(secs / 3600) + unit.h;
  const rest = Math.floor((secs % 3600) / 60);
  return rest ? `${hours} ${rest}${unit.min}` : hours;
}

const say = {
  ago: (ms) => (ja ? `${length(ms)}前` : `${length(ms)} ago`),
  for: (ms) => (ja ? `${length(ms)}間` : `for ${length(ms)}`),
  due: (ms) =>
    ms <= 0
      ? ja ? `${length(-ms)}後` : `in ${length(-ms)}`
      : ja ? `${length(ms)}超過` : `${length(ms)} overdue`,
};

function tick() {
  const now = Date.now() + skew;
  for (const time of document.querySelectorAll("time[data-age]")) {
    const text = say[time.dataset.age]?.(now - Date.parse(time.dateTime));
    if (text && time.textContent !== text) time.textContent = text;
  }
}

tick();
setInterval(tick, 1000);
document.addEventListener("tegata:changed", tick);
