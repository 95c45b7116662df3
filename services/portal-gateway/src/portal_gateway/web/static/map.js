// What the country under the pointer or the focus says, in words below the map; each carries them as its title.
const said = document.querySelector("[data-map-said]");

function tell(event) {
  const place = event.target.closest?.("[data-c]");
  if (place) said.textContent = place.querySelector("title").textContent;
}

// On the figure: Chromium lets an SVG that listens for focus take it.
for (const map of document.querySelectorAll(".map")) {
  map.addEventListener("pointerover", tell);
  map.addEventListener("focusin", tell);
}
