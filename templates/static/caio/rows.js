"use strict";
// Rows of a formset: add one, move one up or down. Without it the numbers and three blank rows do the same.
for (const table of document.querySelectorAll("table[data-rows]")) {
  const prefix = table.dataset.rows, body = table.tBodies[0];
  const total = document.querySelector(`[name="${prefix}-TOTAL_FORMS"]`);
  const template = document.getElementById(`${prefix}-row`);

  const number = () => {
    for (const [n, row] of [...body.rows].entries()) row.querySelector('[name$="-ORDER"]').value = (n + 1) * 10;
  };
  const button = (text, label, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.className = "px-2 py-1 border border-base-200 rounded-default dark:border-base-700";
    if (label) made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    return made;
  };
  const equip = (row) => {
    const move = (by) => (event) => {
      const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
      if (!other) return;
      body.insertBefore(by < 0 ? row : other, by < 0 ? other : row);
      number();
      event.currentTarget.focus();
    };
    row.cells[0].firstElementChild.append(button("↑", "Move up", move(-1)), button("↓", "Move down", move(1)));
  };

  for (const row of body.rows) equip(row);
  const add = button("Add a page", "", () => {
    if (Number(total.value) >= 100) return;
    body.insertAdjacentHTML("beforeend", template.innerHTML.replaceAll("__prefix__", total.value));
    total.value = Number(total.value) + 1;
    equip(body.lastElementChild);
    body.lastElementChild.querySelector('[name$="-label"]').focus();
  });
  add.classList.add("mt-4");
  table.parentElement.after(add);
}
