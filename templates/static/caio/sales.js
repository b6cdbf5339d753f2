/* Keys, reading to the end, the countdown. Every page works without this file. */
(() => {
  'use strict';
  const doc = document, root = doc.documentElement;
  const $ = (what, from = doc) => from.querySelector(what);
  const $$ = (what, from = doc) => [...from.querySelectorAll(what)];

  // The one table: what a key is for. It presses the visible element with the same data-key, or works on the list.
  const KEYS = {
    j: 'next', k: 'previous', a: 'approve', e: 'edit', r: 'reject', z: 'undo',
    x: 'select, with Shift a range', s: 'skip', h: 'a shorter text', q: 'score the email', n: 'the next email', '/': 'search',
    '?': 'all keys',
  };
  // G, then one of these, goes to a page.
  const GO = { o: '/sales', q: '/sales/queue', s: '/sales/sent', l: '/sales/leads', p: '/sales/phase' };
  const DECIDES = 'aer';
  const DEAF = 1000, GO_WITHIN = 1500;
  let arrived = 0, busy = false, goAt = -GO_WITHIN, marked = null;

  const chosen = root.dataset;
  const isStill = () => chosen.numbers === 'off';
  const on = () => chosen.keys !== 'off';
  const flip = (name, what) => {
    const state = chosen[name] = chosen[name] === 'off' ? 'on' : 'off';
    htmx.ajax('POST', '/sales/settings/me/switches', { values: { switch: name, state }, source: root });
    say(`${what} are ${state}.`);
    legend();
    countDown();
  };
  const visible = (el) => el && (el.getClientRects().length > 0);
  const target = (key) => $$(`[data-key="${CSS.escape(key)}"]`).find(visible);
  const rows = () => $$('[data-rows] > li');
  const works = (key) => key === '?' || !!target(key) || ('jkx'.includes(key) && rows().length > 0);
  const loginAddress = () => `/accounts/login/?next=${encodeURIComponent(location.pathname + location.search)}`;

  const say = (text, id = 'status') => {
    const box = doc.getElementById(id);
    box.textContent = '';
    setTimeout(() => { box.textContent = text; }, 50);
  };
  // Where the eye is: at the decision bar, or in the form; at the top of the page where there is neither.
  const tell = (text, link) => {
    const box = $('#told');
    say(text, box ? 'status' : 'alert');
    if (!box) return;
    box.textContent = text;
    if (link) {
      const to = doc.createElement('a');
      to.href = loginAddress();
      to.textContent = 'Sign in';
      box.append(' ', to);
    }
  };
  const SIGNED_OUT = 'You are signed out, so nothing was decided. What you typed is kept.';

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
    if (performance.now() - goAt < GO_WITHIN && Object.hasOwn(GO, key)) {
      event.preventDefault();
      goAt = -GO_WITHIN;
      $(`.tabs [href="${GO[key]}"]`)?.click();
      return;
    }
    goAt = key === 'g' && $('.tabs') ? performance.now() : -GO_WITHIN;
    if (!Object.hasOwn(KEYS, key) || !works(key)) return;
    if (DECIDES.includes(key) && performance.now() - arrived < DEAF) return;
    event.preventDefault();
    press(key, el, event.shiftKey);
  });

  function press(key, el, shift) {
    if (key === '?') { $('#keys').showModal(); return; }
    const button = target(key);
    if (!button) { inList(key, el, shift); return; }
    if (button.getAttribute('aria-disabled') === 'true') {
      tell(doc.getElementById(button.getAttribute('aria-describedby'))?.textContent.trim() || 'Not possible now.');
    } else if (button.matches('input')) {
      button.focus();
      button.select();
    } else {
      button.click();
    }
  }

  function inList(key, el, shift) {
    const all = rows(), here = all.indexOf(el.closest('[data-rows] > li'));
    if (key === 'x') {
      const box = $('[type=checkbox]', all[Math.max(here, 0)]);
      if (box) { if (shift && marked) range(box); else box.click(); }
      return;
    }
    const to = all[key === 'j' ? Math.min(here + 1, all.length - 1) : Math.max(here - 1, 0)];
    $('.who', to).focus();
  }

  // From the box that was clicked last to this one, all as that one is.
  function range(box) {
    const all = $$('[name=selected]'), ends = [all.indexOf(marked), all.indexOf(box)].sort((a, b) => a - b);
    if (ends[0] < 0) return;
    for (let n = ends[0]; n <= ends[1]; n += 1) all[n].checked = marked.checked;
    selection();
  }

  function escape(el) {
    if (el.id === 'id_reason' && $('[data-reject] .radios')) { ($('[name=tag]:checked') || $('[name=tag]')).focus(); return; }
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
    $$('[data-scripted]').forEach((el) => { el.hidden = false; });
    const box = $('#legend');
    if (!box) return;
    box.hidden = false;
    $('ul', box).replaceChildren(...(live ? known : []).map(([key, what]) => { const li = doc.createElement('li'); li.append(hint(key), ' ' + what); return li; }));
    const more = [['G', 'then O overview, Q queue, S sent, L leads, P phase'], ['Ctrl K', 'find'], ['1–9 0 -', 'tags of a rejection; Esc goes back to them']];
    $('#keys dl').replaceChildren(...[...Object.entries(KEYS), ...more].flatMap(([key, what]) => {
      const dt = doc.createElement('dt'), dd = doc.createElement('dd');
      dt.append(hint(key)); dd.textContent = what[0].toUpperCase() + what.slice(1); return [dt, dd];
    }));
    $$('[data-switch]').forEach((el) => { el.textContent = live ? 'Turn keys off' : 'Turn keys on'; });
    $$('[data-still]').forEach((el) => { el.textContent = isStill() ? 'Let numbers move' : 'Stop moving numbers'; });
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
    if (el.closest('[data-switch]')) flip('keys', 'Keys');
    if (el.closest('[data-still]')) flip('numbers', 'Moving numbers');
    $$('details.menu[open]').forEach((menu) => { if (!menu.contains(el)) menu.open = false; });
    if (el.name === 'selected') {
      if (event.shiftKey && marked && marked !== el) setTimeout(range, 0, el);
      else marked = el;
    }
  }, true);

  // --- what the page says -------------------------------------------------------------------------------------------
  function countDown() {
    $$('[data-left]').forEach((el) => {
      el.dataset.until ||= performance.now() + 1000 * el.dataset.left;
      const left = Math.ceil((el.dataset.until - performance.now()) / 1000);
      el.dataset.clock ||= el.textContent;
      if (left > 0) {
        const text = isStill() ? el.dataset.clock : `in ${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
        if (el.textContent !== text) el.textContent = text;
        return;
      }
      el.removeAttribute('data-left');
      el.textContent = el.dataset.over || 'any moment';
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
    approve.firstChild.textContent = `Approve ${read} read`;
    approve.hidden = !read;
    reject.firstChild.textContent = `Reject ${chosen.length}…`;
    reject.hidden = $('[data-clear]', bar).hidden = !chosen.length;
    legend();
  }
  doc.addEventListener('change', (event) => { if (event.target.name === 'selected') selection(); });
  doc.addEventListener('reset', () => setTimeout(selection));

  // --- arriving -----------------------------------------------------------------------------------------------------
  function arrive(swapped) {
    arrived = performance.now();
    busy = false;
    marked = null;
    doc.getElementById('alert').textContent = '';
    countDown();
    selection();
    legend();
    const said = $$('[data-say]').map((el) => el.innerText.trim()).join(' ');
    if (said) say(said);
    doc.dispatchEvent(new CustomEvent('caio:arrived'));
    const wrong = $('form[data-quick] .error') && ($('form[data-quick] [aria-invalid=true]:not([type=radio])') || $('[name=tag]:checked') || $('[name=tag]'));
    const first = wrong || $('[data-focus="1"]') || (matchMedia('(pointer:fine)').matches && $('[data-first] :is(textarea,input)')) || (swapped && ($('[data-focus]') || $('h1')));
    if (first) first.focus({ preventScroll: first.matches('h1') });
    if (wrong) say($('.errors')?.innerText.trim() || $('.error').textContent, 'alert');
  }
  doc.addEventListener('htmx:afterSettle', (event) => { if (event.detail.target?.id === 'page' || event.target.id === 'page') arrive(true); });
  doc.addEventListener('submit', (event) => { busy = event.target.method !== 'dialog' && !event.defaultPrevented; });
  doc.addEventListener('htmx:beforeRequest', () => { busy = true; });
  doc.addEventListener('htmx:afterRequest', () => { busy = false; });
  ['htmx:sendError', 'htmx:timeout', 'htmx:responseError'].forEach((name) => doc.addEventListener(name, (event) => {
    busy = false;
    doc.dispatchEvent(new CustomEvent('caio:failed'));
    const status = event.detail.xhr?.status;
    if (status === 401) { tell(SIGNED_OUT, true); return; }
    const text = status === 403 ? 'You may not do this, or the page is too old. Nothing was changed. Open the page again.'
      : 'No answer from the server, so this may not be saved. Try again: it cannot be decided twice.';
    tell(text);
    if ($('#told')) say(text, 'alert');
  }));
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
  Object.assign(window.caio = {}, { $, $$, say, tell, visible, legend, on, isStill, typing, SIGNED_OUT, isBusy: () => busy });
  addEventListener('DOMContentLoaded', () => arrive(false));
})();
