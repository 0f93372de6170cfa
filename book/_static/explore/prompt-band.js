// One metric of one model, by how it was asked: sets of templates with their intervals, and single templates.
(() => {
  const { explorer, html, mark, line, number, interval, around, plane, onPoint } = clipkitExplorer;

  explorer("prompt-band", ({ data, view, at, tag, choose, say, tell }) => () => {
    const { sets, alone } = data.values[at("model")][at("metric")], metric = data.metrics[at("metric")];
    const order = alone.map((_, i) => i).sort((a, b) => alone[a] - alone[b]);
    const chosen = order[at("template")], full = sets.length - 1;
    const names = data.sizes.map((size) => `${size} template${size === "1" ? "" : "s"}`);
    const rows = ["each alone", ...names];
    const { drawing, X, Y } = plane(
      view, `${metric} of ${data.models[at("model")]} by prompts.`,
      { range: around([...sets.flat(), ...alone]), title: metric },
      { range: [-0.6, rows.length - 0.5], title: "", ticks: rows.map((text, row) => [row, text]) }, 92,
    );
    alone.forEach((value) => drawing.append(line(X(value), Y(0.25), X(value), Y(-0.25), { class: "explorer-stroke" })));
    sets.forEach(([value, low, high], i) => drawing.append(
      line(X(low), Y(i + 1), X(high), Y(i + 1), { class: "explorer-bar" }), mark(0, X(value), Y(i + 1), 6),
    ));
    drawing.append(mark(1, X(alone[chosen]), Y(0), 7, { class: "explorer-mark explorer-chosen" }));
    onPoint(drawing, order.map((i) => [X(alone[i]), Y(0)]), (i) => choose("template", i), 20);
    const width = alone[order.at(-1)] - alone[order[0]], [, low, high] = sets[full];
    const about = `“${data.templates[chosen]}” gives ${number(alone[chosen])}`;
    tag("template", `${at("template") + 1} of ${alone.length}`, about);
    say(
      html("p", {}, `Alone, ${about}; all ${data.sizes[full]} together give ${interval(sets[full])}.`),
      html("p", {}, `Single templates differ by up to ${number(100 * width, 1)} pp; the interval over images is `
        + `${number(100 * (high - low), 1)} pp wide.`),
    );
    tell(
      `${metric} of ${data.models[at("model")]}`, ["Asked with", "Value", "95 % interval over images"],
      [
        ...sets.map(([value, least, most], i) => [names[i], number(value), `${number(least)} to ${number(most)}`]),
        ...order.map((i) => [data.templates[i], number(alone[i]), "not measured"]),
      ],
    );
  });
})();
