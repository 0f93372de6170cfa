// Accuracy against confidence, bin by bin, with what chance would make of a calibrated model.
(() => {
  const { explorer, html, svg, mark, key, number, plane, onPoint } = clipkitExplorer;

  explorer("reliability", ({ data, view, legend, controls, at, tag, choose, say, tell }) => {
    const KINDS = ["under-confident", "over-confident", "within chance"];
    legend.replaceChildren(...KINDS.map((kind, i) => key(i < 2 ? `surely ${kind}` : kind, mark(i, 0, 0, 6))));
    const percent = (share) => `${number(share / 10, 1)} %`;
    const verdict = ([, confidence, accuracy, low, high]) => (
      accuracy >= low && accuracy <= high ? "within chance"
        : confidence > accuracy ? "over-confident" : "under-confident"
    );

    return () => {
      const [model, shift, part] = ["model", "shift", "part"].map(at);
      const { bins, ece, floor } = data.diagrams[model][shift][part];
      controls.bin.max = bins.length - 1;
      const chosen = at("bin"), [n, confidence, accuracy, low, high] = bins[chosen];
      const where = `${data.models[model]} on ${data.shifts[shift]}, ${data.parts[part]}`;
      const scale = [0, 0.2, 0.4, 0.6, 0.8, 1].map((v) => [1000 * v, number(v, 1)]);
      const axis = (title) => ({ range: [-20, 1020], title, ticks: scale });
      const { drawing, X, Y } = plane(view, `Reliability of ${where}.`, axis("confidence"), axis("accuracy"));
      const edge = (i) => bins.map((bin) => `${X(bin[1])},${Y(bin[i])}`);
      drawing.append(
        svg("polygon", { points: [...edge(3), ...edge(4).reverse()].join(" "), class: "explorer-band" }),
        svg("line", { x1: X(0), y1: Y(0), x2: X(1000), y2: Y(1000), class: "explorer-bar" }),
      );
      const total = bins.reduce((sum, bin) => sum + bin[0], 0);
      bins.forEach((bin, i) => drawing.append(mark(
        KINDS.indexOf(verdict(bin)), X(bin[1]), Y(bin[2]), 4 + 9 * Math.sqrt(bin[0] / total),
        { class: `explorer-mark${i === chosen ? " explorer-chosen" : ""}` },
      )));
      onPoint(drawing, bins.map((bin) => [X(bin[1]), Y(bin[2])]), (i) => choose("bin", i));
      const counts = (kind) => bins.filter((bin) => verdict(bin) === kind).length;
      const about = `bin ${chosen + 1} of ${bins.length}: ${n} images, confidence ${percent(confidence)}, accuracy `
        + `${percent(accuracy)}: ${verdict(bins[chosen])} (${percent(low)} to ${percent(high)})`;
      tag("bin", `${chosen + 1} of ${bins.length}`, about);
      say(
        html("p", {}, `${where}: ${counts("over-confident")} bins surely over-confident, ${counts("under-confident")} `
          + `surely under-confident, ${counts("within chance")} within chance. ECE ${number(100 * ece, 1)} pp; by chance `
          + `alone ${number(100 * floor, 1)} pp.`),
        html("p", {}, about[0].toUpperCase() + about.slice(1)),
      );
      tell(
        `Reliability of ${where}`, ["Bin", "Images", "Confidence", "Accuracy", "If calibrated", "Verdict"],
        bins.map((bin, i) => [
          `${i + 1}`, `${bin[0]}`, percent(bin[1]), percent(bin[2]), `${percent(bin[3])} to ${percent(bin[4])}`, verdict(bin),
        ]),
      );
    };
  });
})();
