// One EventSource a page, for what the page shows and nothing else. Figures are patched in place by their key,
// "metric|scope"; lists never move, they say that there is news. Pause holds everything and counts. A hidden page
// lets its connection go, because a browser has only six for one server.
import { age, counted, grouped, instant, percent, place, points, share, signs } from "./format.js";
import { heard as told } from "./messages.js";
import { watched } from "./watched.js";

const body = document.body;
const bar = document.querySelector("[data-live]");
const SAY_EVERY = 10000;
const SOON = 1500; // a stream that only begins anew, as each does when its reader's token ends, is no news
const ROOM = 140000; // µ of the axis that a bound with its words needs

export function listen() {
  if (!bar || !window.EventSource) return;
  const words = JSON.parse(body.dataset.words);
  signs(words);
  const mirrored = document.documentElement.dir === "rtl";
  const text = bar.querySelector("[data-live-text]");
  const pause = bar.querySelector("[data-pause]");
  const said = document.querySelector("[data-said]");
  let after = body.dataset.seq;
  let heard = Date.now();
  let source = null;
  let asked = ""; // what the stream was opened for
  let held = null; // Map while paused: the last of each key
  let news = [];
  let saidAt = 0;
  let timer = 0;
  let lost = 0; // since when a connection that was there is gone, or could not be made
  let over = false; // the session is: nothing comes any more until the person signs in again

  function show(state, words_) {
    bar.classList.toggle("is-on", state === "on");
    bar.classList.toggle("is-off", state === "off");
    text.textContent = words_;
  }

  function tick() {
    const now = Date.now();
    for (const time of document.querySelectorAll("time[data-age]")) {
      time.textContent = age(new Date(time.dateTime), now, words);
    }
    const since = age(heard, now, words);
    if (over) return;
    if (held) show("off", counted(words.paused, held.size));
    else if (source?.readyState === EventSource.OPEN) show("on", words.live.replace("%s", since));
    else if (lost && now - lost >= SOON) show("off", words.reconnecting.replace("%s", since));
  }

  // At most one sentence in ten seconds, and only the last of what happened.
  function say() {
    if (!news.length || timer) return;
    timer = setTimeout(() => {
      timer = 0;
      saidAt = Date.now();
      said.textContent = news.length === 1 ? news[0] : counted(words.changes, news.length);
      news = [];
    }, Math.max(0, saidAt + SAY_EVERY - Date.now()));
  }

  function flash(element) {
    element.classList.remove("changed");
    void element.offsetWidth; // starts the fade again
    element.classList.add("changed");
  }

  function patch(root, f) {
    // A page that compares with another date keeps that date's value as the one before.
    if (root.dataset.than) f = { ...f, previous: Number(root.dataset.than) };
    const shown = f.value !== null && (f.state === "PUBLISHED" || f.state === "PROVISIONAL");
    const look = !shown ? "is-ins" : f.state === "PUBLISHED" ? "is-pub" : "is-prov";
    const empty = f.value === null && (f.state === "PUBLISHED" || f.state === "NOT_APPLICABLE");
    const keptBack = !shown && !f.projects && f.withheld;
    const moved = root.dataset.than || f.previous !== null && (f.value === null || percent(f.previous) !== percent(f.value)); // as printed
    const at = new Date(f.updated_at);
    const known = percent(share(f.coverage.observed, f.coverage.expected));
    const field = (name, write) => root.querySelectorAll(`[data-f="${name}"]`).forEach(write);
    const put = (name, value) => field(name, (e) => { e.textContent = value; });
    for (const e of [root, ...root.querySelectorAll(".is-pub, .is-prov, .is-ins")]) {
      e.classList.remove("is-pub", "is-prov", "is-ins");
      e.classList.add(look);
      e.classList.toggle("is-na", empty);
    }
    field("box", (e) => e.classList.toggle("is-ins", !shown));
    put("value", shown ? percent(f.value) : f.state === "INSUFFICIENT_DATA" && f.metric !== "M1" ? words.withheld : empty ? "–" : words.unknown);
    field("unit", (e) => { e.hidden = !shown; });
    // A reader who is not told the figure is told why instead (words.why).
    const [state, icon] = keptBack ? words.why[f.withheld] : words.states[f.state];
    put("state", state);
    field("icon", (e) => e.setAttribute("href", `#i-${icon}`));
    put("known", keptBack ? "" : words.known.replace("%s", known));
    put("known-number", keptBack ? "–" : known);
    put("bounds", keptBack || f.lower === null || f.upper === null ? "–"
      : f.lower === f.upper ? percent(f.lower) : words.span.replace("%1", percent(f.lower)).replace("%2", percent(f.upper)));
    put("exact", shown ? f.value : "–");
    put("revision", grouped(f.revision));
    put("at", instant(at, words));
    field("was", (e) => { e.hidden = !moved; e.textContent = moved ? (root.dataset.was ?? words.was).replace("%s", percent(f.previous)) : ""; });
    field("before", (e) => { e.hidden = !moved; });
    put("moved", moved && shown ? (root.dataset.moved ?? words.points).replace("%s", points(f.value - f.previous)) : "");
    root.querySelectorAll("[data-f=age] time").forEach((e) => { e.dateTime = f.updated_at; });
    draw(root, f, shown, moved);
    root.querySelectorAll("[data-change]").forEach(flash);
  }

  function draw(root, f, shown, moved) {
    const svg = root.querySelector("[data-g=rect]")?.closest("svg");
    if (!svg) return;
    const low = f.lower ?? (shown ? f.value : 0), high = f.upper ?? (shown ? f.value : 1000000);
    const [left, right] = mirrored ? [high, low] : [low, high];
    const part = (name, write) => svg.querySelectorAll(`[data-g="${name}"]`).forEach(write);
    part("rect", (e) => { e.setAttribute("x", place(left, mirrored)); e.setAttribute("width", place(high - low, false)); });
    part("line", (e) => { e.setAttribute("x1", place(left, mirrored)); e.setAttribute("x2", place(right, mirrored)); });
    part("left", (e) => e.setAttribute("x", place(left, mirrored)));
    part("right", (e) => e.setAttribute("x", place(right, mirrored)));
    part("left-text", (e) => { e.textContent = percent(left) === percent(right) ? "" : percent(left); });
    part("right-text", (e) => { e.textContent = percent(right); });
    beside(svg, "left", (mirrored ? 1000000 - high : low) < ROOM);
    beside(svg, "right", (mirrored ? low : 1000000 - high) < ROOM);
    part("value", (e) => { if (shown) e.setAttribute("x", place(f.value, mirrored)); });
    part("previous", (e) => {
      e.classList.toggle("off", !moved);
      if (moved) e.setAttribute("x", place(f.previous, mirrored));
    });
  }

  // Near an end of the axis a bound stands above the bar, as in figure.py.
  function beside(svg, side, above) {
    const text = svg.querySelector(`[data-g="${side}-text"]`)?.closest("text");
    if (!text) return;
    const left = side === "left";
    text.setAttribute("x", above ? 0 : (left ? -1 : 1) * text.dataset.away);
    text.setAttribute("y", above ? text.dataset.above : 4);
    text.setAttribute("text-anchor", left === above ? "start" : "end");
  }

  // What only the server words (a sentence, a cause, a flag) is dimmed while it tells of the figure before, and
  // fetched anew: soon, but not by everybody at once, and not more often than it can be read.
  let rewording = 0;
  let rewordedAt = 0;
  function reword() {
    const old = document.querySelectorAll("[data-server]");
    old.forEach((e) => e.classList.add("old"));
    if (!old.length || rewording) return;
    const wait = Math.max(500 + Math.random() * 1500, rewordedAt + SAY_EVERY - Date.now());
    rewording = setTimeout(async () => {
      rewording = 0; // what changes from here on is asked for again
      rewordedAt = Date.now();
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
        if (!answer.ok) return;
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const e of document.querySelectorAll("[data-server]")) {
          const by = fresh.querySelector(`[data-server="${e.dataset.server}"]`);
          if (by) e.replaceWith(document.adoptNode(by));
        }
        if (source && asked !== watched()) { close(); open(); } // the page shows other figures now
      } catch { /* the words stay dimmed until the next change or a reload */ }
    }, wait);
  }

  function pill(name) {
    document.querySelectorAll(`[data-pill="${name}"]`).forEach((e) => { e.hidden = false; });
  }

  function apply(kind, data) {
    if (kind === "metric") {
      const roots = document.querySelectorAll(`[data-k="${CSS.escape(`${data.metric}|${data.scope}`)}"]`);
      for (const root of roots) {
        if (root.hasAttribute("data-reload")) pill("figure");
        else patch(root, data);
      }
      if (roots.length) {
        pill("figure");
        reword();
        const name = document.title.split(" · ")[0];
        news.push(data.value === null ? counted(words.changes, 1) : `${name}: ${words.percent.replace("%s", percent(data.value))}`);
      }
      pill("changes");
    } else if (kind === "notification") { if (told(data, words)) news.push(data.title); }
    else pill(kind);
  }

  // What the page shows stands as of now, and of this place in the feed.
  function stands(event) {
    heard = Date.now();
    if (!event.lastEventId) return;
    after = event.lastEventId;
    document.querySelectorAll("[data-asof]").forEach((e) => {
      if (!held) { e.dateTime = new Date(heard).toISOString(); e.textContent = instant(new Date(heard), words); }
    });
    document.querySelectorAll("[data-revision]").forEach((e) => { if (!held) e.textContent = grouped(after); });
  }

  function receive(kind, event) {
    stands(event);
    const data = JSON.parse(event.data);
    const key = kind === "metric" ? `${data.metric}|${data.scope}` : `${kind} ${event.lastEventId}`;
    if (held) held.set(key, [kind, data]);
    else { apply(kind, data); say(); }
    tick();
  }

  function open() {
    if (source || over) return;
    asked = watched();
    source = new EventSource(`/api/v1/stream?after=${encodeURIComponent(after)}&${asked}`);
    source.addEventListener("open", () => { heard = Date.now(); lost = 0; tick(); });
    source.addEventListener("error", () => {
      lost ||= Date.now();
      if (source && source.readyState === EventSource.CLOSED) { source = null; setTimeout(open, 3000 + Math.random() * 2000); }
      tick();
    });
    for (const kind of ["metric", "notification", "receipt", "alert", "project"]) {
      source.addEventListener(kind, (event) => receive(kind, event));
    }
    source.addEventListener("ping", (event) => { stands(event); tick(); });
    source.addEventListener("end", () => { close(); over = true; show("off", words.over); });
    // We were away for so long that our place is not known any more: what we show may be old.
    source.addEventListener("reset", () => {
      close();
      if (performance.now() > SAY_EVERY) location.reload();
      else setTimeout(open, SAY_EVERY);
    });
  }

  function close() {
    source?.close();
    source = null;
  }

  pause.hidden = false;
  pause.addEventListener("click", () => {
    const use = pause.querySelector("use"), label = pause.querySelector("span");
    if (held) {
      const waiting = held;
      held = null;
      for (const [kind, data] of waiting.values()) apply(kind, data);
      say();
    } else held = new Map();
    pause.setAttribute("aria-pressed", String(Boolean(held)));
    use.setAttribute("href", held ? "#i-play" : "#i-pause");
    label.textContent = held ? words.resume : words.pause;
    tick();
  });

  let hiding = 0;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(close, 60000);
    else open();
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => { if (event.persisted) open(); });
  setInterval(tick, 1000);
  open();
  tick();
}
