// The reader's theme before the first line is drawn. The theme's own script asks at the end of the page: until then
// there would be no borders and no colours of code, and a page that is dark would flash white.
(() => {
  const root = document.documentElement.dataset;
  if (root.theme !== "auto") return;
  root.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
})();
