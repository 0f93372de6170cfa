// Two views: a point of the first, where it is in the second, and where two models find it.
(() => {
  const { explorer, html, svg, mark, line, number, onPoint } = clipkitExplorer;
  const SIDE = 1000, GAP = 60, RIGHT = "#009e73", WRONG = "#d55e00";

  explorer("matches", ({ data, view, controls, at, choose, say, tell }) => {
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
      const sides = data.models.map((_, m) => point.found[m]);
      sides.forEach((found) => join(found.at, { stroke: found.right ? RIGHT : WRONG, "stroke-width": 8 }));
      drawing.append(svg("circle", { cx: second(point.truth)[0], cy: point.truth[1], r: 36, class: "explorer-ring" }));
      sides.forEach((found, m) => drawing.append(mark(m === 0 ? 0 : 3, ...second(found.at), 20, {
        fill: found.right ? RIGHT : WRONG, class: "explorer-mark explorer-found",
      })));
      drawing.append(svg("circle", { cx: point.at[0], cy: point.at[1], r: 24, class: "explorer-ring" }));
      view.replaceChildren(drawing);
      onPoint(drawing, pair.points.map((other) => other.at), (i) => choose("point", i));
      const about = data.models.map((model, m) => `${model}: ${outcome(sides[m], pair.unit)}`);
      controls.point.setAttribute("aria-valuetext", `point ${chosen + 1}; ${about.join("; ")}`);
      controls.point.nextElementSibling.textContent = `${chosen + 1} of ${pair.points.length}`;
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
