// Formulas are only what Sphinx marked as such. A command that MathJax does not know is an error, which docs/check_site.py finds;
// by default it would stand in the page in red. What is wider than its column scrolls (static/site.css).
window.MathJax = {
  tex: { packages: { '[-]': ['noundefined', 'require', 'autoload'] } },
  svg: { fontCache: 'global', scale: 0.95 },
  options: { ignoreHtmlClass: '.*', processHtmlClass: 'math', enableMenu: false },
  startup: {
    pageReady: async () => {
      await MathJax.startup.defaultPageReady();
      const mark = () => {
        for (const formula of document.querySelectorAll('mjx-container:not([display])')) {
          formula.classList.remove('wide');
          const column = formula.closest('p, li, td, th, dd, summary, h1, h2, h3, div');
          formula.classList.toggle('wide', formula.getBoundingClientRect().width > column.clientWidth);
        }
      };
      mark();
      addEventListener('resize', mark);
    },
  },
};
