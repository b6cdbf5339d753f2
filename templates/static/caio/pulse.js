/* Pages that wait for work look every half minute what is new. They say so, and move nothing. */
(() => {
  'use strict';
  const doc = document, { $, say } = window.caio, EVERY = 30000;
  let tag = '', title = '', told = '', askedAt = 0;

  function count(waiting) {
    if ($('#fresh') && !window.caio.isStill()) doc.title = waiting > 0 ? `(${waiting}) ${title}` : title;
  }
  async function ask() {
    const box = $('#fresh');
    if (!box || doc.hidden || window.caio.isBusy() || performance.now() - askedAt < EVERY) return;
    askedAt = performance.now();
    try {
      const answer = await fetch(box.dataset.pulse, { headers: tag ? { 'If-None-Match': tag } : {}, redirect: 'manual' });
      if (!box.isConnected || answer.status !== 200) return;
      tag = answer.headers.get('ETag') || '';
      show(box, await answer.json());
    } catch { /* no connection: the next one asks again */ }
  }
  function show(box, found) {
    count(found.waiting);
    box.hidden = !found.new;
    $('span', box).textContent = `${found.new} new`;
    const moved = $('#moved');
    if (!moved || found.meanwhile === told) return;
    told = found.meanwhile;
    $('span', moved).textContent = told;
    moved.hidden = !told;
    $('a', moved).hidden = found.ending;
    $('[data-hold]', moved).hidden = !found.ending;
    if (told) say(told);
  }
  setInterval(ask, 1000);
  doc.addEventListener('visibilitychange', ask);
  doc.addEventListener('caio:arrived', () => {
    [tag, told, askedAt] = ['', '', performance.now()];
    title = doc.title.replace(/^\(\d+\) /, '');
    count(Number($('#fresh')?.dataset.waiting || 0));
  });
})();
