// What the explorers share. `clipkit.plots.explorers.shell` writes an explorer as HTML: controls, an empty view, a live
// text, a table, and data as JSON. Its script says how to fill them; that is done again when a control or the width
// changes.
(() => {
  const maker = (create) => (tag, attributes = {}, ...inside) => {
    const made = create(tag);
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    made.append(...inside);
    return made;
  };
  const html = maker((tag) => document.createElement(tag));
  const svg = maker((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));

  // Okabe and Ito's colours, each with a shape, so that nobody depends on the colour.
  const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442"];
  const SHAPES = [
    (r) => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
    (r) => `M${-r} ${-r}h${2 * r}v${2 * r}h${-2 * r}z`,
    (r) => `M0 ${-1.2 * r}L${1.1 * r} ${0.9 * r}H${-1.1 * r}z`,
    (r) => `M0 ${-1.3 * r}L${1.3 * r} 0L0 ${1.3 * r}L${-1.3 * r} 0z`,
    (r) => `M0 ${1.2 * r}L${1.1 * r} ${-0.9 * r}H${-1.1 * r}z`,
    (r) => `M${-r} ${-r / 3}H${-r / 3}V${-r}H${r / 3}V${-r / 3}H${r}V${r / 3}H${r / 3}V${r}H${-r / 3}V${r / 3}H${-r}z`,
  ];
  // A mark of a group (its number decides colour and shape) with its centre at (x, y) and a radius in pixels.
  const mark = (group, x, y, radius, attributes = {}) => svg("path", {
    d: SHAPES[group % SHAPES.length](radius), transform: `translate(${x} ${y})`,
    fill: COLOURS[group % COLOURS.length], class: "explorer-mark", ...attributes,
  });
  const line = (x1, y1, x2, y2, attributes = {}) => svg("line", { x1, y1, x2, y2, ...attributes });

  const number = (value, digits = 3) => value.toFixed(digits).replace("-", "−");
  const interval = ([value, low, high]) => `${number(value)} [${number(low)}, ${number(high)}]`;

  // The values' range, widened by a twentieth on either side.
  const around = (values) => {
    const low = Math.min(...values), high = Math.max(...values), room = (high - low || 0.1) / 20;
    return [low - room, high + room];
  };

  const ticks = ([low, high], about) => {
    const least = (high - low) / about, power = 10 ** Math.floor(Math.log10(least));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= least);
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    const found = [];
    for (let i = Math.ceil(low / step); i * step <= high; i++) found.push([i * step, number(i * step, digits)]);
    return found;
  };

  // An empty plane that fills `view`. An axis is { range, title, ticks: [[value, text], …] }, ticks being optional.
  const plane = (view, label, x, y, left = 56) => {
    const width = view.clientWidth, height = view.clientHeight, right = width - 14, bottom = height - 46, top = 10;
    const X = (value) => left + ((right - left) * (value - x.range[0])) / (x.range[1] - x.range[0]);
    const Y = (value) => bottom + ((top - bottom) * (value - y.range[0])) / (y.range[1] - y.range[0]);
    const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
    for (const [value, text] of x.ticks || ticks(x.range, (right - left) / 70)) {
      drawing.append(line(X(value), top, X(value), bottom, { class: "explorer-grid" }));
      drawing.append(svg("text", { x: X(value), y: bottom + 17, "text-anchor": "middle" }, text));
    }
    for (const [value, text] of y.ticks || ticks(y.range, (bottom - top) / 50)) {
      drawing.append(line(left, Y(value), right, Y(value), { class: "explorer-grid" }));
      drawing.append(svg("text", { x: left - 7, y: Y(value) + 4, "text-anchor": "end" }, text));
    }
    drawing.append(svg("text", { x: (left + right) / 2, y: height - 8, "text-anchor": "middle" }, x.title));
    const middle = (top + bottom) / 2;
    const turned = { x: 14, y: middle, transform: `rotate(-90 14 ${middle})`, "text-anchor": "middle" };
    drawing.append(svg("text", turned, y.title));
    view.replaceChildren(drawing);
    return { drawing, X, Y };
  };

  // Calls `choose` with the number of the point [x, y] under the pointer, if one is near; null is no point.
  const onPoint = (drawing, points, choose, reach = 24) => {
    const seek = (event) => {
      const box = drawing.getBoundingClientRect(), { width } = drawing.viewBox.baseVal;
      const scale = width / box.width;
      const at = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
      const far = (point) => (point ? Math.hypot(point[0] - at[0], point[1] - at[1]) : Infinity);
      const nearest = points.reduce((best, point, i) => (far(point) < far(points[best]) ? i : best), 0);
      if (far(points[nearest]) < reach * scale) choose(nearest);
    };
    drawing.addEventListener("pointermove", seek);
    drawing.addEventListener("pointerdown", seek);
  };

  // An entry of a legend: marks as they are drawn, and what they stand for.
  const key = (text, ...marks) => html(
    "span", {}, svg("svg", { viewBox: "-9 -9 18 18", "aria-hidden": "true" }, ...marks), text,
  );

  // `start` gets the parts of one explorer and returns the function that draws it.
  const explorer = (name, start) => document.querySelectorAll(`[data-explorer="${name}"]`).forEach((root) => {
    const part = (kind) => root.querySelector(`.explorer-${kind}`);
    const controls = Object.fromEntries([...root.querySelectorAll("[name]")].map((c) => [c.name, c]));
    const view = part("view"), says = part("says"), table = part("table").querySelector("table");
    const cells = (tag, texts, attributes) => texts.map((text) => html(tag, attributes, text));
    const draw = start({
      view, controls, legend: part("legend"),
      data: JSON.parse(root.querySelector('script[type="application/json"]').textContent),
      // The number of what a control has chosen.
      at: (control) => Number(controls[control].value),
      // Says what a slider stands at: briefly beside it, and in full to those who cannot see it.
      tag: (control, text, full = text) => {
        controls[control].setAttribute("aria-valuetext", full);
        controls[control].nextElementSibling.textContent = text;
      },
      // Chooses for the reader, who points at something that a control could have chosen.
      choose: (control, value) => {
        if (controls[control].value === String(value)) return;
        controls[control].value = value;
        draw();
      },
      say: (...inside) => says.replaceChildren(...inside),
      tell: (caption, head, rows) => table.replaceChildren(
        html("caption", {}, caption),
        html("thead", {}, html("tr", {}, ...cells("th", head, { scope: "col" }))),
        html("tbody", {}, ...rows.map(([first, ...rest]) => html(
          "tr", {}, html("th", { scope: "row" }, first), ...cells("td", rest),
        ))),
      ),
    });
    root.addEventListener("input", () => draw());
    new ResizeObserver(() => { draw(); root.dataset.drawn = "yes"; }).observe(view);
  });

  window.clipkitExplorer = { explorer, html, svg, mark, line, key, number, interval, around, plane, onPoint };
})();
