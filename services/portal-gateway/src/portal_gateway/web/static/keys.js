// Single keys, which rest while somebody writes and can be turned off (WCAG 2.2, 2.1.4). The page /keys lists them.
const PLACE = "plumbline-place";
const typing = "input:not([type=checkbox]), select, textarea, [contenteditable]";
let before = "";

export function listenToKeys() {
  if (document.body.dataset.keys === "off") return;
  comeBack();
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest?.(typing) || document.querySelector("dialog[open]")) return;
    const keys = before ? `${before} ${event.key}` : event.key;
    before = event.key === "g" ? "g" : "";
    const what = ACTIONS[keys] ?? ACTIONS[event.key];
    if (what && what() !== false) event.preventDefault();
  });
}

const ACTIONS = {
  "/": () => { const e = document.getElementById("seek"); e?.focus(); return Boolean(e); },
  "?": list,
  "g i": () => { location.href = "/inbox"; },
  j: () => step(1),
  k: () => step(-1),
  x: () => press("input[name=m]"),
  o: () => press("[data-do=open]"),
  e: () => press("[data-do=archive]:not([hidden]), [data-do=unarchive]:not([hidden])"),
  s: () => press("[data-do=snooze]:not([hidden])"),
  r: () => press("[data-do=read]:not([hidden])"),
  u: () => press("[data-do=unread]:not([hidden])"),
};

const rows = () => [...document.querySelectorAll("[data-m]")];
const current = () => document.activeElement?.closest("[data-m]");

function step(by) {
  const all = rows();
  if (!all.length) return false;
  const at = all.indexOf(current());
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

// What a key does is what its button does; the page that follows begins at the same place of the list.
function press(selector) {
  const row = current();
  const button = row?.querySelector(selector);
  if (!button) return false;
  if (button.matches("button")) sessionStorage.setItem(PLACE, `${location.pathname}${location.search} ${rows().indexOf(row)}`);
  button.click();
  return true;
}

function comeBack() {
  const [address, place] = (sessionStorage.getItem(PLACE) ?? "").split(" ");
  sessionStorage.removeItem(PLACE);
  if (address !== location.pathname + location.search) return;
  const all = rows();
  all[Math.min(Number(place), all.length - 1)]?.focus();
}

function list() {
  show().catch(() => { location.href = "/keys"; });
}

async function show() {
  const answer = await fetch("/keys", { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = page.querySelector("[data-keys-list]");
  if (!answer.ok || !found) throw new Error("no list");
  const dialog = document.createElement("dialog");
  const close = document.createElement("button");
  const title = document.createElement("h1");
  title.textContent = page.querySelector("h1").textContent;
  title.id = "keys-title";
  dialog.setAttribute("aria-labelledby", title.id);
  close.className = "btn";
  close.textContent = found.dataset.close;
  close.addEventListener("click", () => dialog.close());
  found.querySelector("input[name=next]").value = location.pathname + location.search;
  dialog.append(title, document.adoptNode(found), close);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
