/* Copies the address beside a button. Without this file it can be selected and copied by hand. */
(() => {
  'use strict';
  const show = () => document.querySelectorAll('[data-copy]').forEach((el) => { el.hidden = !navigator.clipboard; });
  document.addEventListener('click', async (event) => {
    const button = event.target instanceof Element && event.target.closest('[data-copy]');
    if (!button) return;
    const field = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(field.value);
      window.caio.say('Copied.');
      button.textContent = 'Copied';
    } catch {
      field.select();
      window.caio.say('Not copied. It is selected: copy it with your keyboard.');
    }
  });
  document.addEventListener('caio:arrived', show);
  if (document.readyState !== 'loading') show();
})();
