/* Draws a table; the table stays. Each row is a line and its cells with data-value are the points; with
   data-rows="points" each row is a point, and the columns with data-kind are the lines, bars, bands and limits. */
(() => {
  'use strict';
  const LINES = ['--accent', '--hot', '--pass', '--critical', '--warn', '--low'], MOST = 6;
  const DASHES = [[], [6, 4], [2, 3], [10, 4, 2, 4]];

  const value = (cell) => (cell.dataset.value ? Number(cell.dataset.value) : null);

  function rowLines(table, color) {
    const rows = [...table.tBodies[0].rows], shown = [...new Set([rows.at(-1), ...rows])].slice(0, MOST);
    return {
      labels: [...table.tHead.rows[0].cells].slice(1, -1).map((cell) => cell.textContent),
      datasets: shown.map((row, n) => ({
        label: row.cells[0].textContent.trim(),
        data: [...row.cells].slice(1, -1).map(value),
        borderColor: color(LINES[n]), backgroundColor: color(LINES[n]), borderDash: DASHES[n % DASHES.length], borderWidth: n ? 1.5 : 3,
        spanGaps: true,
      })),
    };
  }

  function columnLines(table, color) {
    const heads = [...table.tHead.rows[0].cells], rows = [...table.tBodies[0].rows];
    let drawn = 0, limits = 0;
    const looks = {
      line: () => ({ pointStyle: 'circle', borderColor: color(LINES[drawn]), backgroundColor: color(LINES[drawn]), borderDash: DASHES[drawn % DASHES.length], borderWidth: drawn++ ? 2 : 3, pointRadius: rows.length > 40 ? 0 : 3 }),
      bar: () => ({ type: 'bar', pointStyle: 'rect', backgroundColor: color(LINES[drawn++]), maxBarThickness: 48 }),
      low: () => ({ borderColor: color('--edge'), borderWidth: 1, pointRadius: 0 }),
      high: () => ({ borderColor: color('--edge'), borderWidth: 1, pointRadius: 0, pointStyle: 'rect', fill: '-1', backgroundColor: `${color('--edge')}33` }),
      limit: () => ({ borderColor: color(limits++ ? '--critical' : '--fail'), borderDash: [6, 4], borderWidth: 2, pointRadius: 0, pointStyle: 'line', order: -1 }),
    };
    return {
      labels: rows.map((row) => row.cells[0].textContent.trim()),
      datasets: heads.flatMap((head, n) => (head.dataset.kind ? [{
        label: head.dataset.legend || head.textContent.trim(), data: rows.map((row) => value(row.cells[n])), spanGaps: true, kind: head.dataset.kind,
        ...looks[head.dataset.kind](),
      }] : [])),
    };
  }

  function draw() {
    const style = getComputedStyle(document.documentElement), color = (name) => style.getPropertyValue(name).trim();
    document.querySelectorAll('canvas[data-chart]').forEach((canvas) => {
      if (canvas.dataset.drawn) return;
      canvas.dataset.drawn = '1';
      const table = document.getElementById(canvas.dataset.chart), byPoint = canvas.dataset.rows === 'points';
      window.Chart.defaults.color = color('--muted');
      new window.Chart(canvas, {
        type: canvas.dataset.across ? 'bar' : 'line',
        data: byPoint ? columnLines(table, color) : rowLines(table, color),
        options: {
          animation: false, maintainAspectRatio: false, indexAxis: canvas.dataset.across ? 'y' : 'x',
          scales: {
            [canvas.dataset.across ? 'y' : 'x']: { grid: { color: color('--line') }, ticks: { maxRotation: 0, autoSkip: !canvas.dataset.across, autoSkipPadding: 12 } },
            [canvas.dataset.across ? 'x' : 'y']: { min: 0, ...(byPoint ? {} : { max: 100 }), grid: { color: color('--line') }, title: { display: true, text: canvas.dataset.label } },
          },
          plugins: {
            legend: {
              position: 'bottom', display: !canvas.dataset.across,
              labels: byPoint ? { usePointStyle: true, pointStyleWidth: 14, filter: (item, data) => data.datasets[item.datasetIndex].kind !== 'low' } : {},
            },
          },
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
