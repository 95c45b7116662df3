// The portal works without this file; it makes figures and messages live and adds keys.
import { listenToKeys } from "./keys.js";
import { listen } from "./live.js";
import { watch } from "./messages.js";

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

// An open menu lies over what follows it: it closes when the focus goes on, or by Escape.
for (const menu of document.querySelectorAll("details.menu")) {
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

// On a narrow screen the filters would stand before every result.
if (matchMedia("(max-width: 77.99rem)").matches) for (const fold of document.querySelectorAll("details.fold")) fold.open = false;

watch();
listenToKeys();
listen();
