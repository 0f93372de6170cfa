// Paper is light: a page that is shown dark prints in the light colours, and is dark again afterwards.
(() => {
  const root = document.documentElement;
  let shown;
  window.addEventListener("beforeprint", () => {
    shown = root.dataset.theme;
    root.dataset.printing = "";
    root.dataset.theme = "light";
  });
  window.addEventListener("afterprint", () => {
    root.dataset.theme = shown;
    delete root.dataset.printing;
  });
})();
