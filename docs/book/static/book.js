// Tables of the book: click a heading to sort, write into the field to filter. And names for what the theme leaves
// without one. No library, no network.
(function () {
  "use strict";
  const LONG = 8; // rows from which a table gets a filter

  function value(row, column) {
    const text = row.cells[column] ? row.cells[column].textContent.trim() : "";
    const number = parseFloat(text.replace(/^[^0-9.+-]*/, "").replace(/,/g, ""));
    return { text: text.toLowerCase(), number: /^[\s(]*[-+]?[.0-9]/.test(text) ? number : NaN };
  }

  function compare(a, b) {
    if (!isNaN(a.number) && !isNaN(b.number)) return a.number - b.number;
    if (!isNaN(a.number)) return -1;
    if (!isNaN(b.number)) return 1;
    return a.text < b.text ? -1 : a.text > b.text ? 1 : 0;
  }

  function sortable(table, heading, column) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    const text = heading.querySelector(":scope > p") || heading;
    while (text.firstChild) button.appendChild(text.firstChild);
    heading.replaceChildren();
    if (!button.textContent.trim()) button.setAttribute("aria-label", "sort by the first column");
    heading.appendChild(button);
    button.addEventListener("click", function () {
      const down = heading.getAttribute("aria-sort") === "ascending";
      table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const body = table.tBodies[0];
      const rows = Array.from(body.rows).map((row, place) => ({ row, place, key: value(row, column) }));
      rows.sort((a, b) => (down ? -1 : 1) * compare(a.key, b.key) || a.place - b.place);
      rows.forEach((entry) => body.appendChild(entry.row));
    });
  }

  function filterable(table) {
    const tools = document.createElement("div");
    const field = document.createElement("input");
    const shown = document.createElement("span");
    const rows = Array.from(table.tBodies[0].rows);
    tools.className = "table-tools";
    field.type = "search";
    field.placeholder = "filter rows";
    field.setAttribute("aria-label", "filter the rows of the table below");
    shown.setAttribute("aria-live", "polite");
    tools.append(field, shown);
    const frame = table.closest(".pst-scrollable-table-container") || table;
    frame.parentNode.insertBefore(tools, frame);
    field.addEventListener("input", function () {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let left = 0;
      rows.forEach(function (row) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        left += row.hidden ? 0 : 1;
      });
      shown.textContent = words.length ? left + " of " + rows.length + " rows" : "";
    });
  }

  document.querySelectorAll(".bd-article table").forEach(function (table) {
    const head = table.tHead && table.tHead.rows.length === 1 ? table.tHead.rows[0] : null;
    if (!head || !table.tBodies.length || table.tBodies[0].rows.length < 2) return;
    if (table.querySelector("[rowspan]:not([rowspan='1']), [colspan]:not([colspan='1'])")) return;
    Array.from(head.cells).forEach((heading, column) => sortable(table, heading, column));
    const filtered = table.parentNode.parentNode.querySelector(":scope > label > input[type=search]"); // by the notebook
    if (table.tBodies[0].rows.length >= LONG && head.cells.length > 2 && !filtered) filterable(table);
  });

  document.querySelectorAll("summary:not([aria-label])").forEach(function (summary) {
    if (!summary.textContent.trim()) summary.setAttribute("aria-label", "show or hide the pages below");
  });
})();
