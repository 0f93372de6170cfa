// Draws every chart of the page with the colours of the theme in force, and again when the theme changes.
(() => {
  const ink = { light: ["#1f2328", "#d0d7de"], dark: ["#e6edf3", "#30363d"] };

  const config = () => {
    const [text, line] = ink[document.documentElement.dataset.theme === "dark" ? "dark" : "light"];
    const labels = { labelColor: text, titleColor: text };
    return {
      axis: { ...labels, gridColor: line, domainColor: line, tickColor: line },
      legend: labels,
      header: labels,
      title: { color: text, subtitleColor: text },
      view: { stroke: line },
      text: { color: text },
      rule: { color: text },
      font: getComputedStyle(document.body).fontFamily,
    };
  };

  const draw = async (chart) => {
    const spec = JSON.parse(chart.querySelector("script").textContent);
    const canvas = chart.querySelector(".clipkit-chart-canvas");
    const controls = chart.querySelector(".clipkit-chart-controls");
    if (chart.drawn) chart.drawn.finalize();
    controls.replaceChildren();
    // Controls stand beside the canvas: what lies inside an element with role="img" cannot be reached.
    chart.drawn = await vegaEmbed(canvas, spec, {
      actions: false, renderer: "canvas", bind: controls, config: config(),
    });
    // Vega labels its canvas itself; the text alternative is already on the element around it.
    canvas.querySelectorAll("[role], [aria-label]").forEach((inner) => {
      inner.removeAttribute("role");
      inner.removeAttribute("aria-label");
      inner.removeAttribute("aria-roledescription");
    });
    chart.dataset.drawn = document.documentElement.dataset.theme || "light";
  };

  // To draw takes longer than a printer waits, so paper gets the chart as it stands.
  const redraw = () => "printing" in document.documentElement.dataset || drawAll();
  const drawAll = () => document.querySelectorAll(".clipkit-chart").forEach(draw);
  drawAll();
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
})();
