// Filtering the list, and copying: nothing here changes what a page says.
"use strict";

const said = document.getElementById("copied");

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without a secure address the browser has no clipboard of its own to offer.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  if (said) said.textContent = "Copied.";
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.copy !== undefined) copy(button.dataset.copy);
  if (button.dataset.copyAddress !== undefined) copy(location.origin + button.dataset.copyAddress);
});

for (const field of document.querySelectorAll("input[data-filter]")) {
  const list = document.querySelector(field.dataset.filter);
  const none = document.getElementById("none");
  const show = () => {
    const wanted = field.value.trim().toLowerCase();
    let shown = 0;
    for (const item of list.children) {
      item.hidden = !item.dataset.words.includes(wanted);
      shown += !item.hidden;
    }
    none.hidden = shown > 0;
  };
  field.addEventListener("input", show);
  show();
}

const result = document.getElementById("result");
if (result) result.scrollIntoView({ block: "nearest" });
