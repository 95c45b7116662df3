// The rules of numbers.py for what changes while a page is open. µ and ppm are integers below 2^53.

const MINUS = "\u2212";
const AHEAD = document.documentElement.dir === "rtl" ? "\u200e" : ""; // the sign stays before its number
let decimal = ".", thousands = ",", rules = null;

// The signs between digits in the page's language, as its words say them, and how it counts.
export function signs(words) {
  [decimal, thousands] = words.signs;
  rules = new Intl.PluralRules(document.documentElement.lang);
}

// 649007 µ is "64.9"; half to even.
export function percent(micro) {
  const sign = micro < 0 ? MINUS : "";
  const size = Math.abs(micro);
  let tenths = Math.floor(size / 1000);
  const rest = size - tenths * 1000;
  if (rest > 500 || (rest === 500 && tenths % 2 === 1)) tenths += 1;
  return `${tenths ? sign : ""}${Math.floor(tenths / 10)}${decimal}${tenths % 10}`;
}

// A difference in percentage points, signed.
export function points(micro) {
  const text = percent(micro);
  return text === `0${decimal}0` ? text : AHEAD + (text.startsWith(MINUS) ? text : `+${text}`);
}

// 1452 is "1,452".
export function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, thousands);
}

// The form of a message for so many things, in the page's words.
export function counted(forms, n) {
  return (forms[rules?.select(n)] ?? forms.other).replace("%s", grouped(n));
}

// Observed of expected, in µ; the exact fraction is compared on the server only.
export function share(observed, expected) {
  return expected ? Number((BigInt(observed) * 1000000n) / BigInt(expected)) : 0;
}

// A place on the axis in per cent, cut to hundredths as figure.py cuts it.
export function place(micro, mirrored) {
  const held = Math.min(Math.max(micro, 0), 1000000);
  return (Math.floor((mirrored ? 1000000 - held : held) / 100) / 100).toFixed(2) + "%";
}

// "2 s ago", in the page's words.
export function age(then, now, words) {
  const seconds = Math.max(0, Math.floor((now - then) / 1000));
  for (const [floor, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (seconds >= floor) return counted(words.ago[unit], Math.floor(seconds / floor));
  }
  return counted(words.ago.s, seconds);
}

// 2026-09-14T09:15:27Z is "14 Sep 2026, 09:15:27 UTC".
export function instant(date, words) {
  const two = (n) => String(n).padStart(2, "0");
  const parts = {
    "%d": date.getUTCDate() === 1 ? words.first : date.getUTCDate(),
    "%m": words.months[date.getUTCMonth()],
    "%y": date.getUTCFullYear(),
    "%t": `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`,
  };
  return words.instant.replace(/%[dmyt]/g, (part) => parts[part]);
}
