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

watch();
listenToKeys();
listen();
