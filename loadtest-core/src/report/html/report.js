"use strict";
// What the page can do beyond being read: a theme of one's own, tables that sort and search, values under the pointer.
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  // Pages that are opened from a file may have no storage: then the choice holds until the page is closed.
  const kept = {
    get() { try { return localStorage.getItem("loadtest-theme"); } catch { return null; } },
    set(theme) { try { localStorage.setItem("loadtest-theme", theme); } catch { /* as said */ } },
  };
  const themes = ["system", "light", "dark"];
  const button = document.getElementById("theme");
  let theme = themes.includes(kept.get()) ? kept.get() : root.dataset.theme ?? "system";
  const show = () => {
    if (theme === "system") root.removeAttribute("data-theme"); else root.dataset.theme = theme;
    button.textContent = "Theme: " + theme;
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    kept.set(theme);
    show();
  });
  show();

  // Tables.
  const value = (cell) => {
    if (!cell) return -Infinity;
    if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
    const text = cell.textContent.trim();
    const number = Number(text.replace(/,/g, ""));
    return text === "–" ? -Infinity : Number.isNaN(number) ? text : number;
  };
  const compare = (a, b) => {
    if (typeof a === "number" && typeof b === "number") return a < b ? -1 : a > b ? 1 : 0;
    return String(a).localeCompare(String(b), undefined, { numeric: true });
  };
  for (const table of document.querySelectorAll("table")) {
    const heads = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    if (body.rows.length > 1) {
      heads.forEach((head, column) => {
        const sorter = document.createElement("button");
        sorter.type = "button";
        sorter.append(...head.childNodes);
        head.append(sorter);
        sorter.addEventListener("click", () => {
          // Names from A to Z first, numbers from the largest.
          const first = head.classList.contains("t") ? "ascending" : "descending";
          const other = first === "ascending" ? "descending" : "ascending";
          const order = head.getAttribute("aria-sort") === first ? other : first;
          heads.forEach((each) => each.removeAttribute("aria-sort"));
          head.setAttribute("aria-sort", order);
          const sign = order === "ascending" ? 1 : -1;
          const rows = [...body.rows].map((row) => [value(row.cells[column]), row]);
          rows.sort((a, b) => sign * compare(a[0], b[0]));
          body.append(...rows.map(([, row]) => row));
        });
      });
    }
    if (body.rows.length > 12) {
      const search = document.createElement("input");
      search.type = "search";
      search.className = "search";
      search.placeholder = "Search in " + body.rows.length + " rows";
      search.setAttribute("aria-label", "Search: " + table.dataset.label);
      const texts = [...body.rows].map((row) => [row, row.cells[0].textContent.toLowerCase()]);
      search.addEventListener("input", () => {
        const words = search.value.toLowerCase().split(/\s+/);
        for (const [row, text] of texts) row.hidden = !words.every((word) => text.includes(word));
      });
      table.parentElement.before(search);
    }
  }

  // Numbers, as the page writes them.
  const trimmed = (number, digits) => String(Number(number.toFixed(digits)));
  const significant = (number) => number < 9.995 ? trimmed(number, 2) : number < 99.95 ? trimmed(number, 1) : number.toFixed(0);
  const short = (number) =>
    number < 999.5 ? significant(number) : number < 999500 ? significant(number / 1e3) + "k" : significant(number / 1e6) + "M";
  const units = {
    time: (micros) => micros < 999.5 ? micros.toFixed(0) + " µs"
      : micros < 999500 ? significant(micros / 1e3) + " ms" : significant(micros / 1e6) + " s",
    rate: (rate) => short(rate) + "/s",
    count: short,
    mebibytes: (mebibytes) => trimmed(mebibytes, 1) + " MiB",
    share: (share) => trimmed(share * 100, 1) + " %",
    cores: (cores) => trimmed(cores, 2),
  };
  const clock = (seconds) => {
    const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds % 60)];
    return h > 0 ? h + "h" + String(m).padStart(2, "0") + "m" + String(s).padStart(2, "0") + "s"
      : m > 0 ? m + "m" + String(s).padStart(2, "0") + "s" : s + "s";
  };
  const element = (tag, text, name) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (name) made.className = name;
    return made;
  };

  // Charts.
  for (const figure of document.querySelectorAll(".chart")) {
    const data = JSON.parse(figure.querySelector("script").textContent);
    const plot = figure.querySelector(".plot");
    if (data.x.length === 0) continue;
    plot.tabIndex = 0;
    plot.setAttribute("role", "group");
    plot.setAttribute("aria-label", "Values: move with the arrow keys");
    const cursor = element("div", undefined, "cursor");
    const readout = element("div", undefined, "readout");
    readout.setAttribute("aria-live", "polite");
    let at = -1;
    const hide = () => { cursor.remove(); readout.remove(); at = -1; };
    const point = (index) => {
      at = Math.max(0, Math.min(data.x.length - 1, index));
      const share = Math.min(1, data.x[at] / data.end);
      cursor.style.left = share * 100 + "%";
      readout.style.left = share < 0.5 ? "calc(" + share * 100 + "% + 8px)" : "auto";
      readout.style.right = share < 0.5 ? "auto" : "calc(" + (1 - share) * 100 + "% + 8px)";
      readout.replaceChildren(element("b", clock(data.x[at])));
      for (const line of data.lines) {
        const row = element("span");
        row.append(element("i", line.name, line.class), line.v[at] === null ? "–" : units[data.unit](line.v[at]));
        readout.append(row);
      }
      plot.append(cursor, readout);
    };
    const nearest = (event) => {
      const box = plot.getBoundingClientRect();
      const moment = (event.clientX - box.left) / box.width * data.end;
      let low = 0, high = data.x.length - 1;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (data.x[middle] < moment) low = middle; else high = middle;
      }
      point(moment - data.x[low] < data.x[high] - moment ? low : high);
    };
    plot.addEventListener("pointermove", nearest);
    plot.addEventListener("pointerdown", nearest);
    plot.addEventListener("pointerleave", hide);
    plot.addEventListener("blur", hide);
    plot.addEventListener("keydown", (event) => {
      if (event.key === "ArrowRight") point(at + 1);
      else if (event.key === "ArrowLeft") point(at < 0 ? data.x.length - 1 : at - 1);
      else if (event.key === "Escape") hide();
      else return;
      event.preventDefault();
    });
  }

  // A link to something that is folded away opens it.
  const open = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const details = target && target.closest("details");
    if (details) { details.open = true; details.scrollIntoView(); }
  };
  addEventListener("hashchange", open);
  open();
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll(".failure")) details.open = true;
  });
})();
