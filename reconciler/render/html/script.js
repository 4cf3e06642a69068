"use strict";
(() => {
  const box = document.getElementById("filter");
  const told = document.getElementById("shown");
  const rows = [...document.querySelectorAll("[data-row]")].map(
    (node) => ({ node, text: node.textContent.toLowerCase() }));
  const sections = [...document.querySelectorAll("section[data-rows]")];
  const apply = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      row.node.hidden = !words.every((word) => row.text.includes(word));
      shown += row.node.hidden ? 0 : 1;
    }
    for (const section of sections) {
      section.hidden = !section.querySelector("[data-row]:not([hidden])");
    }
    told.textContent = words.length ? `${shown} of ${rows.length} shown` : "";
  };
  box.addEventListener("input", apply);
  document.getElementById("search").hidden = rows.length < 2;
  apply();
})();
