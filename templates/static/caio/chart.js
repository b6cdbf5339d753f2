/* Draws a table as lines: each row is one, its cells with data-value are the points. The table stays. */
(() => {
  'use strict';
  const LINES = ['--accent', '--hot', '--pass', '--critical', '--warn', '--low'], MOST = 6;
  const DASHES = [[], [6, 4], [2, 3], [10, 4, 2, 4]];

  function draw() {
    const style = getComputedStyle(document.documentElement), color = (name) => style.getPropertyValue(name).trim();
    document.querySelectorAll('canvas[data-chart]').forEach((canvas) => {
      if (canvas.dataset.drawn) return;
      canvas.dataset.drawn = '1';
      const table = document.getElementById(canvas.dataset.chart);
      const labels = [...table.tHead.rows[0].cells].slice(1, -1).map((cell) => cell.textContent);
      const rows = [...table.tBodies[0].rows], shown = [...new Set([rows.at(-1), ...rows])].slice(0, MOST);
      window.Chart.defaults.color = color('--muted');
      new window.Chart(canvas, {
        type: 'line',
        data: {
          labels,
          datasets: shown.map((row, n) => ({
            label: row.cells[0].textContent.trim(),
            data: [...row.cells].slice(1, -1).map((cell) => (cell.dataset.value ? Number(cell.dataset.value) : null)),
            borderColor: color(LINES[n]), backgroundColor: color(LINES[n]), borderDash: DASHES[n % DASHES.length], borderWidth: n ? 1.5 : 3,
            spanGaps: true,
          })),
        },
        options: {
          animation: false, maintainAspectRatio: false,
          scales: {
            x: { grid: { color: color('--line') } },
            y: { min: 0, max: 100, grid: { color: color('--line') }, title: { display: true, text: canvas.dataset.label } },
          },
          plugins: { legend: { position: 'bottom' } },
        },
      });
    });
  }
  if (window.Chart) { draw(); return; }
  const library = document.createElement('script');
  library.src = document.currentScript.dataset.library;
  library.addEventListener('load', draw);
  document.head.append(library);
})();
