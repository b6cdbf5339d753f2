/* Ctrl or Cmd and K: find people, companies, pages and actions. Without this file /sales/find is a page. */
(() => {
  'use strict';
  const doc = document, { $, $$, on } = window.caio, WAIT = 150;
  const box = $('#find');
  if (!box) return;
  const input = $('input', box), list = $('ul', box), hint = $('[role=status]', box);
  let timer, asked = 0, opens = false; // asked: questions so far; opens: Enter was pressed before the answer came

  doc.addEventListener('keydown', (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== 'k' || !on()) return;
    event.preventDefault();
    if (box.open) { box.close(); return; }
    if ($('dialog[open]')) return;
    input.value = '';
    box.showModal();
    ask(0);
  });
  input.addEventListener('input', () => ask(WAIT));
  // What stands in the list answers what was typed before, until the answer comes: Enter waits for it.
  function ask(wait) {
    clearTimeout(timer);
    list.ariaBusy = 'true';
    opens = false;
    asked += 1;
    timer = setTimeout(look, wait);
  }
  box.addEventListener('keydown', (event) => {
    const links = $$('a', list), here = links.indexOf(doc.activeElement);
    if (event.key === 'Enter' && doc.activeElement === input) {
      event.preventDefault();
      if (list.ariaBusy === 'true') opens = true; else links[0]?.click();
      return;
    }
    // In a search field the browser's own Escape only clears it.
    if (event.key === 'Escape') { event.preventDefault(); box.close(); return; }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !links.length || list.ariaBusy === 'true') return;
    event.preventDefault();
    (links[here + step] || input).focus();
  });
  list.addEventListener('click', () => box.close());
  box.addEventListener('close', () => { clearTimeout(timer); opens = false; asked += 1; });

  async function look() {
    const mine = asked, words = input.value;
    try {
      const answer = await fetch(`${box.dataset.find}?q=${encodeURIComponent(words)}`, { headers: { Accept: 'application/json' }, redirect: 'manual' });
      if (!answer.ok) throw new Error();
      const { found } = await answer.json();
      if (mine !== asked) return;
      list.replaceChildren(...found.map(row));
      hint.textContent = found.length ? `${found.length} found. Enter opens the first, the arrows go on.` : 'Nothing fits.';
      window.htmx?.process(list);
      list.ariaBusy = 'false';
      if (opens) $('a', list)?.click();
    } catch { if (mine === asked) opens = false, hint.textContent = 'No answer from the server. Type again.'; }
  }
  // An action has its button on the page of what was found: nothing is done from here.
  function row(one) {
    const li = doc.createElement('li'), a = doc.createElement('a'), small = doc.createElement('small');
    a.href = one.is_action ? `${box.dataset.find}?q=${encodeURIComponent(one.label)}` : one.address;
    a.textContent = one.label;
    small.textContent = [one.kind, one.beside].filter(Boolean).join(', ');
    li.append(a, ' ', small);
    return li;
  }
})();
