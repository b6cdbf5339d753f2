/* Keys, reading to the end, the countdown. Every page works without this file. */
(() => {
  'use strict';
  const doc = document, root = doc.documentElement;
  const $ = (what, from = doc) => from.querySelector(what);
  const $$ = (what, from = doc) => [...from.querySelectorAll(what)];

  // The one table: what a key is for. It presses the visible element with the same data-key, or works on the list.
  const KEYS = {
    j: 'next', k: 'previous', a: 'approve', e: 'edit', r: 'reject', z: 'undo',
    x: 'select', s: 'skip', '/': 'search', '?': 'all keys',
  };
  const DECIDES = 'aer';
  const DEAF = 1000, READ_AFTER = 3000;
  const KEEP = 60000; // typing keeps the email on this desk: asked for at most once a minute
  let arrived = 0, busy = false, readToEnd = true, watcher, readTimer, wasRead = false, readAt = 0;

  const on = () => { try { return localStorage.getItem('keys') !== 'off'; } catch { return true; } };
  const visible = (el) => el && (el.getClientRects().length > 0);
  const target = (key) => $$(`[data-key="${CSS.escape(key)}"]`).find(visible);
  const rows = () => $$('[data-rows] > li');
  const works = (key) => key === '?' || !!target(key) || ('jkx'.includes(key) && rows().length > 0);

  const say = (text, id = 'status') => {
    const box = doc.getElementById(id);
    box.textContent = '';
    setTimeout(() => { box.textContent = text; }, 50);
  };
  const tell = (text) => { const box = $('#told'); if (box) box.textContent = text; say(text); };

  // --- keys ---------------------------------------------------------------------------------------------------------
  const typing = (el) => el.closest('input:not([type=checkbox]),textarea,select,[contenteditable]');

  doc.addEventListener('keydown', (event) => {
    const el = event.target instanceof Element ? event.target : root;
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      const form = el.closest('form[data-quick]');
      if (form && !event.repeat && !busy) { event.preventDefault(); form.requestSubmit($('.big:not(a)', form)); }
      return;
    }
    if (event.key === 'Escape') { escape(el); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented || busy) return;
    if (!on() || typing(el) || $('dialog[open]') || $('details.menu[open]')) return;
    const key = event.key.toLowerCase();
    if (!Object.hasOwn(KEYS, key) || !works(key)) return;
    if (DECIDES.includes(key) && performance.now() - arrived < DEAF) return;
    event.preventDefault();
    press(key, el);
  });

  function press(key, el) {
    if (key === '?') { $('#keys').showModal(); return; }
    const button = target(key);
    if (!button) { inList(key, el); return; }
    if (button.getAttribute('aria-disabled') === 'true') {
      tell(doc.getElementById(button.getAttribute('aria-describedby'))?.textContent.trim() || 'Not possible now.');
    } else if (button.matches('input')) {
      button.focus();
      button.select();
    } else {
      button.click();
    }
  }

  function inList(key, el) {
    const all = rows(), here = all.indexOf(el.closest('[data-rows] > li'));
    if (key === 'x') { $('[type=checkbox]', all[Math.max(here, 0)])?.click(); return; }
    const to = all[key === 'j' ? Math.min(here + 1, all.length - 1) : Math.max(here - 1, 0)];
    $('.who', to).focus();
  }

  function escape(el) {
    const open = $('details.menu[open]');
    if (open) { open.open = false; $('summary', open).focus(); return; }
    const way = el.closest('form') && $('[data-esc]', el.closest('form'));
    if (way && !busy) way.click();
    else $('[data-clear]:not([hidden])')?.click();
  }

  function legend() {
    const live = on(), known = Object.entries(KEYS).filter(([key]) => works(key));
    root.classList.toggle('keys', live);
    $$('[data-key]').forEach((el) => {
      const key = el.dataset.key;
      live ? el.setAttribute('aria-keyshortcuts', key.toUpperCase()) : el.removeAttribute('aria-keyshortcuts');
      if (el.matches('button,.button') && !$('kbd', el)) el.append(' ', hint(key));
    });
    const box = $('#legend');
    if (!box) return;
    box.hidden = false;
    $('ul', box).replaceChildren(...(live ? known : []).map(([key, what]) => { const li = doc.createElement('li'); li.append(hint(key), ' ' + what); return li; }));
    $('#keys dl').replaceChildren(...Object.entries(KEYS).flatMap(([key, what]) => {
      const dt = doc.createElement('dt'), dd = doc.createElement('dd');
      dt.append(hint(key)); dd.textContent = what[0].toUpperCase() + what.slice(1); return [dt, dd];
    }));
    $$('[data-switch]').forEach((el) => { el.textContent = live ? 'Turn keys off' : 'Turn keys on'; });
  }
  function hint(key) {
    const kbd = doc.createElement('kbd');
    kbd.textContent = key.toUpperCase();
    kbd.setAttribute('aria-hidden', 'true');
    return kbd;
  }

  // --- clicks -------------------------------------------------------------------------------------------------------
  doc.addEventListener('click', (event) => {
    const el = event.target;
    if (!(el instanceof Element)) return;
    if (el.closest('[data-switch]')) {
      try { localStorage.setItem('keys', on() ? 'off' : 'on'); } catch { /* private window: this page only */ }
      legend();
      say(on() ? 'Keys are on.' : 'Keys are off.');
    }
    $$('details.menu[open]').forEach((menu) => { if (!menu.contains(el)) menu.open = false; });
    if (el.closest('[data-key=e],[data-key=r]')) noteRead();
    const approve = el.closest('[data-to-the-end]');
    if (approve && !readToEnd) {
      event.preventDefault();
      event.stopImmediatePropagation();
      $('[data-end]').scrollIntoView({ block: 'center' });
      tell('Read to the end, then press A again.');
    }
  }, true);

  // --- reading ------------------------------------------------------------------------------------------------------
  function watchReading() {
    watcher?.disconnect();
    clearTimeout(readTimer);
    const end = $('[data-end]');
    readToEnd = !end;
    wasRead = false;
    if ($('#read') && !doc.hidden) readTimer = setTimeout(noteRead, READ_AFTER);
    if (!end) return;
    const bar = $('.decide .main')?.getBoundingClientRect().height || 0;
    watcher = new IntersectionObserver((seen) => { readToEnd ||= seen.some((one) => one.isIntersecting); },
      { rootMargin: `0px 0px -${Math.round(bar)}px 0px` });
    watcher.observe(end);
  }
  doc.addEventListener('visibilitychange', () => {
    clearTimeout(readTimer);
    if (!doc.hidden && $('#read') && !wasRead) readTimer = setTimeout(noteRead, READ_AFTER);
  });

  async function noteRead() {
    const form = $('#read');
    if (!form || wasRead) return;
    wasRead = true;
    readAt = performance.now();
    try {
      const answer = await fetch(form.action, { method: 'POST', body: new FormData(form), keepalive: true, redirect: 'manual' });
      if (answer.status !== 409 || !form.isConnected) return;
      const moved = $('#moved'), text = await answer.text();
      $('span', moved).textContent = text;
      moved.hidden = false;
      say(text);
    } catch { wasRead = false; }
  }

  // --- what the page says -------------------------------------------------------------------------------------------
  function countDown() {
    $$('[data-left]').forEach((el) => {
      el.dataset.until ||= performance.now() + 1000 * el.dataset.left;
      const left = Math.ceil((el.dataset.until - performance.now()) / 1000);
      if (left > 0) { el.textContent = `in ${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`; return; }
      el.removeAttribute('data-left');
      el.textContent = 'any moment';
      const undo = $('form', el.closest('[data-undo]') || el);
      if (undo) {
        if (undo.contains(doc.activeElement)) $('h1').focus();
        undo.remove();
        legend();
      }
    });
  }
  setInterval(countDown, 1000);

  function selection() {
    const bar = $('[data-selection]');
    if (!bar) return;
    const chosen = $$('[name=selected]:checked'), own = chosen.filter((el) => el.dataset.critical);
    const read = chosen.filter((el) => el.dataset.read && !el.dataset.critical).length;
    const parts = [`${read} read`, `${chosen.length - read - own.length} not read`];
    if (own.length) parts.push(`${own.length} need${own.length > 1 ? '' : 's'} a look of ${own.length > 1 ? 'their' : 'its'} own (CRITICAL)`);
    $('[data-count]', bar).textContent = chosen.length ? `${chosen.length} selected: ${parts.join(', ')}` : 'Select emails to decide several at once, at most 50.';
    const approve = $('[data-approve]', bar), reject = $('[value=reject]', bar);
    approve.textContent = `Approve ${read} read`;
    approve.hidden = !read;
    reject.textContent = `Reject ${chosen.length}…`;
    reject.hidden = $('[data-clear]', bar).hidden = !chosen.length;
  }
  doc.addEventListener('change', (event) => { if (event.target.name === 'selected') selection(); });
  doc.addEventListener('reset', () => setTimeout(selection));

  // --- what was typed is kept until it is sent ----------------------------------------------------------------------
  const place = (field) => `typed:${location.pathname}:${field.name}`;
  const fields = (form) => $$('textarea,input[type=text],input[type=radio]', form);
  function restore() {
    $$('form[data-keep]').forEach((form) => {
      if ($('.errors,[data-say],.diffbox', form)) return;
      fields(form).forEach((field) => {
        const kept = sessionStorage.getItem(place(field));
        if (kept === null) return;
        if (field.type === 'radio') field.checked = field.value === kept; else field.value = kept;
      });
    });
  }
  doc.addEventListener('input', (event) => {
    const field = event.target, form = field.closest('form[data-keep]');
    if (form && (field.type !== 'radio' || field.checked)) sessionStorage.setItem(place(field), field.value);
    if (field.dataset.least) least(field);
    if (form && wasRead && performance.now() - readAt > KEEP) { wasRead = false; noteRead(); }
  });
  doc.addEventListener('submit', (event) => {
    busy = event.target.method !== 'dialog';
    if (event.target.matches('[data-keep]')) fields(event.target).forEach((field) => sessionStorage.removeItem(place(field)));
  });
  function least(field) {
    const more = field.dataset.least - field.value.trim().length, box = $('#least');
    if (box) box.textContent = more > 0 ? `${more} more character${more > 1 ? 's' : ''}.` : `${field.dataset.least} characters: enough.`;
  }

  // --- arriving -----------------------------------------------------------------------------------------------------
  function arrive(swapped) {
    arrived = performance.now();
    busy = false;
    doc.getElementById('alert').textContent = '';
    restore();
    watchReading();
    countDown();
    selection();
    legend();
    $$('[data-least]').forEach((field) => field.value && least(field));
    const said = $$('[data-say]').map((el) => el.innerText.trim()).join(' ');
    if (said) say(said);
    const first = $('[data-focus="1"]') || (matchMedia('(pointer:fine)').matches && $('[data-first] :is(textarea,input)')) || (swapped && ($('[data-focus]') || $('h1')));
    if (first) first.focus({ preventScroll: first.matches('h1') });
  }
  doc.addEventListener('htmx:afterSettle', (event) => { if (event.detail.target?.id === 'page' || event.target.id === 'page') arrive(true); });
  doc.addEventListener('htmx:beforeRequest', () => { busy = true; });
  doc.addEventListener('htmx:afterRequest', () => { busy = false; });
  ['htmx:sendError', 'htmx:timeout', 'htmx:responseError'].forEach((name) => doc.addEventListener(name, (event) => {
    busy = false;
    const status = event.detail.xhr?.status;
    say(status === 403 ? 'You may not do this, or the page is too old. Nothing was changed. Open the page again.'
      : 'No answer from the server, so this may not be saved. Try again: it cannot be decided twice.', 'alert');
  }));
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
  arrive(false);
})();
