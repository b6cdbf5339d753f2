/* The desk: reading, what was typed, rejecting in few keys. The pages work without this file. */
(() => {
  'use strict';
  const doc = document, { $, $$, say, tell, typing, SIGNED_OUT } = window.caio;
  const TAKEN_AFTER = 3000; // on the screen: then it is on this desk
  const KEEP = 60000; // typing keeps it there: asked for at most once a minute
  const DEAF = 1000; // after a key that scrolled
  const READ = 'Read to the end, then press A again.';
  const UNSAVED = 'You have unsaved changes: save or discard them first.';
  let watcher, ticker, seenEnd = true, seen = 0, lastTick = 0, scrolledAt = -DEAF, takenAt = 0, isTaken = false, isNoted = false;

  // --- reading: the end of the text on the screen, and time enough for its words -----------------------------------
  const needed = () => 1000 * ($('#read')?.dataset.seconds || 0);
  const left = () => Math.ceil((needed() - seen) / 1000);
  const inLook = () => !!$('[data-to-the-end]');

  function watch() {
    clearInterval(ticker);
    [seenEnd, seen, lastTick, isTaken, isNoted, scrolledAt] = [!$('[data-end]'), 0, performance.now(), false, false, -DEAF];
    watchEnd();
    if ($('#read')) ticker = setInterval(tick, 250);
  }

  function watchEnd() {
    watcher?.disconnect();
    const end = $('[data-end]'), main = $('.decide .main');
    if (!end) return;
    const bar = (main && getComputedStyle(main).position === 'fixed' ? main : $('.decide'))?.getBoundingClientRect().height || 0;
    watcher = new IntersectionObserver((found) => { seenEnd ||= found.some((one) => one.isIntersecting); },
      { rootMargin: `0px 0px -${Math.round(bar)}px 0px` });
    watcher.observe(end);
  }

  function tick() {
    const now = performance.now();
    if (!doc.hidden) seen += now - lastTick;
    lastTick = now;
    if (seen >= TAKEN_AFTER && !isTaken) note();
    if (inLook() && seenEnd && left() <= 0 && !isNoted) { isNoted = true; note(true); }
    const told = $('#told[data-waits]');
    if (told) told.textContent = left() > 0 ? waits() : 'Read. A approves it.';
    if (told && left() <= 0) told.removeAttribute('data-waits');
  }
  const waits = () => `Read it first: A works in ${left()} second${left() === 1 ? '' : 's'}.`;

  async function note(isRead) {
    const form = $('#read');
    if (!form || (isTaken && !isRead)) return;
    isTaken = true;
    takenAt = performance.now();
    const sent = new FormData(form);
    if (isRead) sent.set('end', '1');
    try {
      const answer = await fetch(form.action, { method: 'POST', body: sent, keepalive: true, redirect: 'manual' });
      if (!form.isConnected) return;
      if (answer.type === 'opaqueredirect') { tell(SIGNED_OUT, true); return; }
      if (answer.status !== 409) return;
      const moved = $('#moved'), text = await answer.text();
      $('span', moved).textContent = text;
      moved.hidden = $('a', moved).hidden = false;
      $('[data-hold]', moved).hidden = true;
      say(text);
    } catch { isTaken = isNoted = false; }
  }

  function keepIt() {
    $('#moved').hidden = true;
    $('h1').focus();
    say('Yours for 10 more minutes.');
    isTaken = false;
    note();
  }

  doc.addEventListener('click', (event) => {
    const el = event.target;
    if (!(el instanceof Element)) return;
    if (el.closest('[data-key=e],.decide [data-key=r]')) note();
    ahead = el.closest('.decide [data-key=r]') ? { until: performance.now() + AHEAD, tag: '', text: '' } : null;
    if (el.closest('[data-discard]')) discard(el);
    if (el.closest('[data-hold]')) keepIt();
    if (!el.closest('[data-to-the-end]')) return;
    const why = whyNot();
    if (!why) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    tell(why);
    $('#told').toggleAttribute('data-waits', why === waits());
  }, true);

  // Why Approve does not work yet; each press of a key that scrolled counts from anew.
  function whyNot() {
    if (!$('#unsaved').hidden) return UNSAVED;
    const now = performance.now(), soon = now - scrolledAt < DEAF;
    if (!seenEnd || soon) {
      if (!seenEnd) $('[data-end]').scrollIntoView({ block: 'center' });
      scrolledAt = now;
      return READ;
    }
    return left() > 0 ? waits() : '';
  }
  doc.addEventListener('keydown', (event) => {
    if ([' ', 'PageDown', 'End'].includes(event.key) && event.target.closest('[data-to-the-end]') && whyNot()) {
      event.preventDefault();
      tell(READ);
    }
  }, true);

  // --- what was typed is kept until it is saved ---------------------------------------------------------------------
  const path = (form) => new URL(form.action).pathname;
  const place = (form, name) => `typed:${path(form)}:${name}`;
  const fields = (form) => $$('textarea,input[type=text],input[type=radio],input[name=version]', form);
  const store = (field, form) => {
    if (field.type !== 'radio' || field.checked) sessionStorage.setItem(place(form, field.name), field.value);
  };
  const forget = (where) => Object.keys(sessionStorage).filter((key) => key.startsWith(`typed:${where}:`)).forEach((key) => sessionStorage.removeItem(key));

  function keepTyped() {
    const sent = sessionStorage.getItem('sent'), forms = $$('form[data-keep]');
    sessionStorage.removeItem('sent');
    const isRefused = forms.some((form) => path(form) === sent && form.dataset.keep === 'typed');
    if (sent && !isRefused && $('header.bar')) forget(sent);
    forms.forEach((form) => {
      if (form.dataset.keep === 'typed') { fields(form).forEach((field) => store(field, form)); return; }
      fields(form).forEach((field) => {
        const kept = sessionStorage.getItem(place(form, field.name));
        if (kept === null) return;
        if (field.type === 'radio') field.checked = field.value === kept; else field.value = kept;
      });
    });
    const edit = $('.decide [data-key=e]');
    if (edit) $('#unsaved').hidden = sessionStorage.getItem(`typed:${new URL(edit.href).pathname}:body`) === null && sessionStorage.getItem(`typed:${new URL(edit.href).pathname}:subject`) === null;
  }
  function discard(el) {
    forget(el.matches('a') ? new URL(el.href).pathname : new URL($('.decide [data-key=e]').href).pathname);
    if (!$('#unsaved')) return;
    $('#unsaved').hidden = true;
    watchEnd();
    tell('Discarded.');
  }
  doc.addEventListener('input', (event) => {
    const field = event.target, form = field.closest('form[data-keep]');
    if (field.dataset.least) least(field);
    if (!form) return;
    const same = form.dataset.keep === 'new' && fields(form).every((one) => one.type === 'radio' ? one.checked === one.defaultChecked : one.value === one.defaultValue);
    if (same) forget(path(form)); else fields(form).forEach((one) => store(one, form));
    if (isTaken && performance.now() - takenAt > KEEP) { isTaken = false; note(); }
  });
  doc.addEventListener('submit', (event) => {
    if (event.target.matches('[data-keep]')) sessionStorage.setItem('sent', path(event.target));
  });
  doc.addEventListener('caio:failed', () => sessionStorage.removeItem('sent'));
  function least(field) {
    const more = field.dataset.least - field.value.trim().length, box = $('#least');
    if (box) box.textContent = more > 0 ? `${more} more character${more > 1 ? 's' : ''}.` : `${field.dataset.least} characters: enough.`;
  }

  // --- rejecting: a digit chooses the tag, the arrow down offers what was written before -----------------------------
  const DIGITS = '1234567890-', AHEAD = 10000;
  let ahead = null; // typed after R, before its form is there: the tag, then text
  doc.addEventListener('keydown', (event) => {
    const form = $('form[data-reject]');
    if (!form || !window.caio.on() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || $('dialog[open]')) return;
    const box = $('#id_reason', form), inText = event.target === box;
    if (!inText && !typingIn(event.target)) {
      const radio = event.key.length === 1 && $$('[name=tag]', form)[DIGITS.indexOf(event.key)];
      if (!radio || !DIGITS.includes(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      radio.checked = true;
      radio.dispatchEvent(new Event('input', { bubbles: true }));
      box.focus();
    } else if (inText && ['ArrowDown', 'ArrowUp'].includes(event.key)) {
      const offered = $$('[name=use]', form).map((one) => one.value), at = offered.indexOf(box.value);
      if (!offered.length || (box.value && at < 0)) return;
      event.preventDefault();
      use(box, offered[(at + (event.key === 'ArrowDown' ? 1 : -1) + offered.length) % offered.length] || offered[0]);
    }
  }, true);
  doc.addEventListener('keydown', (event) => {
    if (!ahead || performance.now() > ahead.until || $('form[data-reject]') || !window.caio.on()) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat || typing(event.target)) return;
    if (event.key === 'Escape') ahead = null;
    else if (event.key === 'Backspace') ahead.text = ahead.text.slice(0, -1);
    else if (event.key.length !== 1 || !(ahead.tag || DIGITS.includes(event.key))) return;
    else if (ahead.tag) ahead.text += event.key;
    else ahead.tag = event.key;
    event.preventDefault();
    event.stopPropagation();
  }, true);
  function catchUp() {
    const form = $('form[data-reject]'), typed = ahead;
    ahead = null;
    const radio = typed && typed.tag && form && $$('[name=tag]', form)[DIGITS.indexOf(typed.tag)];
    if (!radio) return;
    const box = $('#id_reason', form);
    radio.checked = true;
    if (typed.text) box.value = typed.text;
    box.dispatchEvent(new Event('input', { bubbles: true }));
    setTimeout(() => box.focus()); // after the page has chosen its own
  }
  const typingIn = (el) => el instanceof Element && !el.matches('[type=radio]') && typing(el);
  function use(box, text) {
    box.value = text;
    box.dispatchEvent(new Event('input', { bubbles: true }));
    box.focus();
  }
  doc.addEventListener('click', (event) => {
    const one = event.target instanceof Element && event.target.closest('[name=use]');
    if (!one) return;
    event.preventDefault();
    use($('#id_reason'), one.value);
  });

  // --- scoring: a digit marks the dimension, and the next one has the focus ------------------------------------------
  doc.addEventListener('keydown', (event) => {
    const form = $('form[data-score]');
    if (!form || !/^[1-5]$/.test(event.key) || !window.caio.on() || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches('textarea') || $('dialog[open]')) return;
    const groups = $$('fieldset', form);
    const at = Math.max(0, event.target.closest('fieldset') ? groups.indexOf(event.target.closest('fieldset'))
      : groups.findIndex((one) => !$(':checked', one)));
    const radio = $(`[value="${event.key}"]`, groups[at]), next = groups[at + 1];
    event.preventDefault();
    event.stopPropagation();
    radio.checked = true;
    radio.dispatchEvent(new Event('input', { bubbles: true }));
    (next ? $(':checked', next) || $('input', next) : $('button.big', form)).focus();
  }, true);

  doc.addEventListener('caio:arrived', () => {
    keepTyped();
    watch();
    $$('[data-least]').forEach((field) => field.value && least(field));
    catchUp();
  });
})();
