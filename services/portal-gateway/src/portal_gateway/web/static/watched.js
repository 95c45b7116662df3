// What this page shows of the stream, as the stream's own parameters (ADR 0094): figures by their keys, and the kinds
// of events that something on it waits for.
const MOST = 400; // figures that one stream names
const LONGEST = 6000; // characters of an address that whatever is on the way still takes

export function watched() {
  const names = new Set([...document.querySelectorAll("[data-k]")].map((e) => e.dataset.k));
  let text = written(names);
  while (names.size > MOST || text.length > LONGEST) {
    widen(names);
    text = written(names);
  }
  return text;
}

function written(names) {
  const waits = (kind) => document.querySelector(`[data-pill="${kind}"]`);
  const kinds = ["notification", ...["receipt", "alert", "project"].filter(waits)];
  if (names.size) kinds.push("metric");
  return String(new URLSearchParams([...kinds.map((k) => ["kind", k]), ...[...names].sort().map((n) => ["figure", n])]));
}

// Too many for an address: the largest group of them is named by what it has in common.
function widen(names) {
  const groups = new Map();
  for (const name of names) groups.set(wider(name), [...(groups.get(wider(name)) ?? []), name]);
  const [common, group] = [...groups].reduce((a, b) => (b[1].length > a[1].length ? b : a));
  group.forEach((name) => names.delete(name));
  names.add(common);
}

// M1|indicator:A|1 → M1|indicator:A|* → M1|indicator:* → M1|*
function wider(name) {
  const [metric, first, second] = name.split("|");
  if (second && second !== "*") return `${metric}|${first}|*`;
  return first.endsWith("*") ? `${metric}|*` : `${metric}|${first.split(":")[0]}:*`;
}
