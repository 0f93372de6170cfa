// A typical picture beside its twin, in which one factor is changed, and what models answer to both.
(() => {
  const { explorer, html, svg, number } = clipkitExplorer;

  explorer("twins", ({ data, view, at, tag, say, tell }) => {
    const name = (word) => word.replaceAll("_", " ");

    // One picture of a scene's sheet, in which the base and its twins stand side by side.
    const picture = (scene, i, title) => html(
      "figure", {},
      svg(
        "svg",
        { viewBox: `${i * data.side} 0 ${data.side} ${data.side}`, role: "img", "aria-label": `${scene.label}, ${title}` },
        svg("image", { href: scene.sheet, width: data.side * (data.factors.length + 1), height: data.side }),
      ),
      html("figcaption", {}, title),
    );

    const answer = ([label, share]) => `${data.classes[label]} ${number(share / 1000, 2)}`;

    const bars = (scene, i, model) => html("ol", {}, ...scene.answers[i][model].map(([label, share]) => html(
      "li", { class: data.classes[label] === scene.label ? "explorer-right" : "explorer-wrong" },
      html("span", { style: `width: ${share / 10}%`, "aria-hidden": "true" }), answer([label, share]),
      ...(data.classes[label] === scene.label ? [" ✓"] : []),
    )));

    return () => {
      const scene = data.scenes[at("scene")], twin = at("factor") + 1, factor = name(data.factors[twin - 1]);
      tag("factor", factor);
      view.replaceChildren(
        picture(scene, 0, "typical"), picture(scene, twin, `${factor} changed`),
        html(
          "table", {}, html("caption", {}, "Three likeliest answers, with their probabilities"),
          html("thead", {}, html("tr", {}, ...["model", "typical", "changed"].map((t) => html("th", { scope: "col" }, t)))),
          html("tbody", {}, ...data.models.map((model, m) => html(
            "tr", {}, html("th", { scope: "row" }, model),
            html("td", {}, bars(scene, 0, m)), html("td", {}, bars(scene, twin, m)),
          ))),
        ),
      );
      const right = (i, m) => data.classes[scene.answers[i][m][0][0]] === scene.label;
      const named = (i) => data.models.filter((_, m) => right(i, m)).length;
      say(
        `${scene.label}, ${factor} changed: ${named(0)} of ${data.models.length} models name the typical picture rightly, `
        + `${named(twin)} the changed one.`,
      );
      tell(
        `Likeliest answer to each picture of the ${scene.label}, with its probability`, ["Changed", ...data.models],
        ["nothing", ...data.factors].map((changed, i) => [
          name(changed), ...data.models.map((_, m) => answer(scene.answers[i][m][0]) + (right(i, m) ? " ✓" : "")),
        ]),
      );
    };
  });
})();
