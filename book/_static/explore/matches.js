// Two views: a point of the first, where it is in the second, and where two models find it.
(() => {
  const { explorer, html, svg, mark, line, key, number, onPoint } = clipkitExplorer;
  const SIDE = 1000, GAP = 60, RIGHT = "#009e73", WRONG = "#d55e00";
  const SHAPES = [0, 3]; // of the marks of the two models: disc and diamond

  explorer("matches", ({ data, view, legend, controls, at, tag, choose, say, tell }) => {
    legend.replaceChildren(
      key("true place", svg("circle", { r: 6, class: "explorer-bar", fill: "none" })),
      ...data.models.map((model, m) => key(model, mark(SHAPES[m], 0, 0, 6, { fill: "currentcolor" }))),
      key("right", line(-8, 0, 8, 0, { stroke: RIGHT, "stroke-width": 3 })),
      key("wrong", line(-8, 0, 8, 0, { stroke: WRONG, "stroke-width": 3, "stroke-dasharray": "5 3" })),
    );
    const outcome = ({ error, right, kept }, unit) => (
      `${right ? "right" : "wrong"}, ${number(error, 2)} ${unit} off${kept ? "" : ", not among its surest"}`
    );

    return () => {
      const pair = data.pairs[at("pair")];
      controls.point.max = pair.points.length - 1;
      const chosen = at("point"), point = pair.points[chosen];
      const drawing = svg("svg", {
        viewBox: `0 0 ${2 * SIDE + GAP} ${SIDE}`, role: "img",
        "aria-label": `Two views: ${pair.name}. Point ${chosen + 1} of ${pair.points.length} in the first, its place in the `
          + "second, and where two models find it.",
      });
      pair.views.forEach((href, i) => drawing.append(svg("image", { href, x: i * (SIDE + GAP), width: SIDE, height: SIDE })));
      const second = ([x, y]) => [x + SIDE + GAP, y];
      pair.points.forEach((other) => drawing.append(svg("circle", { cx: other.at[0], cy: other.at[1], r: 9, class: "explorer-dot" })));
      const join = (to, attributes) => drawing.append(
        line(...point.at, ...second(to), { ...attributes, class: "explorer-under" }), line(...point.at, ...second(to), attributes),
      );
      join(point.truth, { stroke: "#ffffff", "stroke-width": 7, "stroke-dasharray": "4 16" });
      point.found.forEach(({ at: to, right }) => join(to, {
        stroke: right ? RIGHT : WRONG, "stroke-width": 8, "stroke-dasharray": right ? "none" : "30 18",
      }));
      drawing.append(svg("circle", { cx: second(point.truth)[0], cy: point.truth[1], r: 36, class: "explorer-ring" }));
      point.found.forEach((found, m) => drawing.append(mark(SHAPES[m], ...second(found.at), 20, {
        fill: found.right ? RIGHT : WRONG, class: "explorer-mark explorer-found",
      })));
      drawing.append(svg("circle", { cx: point.at[0], cy: point.at[1], r: 24, class: "explorer-ring" }));
      view.replaceChildren(drawing);
      onPoint(drawing, pair.points.map((other) => other.at), (i) => choose("point", i));
      const about = data.models.map((model, m) => `${model}: ${outcome(point.found[m], pair.unit)}`);
      tag("point", `${chosen + 1} of ${pair.points.length}`, `${chosen + 1}: ${about.join("; ")}`);
      say(...about.map((text) => html("p", {}, text)));
      tell(
        `${pair.name}: each point of the first view, and how far off two models find it in the second. ${pair.rule}`,
        ["Point", "In the first view", "In the second", ...data.models],
        pair.points.map((p, i) => [
          `${i + 1}`, ...[p.at, p.truth].map((xy) => xy.map((v) => number(v / SIDE, 2)).join(", ")),
          ...p.found.map((found) => outcome(found, pair.unit)),
        ]),
      );
    };
  });
})();
