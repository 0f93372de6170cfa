// Every model by two of its numbers; colour and shape tell one of the six factors.
(() => {
  const { explorer, html, mark, line, key, interval, around, plane, onPoint } = clipkitExplorer;

  explorer("zoo-map", ({ data, view, legend, at, choose, say, tell }) => {
    let listed = -1;

    const list = (factor) => {
      listed = factor;
      legend.replaceChildren(...data.groups[factor].map((name, group) => html(
        "label", {},
        html("input", { type: "checkbox", value: group, checked: "" }),
        key(name, mark(group, 0, 0, 6)),
      )));
    };

    const card = (model, x, y) => {
      const about = [
        ...data.factors.map((factor, i) => [factor, model.words[i]]),
        ...(x === y ? [x] : [x, y]).map((metric) => [
          data.metrics[metric], model.values[metric] ? interval(model.values[metric]) : "has no such number",
        ]),
      ];
      return [
        html("strong", {}, model.name),
        html("dl", {}, ...about.flatMap(([what, said]) => [html("dt", {}, what), html("dd", {}, said)])),
        html("p", {}, `${data.more}: `, html("code", {}, `clipkit card ${model.name}`)),
      ];
    };

    return () => {
      const [x, y, factor, chosen] = ["x", "y", "colour", "model"].map(at);
      if (factor !== listed) list(factor);
      const kept = new Set([...legend.querySelectorAll("input:checked")].map((box) => Number(box.value)));
      const has = (model) => model.values[x] && model.values[y];
      const shown = (model) => has(model) && kept.has(model.groups[factor]);
      const measured = data.models.filter(has);
      const axis = (metric) => ({
        range: around(measured.flatMap((model) => model.values[metric])), title: data.metrics[metric],
      });
      const { drawing, X, Y } = plane(
        view, `${measured.filter(shown).length} models: ${data.metrics[y]} against ${data.metrics[x]}.`, axis(x), axis(y),
      );
      const places = data.models.map((model) => shown(model) && [X(model.values[x][0]), Y(model.values[y][0])]);
      data.models.forEach((model, i) => places[i] && drawing.append(mark(model.groups[factor], ...places[i], 5)));
      const model = data.models[chosen];
      if (has(model)) {
        const [[vx, lowX, highX], [vy, lowY, highY]] = [model.values[x], model.values[y]];
        drawing.append(
          line(X(lowX), Y(vy), X(highX), Y(vy), { class: "explorer-bar" }),
          line(X(vx), Y(lowY), X(vx), Y(highY), { class: "explorer-bar" }),
          mark(model.groups[factor], X(vx), Y(vy), 8, { class: "explorer-mark explorer-chosen" }),
        );
      }
      onPoint(drawing, places, (i) => choose("model", i));
      say(...card(model, x, y));
      tell(
        `${data.metrics[y]} against ${data.metrics[x]}, with 95 % intervals over images`,
        ["Model", data.factors[factor], data.metrics[x], data.metrics[y]],
        data.models.filter(shown).map((m) => [
          m.name, data.groups[factor][m.groups[factor]], interval(m.values[x]), interval(m.values[y]),
        ]),
      );
    };
  });
})();
