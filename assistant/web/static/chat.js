// What a reader does with an answer: follow a citation, look at its quote in passing, copy, go back to earlier
// conversations; and where the page stands after an answer. Listeners sit on the document, because every
// answer renders the transcript and the sources anew.
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
    if (!turn) return;
    turn.scrollIntoView({ block: "start" });
    (turn.querySelector(".cite.on") || turn.querySelector(".cite"))?.focus({ preventScroll: true });
  }

  // The quote of a citation, shown while the pointer or the keyboard is on its number.
  function peek(link) {
    const box = byId("peek");
    if (!box) return;
    const quote = document.createElement("q");
    quote.textContent = link.dataset.quote;
    quote.dir = "auto";
    const from = document.createElement("span");
    from.className = "meta";
    from.textContent = link.dataset.from;
    box.replaceChildren(quote, from);
    box.hidden = false;
    const at = link.getBoundingClientRect();
    const left = Math.max(8, Math.min(at.left - 20, innerWidth - box.offsetWidth - 8));
    const below = at.bottom + 8 + box.offsetHeight < innerHeight || at.top < box.offsetHeight + 8;
    box.style.left = `${left}px`;
    box.style.top = `${below ? at.bottom + 8 : at.top - 8 - box.offsetHeight}px`;
    link.setAttribute("aria-describedby", "peek");
  }

  function unpeek() {
    const box = byId("peek");
    if (box) box.hidden = true;
  }

  async function copy(button) {
    const address = button.dataset.url;
    const text = address ? `${button.dataset.copy}\n${whole(address)}` : button.dataset.copy;
    const copied = await toClipboard(text);
    const told = byId("told");
    const words = copied ? told?.dataset.copied ?? "Copied" : told?.dataset.notCopied ?? "Could not be copied";
    if (told) told.textContent = words;
    const label = button.textContent;
    button.textContent = words;
    setTimeout(() => { button.textContent = label; }, 2000);
    button.closest("details")?.removeAttribute("open");
  }

  // An address that a catalogue has wrong is copied as it is.
  function whole(address) {
    try {
      return new URL(address, location.origin).href;
    } catch {
      return address;
    }
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

  // Earlier conversations: this browser's list, or that of the person who is signed in.
  const LIST = "conversations";

  function remembered() {
    try {
      const list = JSON.parse(localStorage.getItem(LIST) || "[]");
      return Array.isArray(list) ? list : [];
    } catch {
      return [];
    }
  }

  function remember(list) {
    try {
      localStorage.setItem(LIST, JSON.stringify(list.slice(0, 100)));
    } catch {
      // A browser that keeps nothing for us keeps no list: everything else works.
    }
  }

  function note() {
    const log = document.querySelector("#transcript .log");
    // The list of who is signed in is kept by the server.
    if (log?.dataset.person) return;
    const first = log?.querySelector(".turn[data-kept] .asked");
    if (!first || !log.dataset.conversation) return;
    const id = log.dataset.conversation;
    const others = remembered().filter((one) => one.id !== id);
    remember([{ id, title: first.textContent.slice(0, 160), at: new Date().toISOString() }, ...others]);
  }

  // Null where nobody is signed in.
  async function ofPerson() {
    if (!document.querySelector("#transcript .log")?.dataset.person) return null;
    const answer = await fetch("/api/conversations").catch(() => null);
    return answer?.ok ? answer.json() : [];
  }

  async function showEarlier() {
    const dialog = byId("earlier");
    const list = dialog.querySelector("ul");
    const mine = await ofPerson();
    const items = mine ?? remembered();
    list.replaceChildren(...items.map((one) => {
      const item = dialog.querySelector("template").content.firstElementChild.cloneNode(true);
      const open = item.querySelector(".open");
      open.textContent = one.title;
      open.dataset.conversation = one.id;
      item.querySelector(".meta").textContent = new Date(one.at).toLocaleDateString(document.documentElement.lang);
      const remove = item.querySelector(".remove");
      remove.dataset.conversation = one.id;
      if (mine) remove.textContent = remove.dataset.delete;
      return item;
    }));
    byId("earlier-none").hidden = items.length > 0;
    if (!dialog.open) dialog.showModal();
  }

  async function forget(button) {
    const id = button.dataset.conversation;
    if (await ofPerson()) {
      if (!confirm(button.dataset.confirm)) return;
      await fetch(`/api/conversations/${encodeURIComponent(id)}`, { method: "DELETE" });
    } else {
      remember(remembered().filter((one) => one.id !== id));
    }
    showEarlier();
  }

  function tell(detail) {
    document.querySelector("#transcript .log")?.dispatchEvent(new CustomEvent("assistant:act", { bubbles: true, detail }));
  }

  function inDialog(button) {
    const dialog = button.closest("dialog");
    if (button.matches("[data-close]")) dialog.close();
    if (button.matches(".remove")) forget(button);
    if (button.matches(".open")) {
      dialog.close();
      tell({ act: "open", conversation: button.dataset.conversation });
    }
  }

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open], details.tongues[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("a.cite, a.back");
    if (link) {
      event.preventDefault();
      unpeek();
      link.matches(".cite") ? openSource(link) : backToAnswer(link);
    }
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.copy !== undefined) copy(button);
    if (button.id === "open-earlier") showEarlier();
    if (button.closest("dialog#earlier")) inDialog(button);
    if (button.dataset.act === "edit") byId("question")?.querySelector("textarea")?.focus();
  });

  for (const name of ["mouseover", "focusin"]) {
    document.addEventListener(name, (event) => {
      const link = event.target.closest?.("a.cite[data-quote]");
      if (link && (name === "mouseover" || link.matches(":focus-visible"))) peek(link);
    });
  }
  for (const name of ["mouseout", "focusout"]) {
    document.addEventListener(name, (event) => { if (event.target.closest?.("a.cite")) unpeek(); });
  }
  document.addEventListener("scroll", unpeek, { passive: true, capture: true });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    unpeek();
    for (const menu of document.querySelectorAll("details.menu[open], details.tongues[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // What had the focus has it again when the transcript was rendered anew.
  let key = "";
  document.addEventListener("focusin", (event) => { key = event.target.dataset?.key ?? ""; });

  // A new question, and then its answer, is brought into view by its beginning.
  let seen = "";
  new MutationObserver(() => {
    const turn = document.querySelector("#transcript .turn:last-of-type");
    const now = turn ? turn.id + turn.dataset.state : "";
    if (turn && now !== seen) {
      turn.scrollIntoView({ block: "start" });
      note();
    }
    seen = now;
    if (key && document.activeElement === document.body) document.querySelector(`[data-key="${key}"]`)?.focus();
    document.documentElement.lang = document.querySelector(".bar .tongues")?.dataset.language ?? "en";
  }).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-state"] });
})();
