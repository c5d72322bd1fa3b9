// Sorts and filters the tables of a report, and ties points to rows. Without it the page says the same.
"use strict";
(() => {
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const byId = (id) => document.getElementById(id);

  // ---- Sorting: a button in every title; the first click puts first what one looks for first.

  const risesFirst = /^(rank|latent|p|q)(_|$)/;

  // What a cell is sorted by: a number, or its text; undefined where it has no value.
  function keyOf(row, column, kind) {
    const cell = row.cells[column];
    if (!cell) return undefined;
    if (kind === "text") return cell.textContent.trim().toLowerCase();
    const value = cell.dataset.v !== undefined ? cell.dataset.v : cell.textContent.replaceAll(",", "");
    const number = Number.parseFloat(value);
    return Number.isNaN(number) ? undefined : number;
  }

  // What has no value comes last in both directions; of equals the one that came first on the page.
  function compare(a, b, sign) {
    if (a.key === undefined || b.key === undefined) {
      return (a.key === undefined) - (b.key === undefined) || a.at - b.at;
    }
    if (a.key < b.key) return -sign;
    if (a.key > b.key) return sign;
    return a.at - b.at;
  }

  function makeSortable(table) {
    const titles = table.tHead ? Array.from(table.tHead.rows[0].cells) : [];
    const body = table.tBodies[0];
    const rows = Array.from(body.rows);
    const gaps = rows.filter((row) => row.classList.contains("gap"));
    const data = rows.filter((row) => !row.classList.contains("gap"));
    if (data.length < 2) return;

    function sort(column, direction) {
      const kind = titles[column].dataset.kind;
      const sign = direction === "ascending" ? 1 : -1;
      titles.forEach((title, at) => {
        if (at === column) title.setAttribute("aria-sort", direction);
        else title.removeAttribute("aria-sort");
      });
      const keyed = data.map((row, at) => ({ row, at, key: keyOf(row, column, kind) }));
      keyed.sort((a, b) => compare(a, b, sign));
      body.append(...keyed.map((entry) => entry.row));
      const isRanking = isRank(titles[column]) && direction === "ascending";
      // What a gap says of the rows around it is true in the order of the ranking alone.
      gaps.forEach((gap) => {
        gap.dataset.sorted = isRanking ? "" : "away";
        if (isRanking) rows[rows.indexOf(gap) + 1].before(gap);
      });
      hideGaps();
    }

    titles.forEach((title, column) => {
      if (title.dataset.kind === "picture") return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...title.childNodes);
      title.append(button);
      button.addEventListener("click", () => {
        const now = title.getAttribute("aria-sort");
        const first = title.dataset.kind === "text" || risesFirst.test(button.textContent) ? "ascending" : "descending";
        const other = first === "ascending" ? "descending" : "ascending";
        sort(column, now === first ? other : first);
      });
    });
    const rank = titles.find((title) => isRank(title));
    if (rank && data[0].dataset.latent !== undefined) rank.setAttribute("aria-sort", "ascending");
  }

  const isRank = (title) => title.textContent.trim() === "rank";

  // ---- Filters, over all tables and cards at once.

  const [find, limit, way, count] = ["find", "q", "way", "count"].map(byId);
  const rows = all("tr[data-latent]");
  const cards = all("article[data-latent]");

  // The name of a latent stands in its card.
  function nameOf(row) {
    const link = row.matches("article") ? row.id : row.querySelector("a")?.hash.slice(1);
    const card = link ? byId(link) : null;
    return (card?.querySelector(".name")?.textContent || "").toLowerCase();
  }

  function wanted() {
    const words = find.value.trim().toLowerCase();
    const parts = words.split(/[\s,;]+/).filter((part) => part);
    const areNumbers = parts.length > 0 && parts.every((part) => /^\d+$/.test(part));
    const numbers = new Set(parts.map((part) => String(Number.parseInt(part, 10))));
    const most = Number.parseFloat(limit.value);
    return (row) => {
      if (areNumbers && !numbers.has(row.dataset.latent)) return false;
      if (words && !areNumbers && !nameOf(row).includes(words)) return false;
      if (!Number.isNaN(most) && !(Number.parseFloat(row.dataset.q) < most)) return false;
      return !way.value || row.dataset.way.split(" ").includes(way.value);
    };
  }

  function hideGaps() {
    const isFiltered = Boolean(find.value.trim() || limit.value || way.value);
    all("tr.gap").forEach((gap) => { gap.hidden = isFiltered || gap.dataset.sorted === "away"; });
  }

  function filter() {
    const isWanted = wanted();
    let shown = 0;
    for (const row of [...rows, ...cards]) {
      row.hidden = !isWanted(row);
      if (!row.hidden && row.matches("article")) shown += 1;
    }
    hideGaps();
    for (const section of all(".result")) {
      const there = new Set(all("tr[data-latent]:not([hidden])", section).map((row) => row.dataset.latent));
      all(".dot", section).forEach((dot) => dot.classList.toggle("dim", !there.has(dot.dataset.latent)));
    }
    const rowsShown = rows.filter((row) => !row.hidden).length;
    const [latents, tables] = [[shown, cards.length], [rowsShown, rows.length]].map((pair) =>
      pair.map((number) => number.toLocaleString("en")).join(" of "));
    count.textContent = `showing ${latents} latents, ${tables} rows`;
  }

  function showAll() {
    find.value = "";
    limit.value = "";
    way.value = "";
    filter();
  }

  // ---- Points and rows: what is under the pointer is marked in both; a click on a point leads to its card.

  function light(section, latent, isLit) {
    all(`[data-latent="${CSS.escape(latent)}"]`, section).forEach((part) => part.classList.toggle("lit", isLit));
  }

  function tie(section) {
    for (const [event, isLit] of [["pointerover", true], ["pointerout", false]]) {
      section.addEventListener(event, (move) => {
        const part = move.target.closest("[data-latent]");
        if (part) light(section, part.dataset.latent, isLit);
      });
    }
    section.addEventListener("click", (click) => {
      const dot = click.target.closest(".dot[data-latent]");
      if (!dot) return;
      const row = section.querySelector(`tr[data-latent="${CSS.escape(dot.dataset.latent)}"] a`);
      if (row) window.location.hash = row.hash;
    });
  }

  // A link may lead to a card that a filter hides.
  function reveal() {
    const target = byId(window.location.hash.slice(1));
    if (!target || !target.hidden) return;
    showAll();
    target.scrollIntoView();
  }

  all("main table:has(th[data-kind])").forEach(makeSortable);
  all(".result").forEach(tie);
  [find, limit].forEach((field) => field.addEventListener("input", filter));
  way.addEventListener("change", filter);
  byId("reset").addEventListener("click", showAll);
  window.addEventListener("hashchange", reveal);
  byId("tools").hidden = false;
  filter();
  reveal();
})();
