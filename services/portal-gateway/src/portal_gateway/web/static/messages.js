// The inbox while it is open: what is filed in another window is marked here and stays where it is; the number of
// messages to read is the server's, asked anew after every change and when a snooze ends.
import { grouped, instant } from "./format.js";

const SOON = 150;
const LONGEST = 2 ** 31 - 1;
let asked = 0;
let due = 0;
let fresh = 0;

export function watch() {
  const count = document.querySelector("[data-unread]");
  if (count?.dataset.due) wait(count.dataset.due);
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  for (const zone of document.querySelectorAll("[data-zone]")) zone.value ||= here;
  if (here) document.querySelector("[data-utc]")?.remove();
  const all = document.querySelector("[data-choose-all]");
  if (all) {
    all.hidden = false;
    all.querySelector("input").addEventListener("change", (event) => {
      document.querySelectorAll("[data-m] input").forEach((e) => { e.checked = event.target.checked; });
    });
  }
}

// A message came, or was filed somewhere. Returns whether it is new here.
export function heard(message, words) {
  recount();
  const list = document.querySelector("[data-messages]");
  const row = list?.querySelector(`[data-m="${CSS.escape(message.notification_id)}"]`);
  if (row) mark(row, list, message, words);
  const here = !message.archived_at && !(message.snoozed_until && new Date(message.snoozed_until) > new Date());
  const untouched = !message.read_at && !message.archived_at && !message.snoozed_until;
  if (!row && here && untouched) show(1);
  return !row && here && untouched;
}

function show(n) {
  fresh += n;
  for (const e of document.querySelectorAll("[data-pill=notification]")) {
    e.hidden = false;
    const text = e.querySelector("[data-new]");
    if (text && fresh) text.textContent = text.dataset.text.replace("%s", grouped(fresh));
  }
}

function mark(row, list, message, words) {
  const now = new Date();
  const end = message.snoozed_until ? new Date(message.snoozed_until) : null;
  const snoozed = Boolean(end && end > now);
  const read = message.read_at ? new Date(message.read_at) : null;
  const unread = !read || Boolean(end && end <= now && read < end);
  const archived = Boolean(message.archived_at);
  row.classList.toggle("unread", unread);
  row.querySelector("[data-m-unread]").hidden = !unread;
  const shown = { read: unread, unread: !unread, archive: !archived, unarchive: archived, snooze: !snoozed, wake: snoozed };
  for (const [name, on] of Object.entries(shown)) {
    const button = row.querySelector(`[data-do="${name}"]`);
    if (button) button.hidden = !on;
  }
  const { view } = list.dataset;
  const gone = view === "archived" ? !archived
    : view === "snoozed" ? archived || !snoozed
    : view !== "all" && (archived || snoozed || (view === "unread" && !unread));
  row.classList.toggle("gone", gone);
  const state = row.querySelector("[data-m-state]");
  state.textContent = archived ? list.dataset.archived
    : snoozed ? list.dataset.snoozed.replace("%s", instant(end, words))
    : gone && view !== "unread" ? list.dataset.back : "";
  state.hidden = !state.textContent;
}

function recount() {
  if (asked || !document.querySelector("[data-unread]")) return;
  asked = setTimeout(async () => {
    asked = 0;
    try {
      const answer = await fetch("/api/v1/inbox/count");
      if (!answer.ok) return;
      const { unread, next_due } = await answer.json();
      for (const e of document.querySelectorAll("[data-unread]")) {
        e.dataset.unread = unread;
        e.textContent = grouped(unread);
        e.hidden = unread <= 0;
      }
      if (next_due) wait(next_due);
    } catch { /* the next event, or the next page, says it */ }
  }, SOON);
}

// A snooze ends while the page is open: the message is back, and counts.
function wait(instant_) {
  clearTimeout(due);
  const left = new Date(instant_) - Date.now();
  due = setTimeout(() => {
    if (left > LONGEST) wait(instant_);
    else { recount(); show(1); }
  }, Math.min(Math.max(left, 0) + SOON, LONGEST));
}
