// What a click on a citation does, and where the page stands after an answer. Listeners sit on the
// document, because every answer renders the transcript and the sources anew.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);

  // The sources of one answer are shown, those of the others are hidden.
  function showTurn(turn) {
    for (const group of document.querySelectorAll(".group")) group.hidden = group.dataset.turn !== turn;
  }

  function openSource(link) {
    const card = byId(link.getAttribute("href").slice(1));
    if (!card) return;
    showTurn(card.closest(".group").dataset.turn);
    for (const other of document.querySelectorAll(".source.on, .cite.on")) other.classList.remove("on");
    card.classList.add("on");
    link.classList.add("on");
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }

  function backToAnswer(link) {
    const turn = byId(link.getAttribute("href").slice(1));
    turn.scrollIntoView({ block: "start" });
    (turn.querySelector(".cite.on") || turn.querySelector(".cite")).focus({ preventScroll: true });
  }

  async function copy(button) {
    const text = `${button.dataset.copy}\n${new URL(button.dataset.url, location.origin)}`;
    const copied = await toClipboard(text);
    const label = button.textContent;
    button.textContent = copied ? "Copied" : "Could not be copied";
    setTimeout(() => { button.textContent = label; }, 2000);
  }

  // Browsers give no clipboard to a page that came over plain HTTP from another machine.
  async function toClipboard(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return fromSelection(text);
    }
  }

  function fromSelection(text) {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("a.cite, a.back");
    if (link) {
      event.preventDefault();
      link.matches(".cite") ? openSource(link) : backToAnswer(link);
    }
    const button = event.target.closest("button[data-copy]");
    if (button) copy(button);
  });

  // A new question, and then its answer, is brought into view by its beginning.
  let seen = "";
  new MutationObserver(() => {
    const turn = document.querySelector(".turn:last-of-type");
    const now = turn ? turn.id + turn.dataset.state : "";
    if (turn && now !== seen) turn.scrollIntoView({ block: "start" });
    seen = now;
  }).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-state"] });
})();
