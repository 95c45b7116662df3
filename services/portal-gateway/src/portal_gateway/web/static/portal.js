// The portal works without this file; it makes figures live and adds one key.
import { listen } from "./live.js";

const field = document.getElementById("seek");

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey && field) {
    event.preventDefault();
    field.focus();
  }
});

const copy = document.querySelector("[data-copy]");
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(location.href);
    const words = JSON.parse(document.body.dataset.words);
    const before = copy.textContent;
    copy.textContent = words.copied;
    setTimeout(() => { copy.textContent = before; }, 2000);
  });
}

listen();
