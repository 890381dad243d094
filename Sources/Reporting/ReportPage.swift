// The style sheet and the script that every report carries inside.

enum ReportPage {
  static let style = """
    :root { --ink: #1c1c1c; --line: #d7d7d7; --accent: #0072B2; --paper: #fff; }
    * { box-sizing: border-box; }
    body { margin: 0; color: var(--ink); background: #f4f4f2;
      font: 15px/1.5 Helvetica, Arial, "Liberation Sans", sans-serif; }
    header { padding: 28px 32px 12px; background: var(--paper); }
    h1 { margin: 0 0 4px; font-size: 26px; }
    header p { margin: 0; color: #444; }
    nav { position: sticky; top: 0; z-index: 5; display: flex; flex-wrap: wrap; gap: 4px 18px;
      padding: 10px 32px; background: var(--paper); border-bottom: 1px solid var(--line); }
    nav a, .files a { color: var(--accent); text-decoration: none; }
    nav a:hover, .files a:hover { text-decoration: underline; }
    main { max-width: 1120px; margin: 0 auto; padding: 8px 24px 60px; }
    section { margin: 22px 0; padding: 18px 24px 22px; background: var(--paper);
      border: 1px solid var(--line); border-radius: 6px; scroll-margin-top: 56px; }
    h2 { margin: 0 0 10px; font-size: 20px; }
    h3 { margin: 14px 0 6px; font-size: 15px; }
    figure { display: inline-block; margin: 10px 12px 10px 0; vertical-align: top;
      max-width: 100%; }
    figure svg { max-width: 100%; height: auto; border: 1px solid #ececec; }
    figcaption { max-width: 700px; color: #444; font-size: 13.5px; }
    .files { white-space: nowrap; margin-left: 6px; }
    .warning { padding: 8px 12px; border-left: 4px solid #D55E00; background: #fdf2ea; }
    .scroll { overflow-x: auto; max-height: 560px; overflow-y: auto; margin: 10px 0; }
    table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
    caption { text-align: left; padding: 4px 0; color: #444; }
    th, td { padding: 4px 12px; border-bottom: 1px solid var(--line); text-align: left; }
    th { position: sticky; top: 0; background: #f0f0ee; cursor: pointer; white-space: nowrap; }
    th[aria-sort=ascending]::after { content: " \\25B2"; }
    th[aria-sort=descending]::after { content: " \\25BC"; }
    .tiles { display: flex; flex-wrap: wrap; gap: 8px; }
    .tile { width: 112px; padding: 4px; border: 1px solid var(--line); border-radius: 4px;
      background: #fff; cursor: zoom-in; font: inherit; text-align: left; }
    .tile img, #tip img { width: 100%; display: block; image-rendering: auto; }
    .tile span { display: block; font-size: 11.5px; line-height: 1.3; margin-top: 3px;
      overflow-wrap: anywhere; color: #333; }
    .tile:focus-visible, th:focus-visible { outline: 2px solid var(--accent); }
    dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 18px; margin: 8px 0; }
    dt { color: #555; } dd { margin: 0; overflow-wrap: anywhere; }
    svg [data-image] { cursor: pointer; }
    svg [data-image]:hover { stroke: #000; stroke-width: 1.5; }
    #tip { position: fixed; z-index: 20; display: none; width: 150px; padding: 6px;
      background: #fff; border: 1px solid #888; box-shadow: 0 2px 10px #0004; font-size: 12px;
      pointer-events: none; overflow-wrap: anywhere; }
    dialog { border: 1px solid #888; border-radius: 6px; padding: 16px; max-width: 90vw; }
    dialog img { width: min(70vw, 440px); display: block; image-rendering: auto; }
    dialog ul { padding-left: 18px; }
    @page { margin: 14mm; }
    @media print {
      body { background: #fff; font-size: 9.5pt; }
      nav, .files, #tip, dialog, .onscreen { display: none; }
      header { padding: 0 0 8px; }
      main { max-width: none; padding: 0; }
      section { border: none; margin: 0 0 14px; padding: 0; }
      h1, h2, h3, h2 + p, caption { break-after: avoid; }
      figure, .gallery, dl, tr, p { break-inside: avoid; }
      figure svg { max-width: 66%; border: none; }
      figcaption { font-size: 8.5pt; }
      .scroll { max-height: none; overflow: visible; }
      table { font-size: 7.5pt; }
      th, td { padding: 2px 3px; white-space: normal; }
      th, td:first-child { position: static; overflow-wrap: anywhere; min-width: 7mm; }
      th:first-child { min-width: 19mm; }
      .tiles { gap: 4px; }
      .tile { width: 74px; padding: 0; border: none; }
      .tile span { font-size: 6.5pt; }
      * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
    }

    """

  static let dialog = """
    <div id="tip"></div>
    <dialog id="view"><form method="dialog"><img id="view-image" alt=""><h3 id="view-name"></h3>
    <ul id="view-details"></ul><a id="view-link">open the original</a>
    <button style="float:right">Close</button></form></dialog>

    """

  static let script = """
    const tip = document.getElementById("tip");
    const view = document.getElementById("view");
    const imageOf = target => {
      const element = target.closest ? target.closest("[data-image]") : null;
      return element ? images[Number(element.getAttribute("data-image"))] : undefined;
    };
    document.addEventListener("mousemove", event => {
      const image = imageOf(event.target);
      if (!image || event.target.closest(".tile")) { tip.style.display = "none"; return; }
      if (tip.dataset.name !== image.n) {
        tip.dataset.name = image.n;
        tip.replaceChildren();
        const picture = document.createElement("img");
        picture.src = image.s;
        tip.append(picture, image.n + " \\u00b7 " + image.d.join(" \\u00b7 "));
      }
      tip.style.display = "block";
      const right = event.clientX + 170 > innerWidth;
      const low = event.clientY + 210 > innerHeight;
      tip.style.left = event.clientX + (right ? -166 : 14) + "px";
      tip.style.top = event.clientY + (low ? -200 : 14) + "px";
    });
    document.addEventListener("click", event => {
      const image = imageOf(event.target);
      if (!image) return;
      tip.style.display = "none";
      document.getElementById("view-image").src = image.s;
      document.getElementById("view-image").alt = image.n;
      document.getElementById("view-name").textContent = image.n;
      document.getElementById("view-details").replaceChildren(...image.d.map(line => {
        const item = document.createElement("li");
        item.textContent = line;
        return item;
      }));
      const link = document.getElementById("view-link");
      link.hidden = !image.l;
      if (image.l) link.href = image.l;
      view.showModal();
    });
    const keyOf = cell => {
      const text = cell ? cell.textContent.trim() : "";
      const number = parseFloat(text.replace(/[ %]/g, ""));
      return /^[-+]?[0-9.]/.test(text) && !Number.isNaN(number) ? number : text;
    };
    const sortBy = header => {
      const table = header.closest("table");
      const column = [...header.parentNode.children].indexOf(header);
      const rising = header.getAttribute("aria-sort") !== "ascending";
      for (const other of header.parentNode.children) other.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => {
        const [p, q] = [keyOf(a.cells[column]), keyOf(b.cells[column])];
        const order = typeof p === "number" && typeof q === "number"
          ? p - q : String(p).localeCompare(String(q), "en");
        return rising ? order : -order;
      });
      table.tBodies[0].append(...rows);
    };
    for (const header of document.querySelectorAll("table.sortable th")) {
      header.addEventListener("click", () => sortBy(header));
      header.addEventListener("keydown", event => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); sortBy(header); }
      });
    }

    """
}
