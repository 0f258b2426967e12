// A citation behind "#" opened by name, and the selected words as a link or a quotation.
"use strict";

(() => {
  // An address that names a citation only behind "#" says nothing to the server: ask for it by name.
  const named = decoded(location.hash.slice(1));
  if (/^c_[0-9a-f]{12}_\d+_\d+$/.test(named) && !document.getElementById(named)) {
    const address = new URL(location.href);
    if (!address.searchParams.getAll("cite").includes(named)) {
      address.searchParams.append("cite", named);
      address.searchParams.set("at", address.searchParams.getAll("cite").length);
      location.replace(address);
    }
  }

  // What somebody wrote there may be nothing that can be decoded; then it is no citation either.
  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return "";
    }
  }
})();

(() => {
  // Where the page stands beside the text, turning it leaves the text at the words that were opened.
  const words = document.querySelector("mark.now");
  if (location.hash === "#printed" && words && matchMedia("(min-width: 801px)").matches) {
    addEventListener("load", () => words.scrollIntoView());
  }
})();

(() => {
  // A long table of contents opens where the text is open.
  const contents = document.querySelector(".contents.wide");
  const here = contents?.querySelector(".here, [aria-current]");
  if (here) contents.scrollTop = here.offsetTop - contents.offsetTop - contents.clientHeight / 3;
})();

(() => {
  const text = document.getElementById("text");
  const bar = document.getElementById("grab");
  const said = document.getElementById("copied");
  let waiting = 0;
  let latest = 0;
  let taken = null;

  // Offsets count code points of the whole text, as citations do; the article holds its text and nothing else.
  const offset = (node, at) => {
    const before = document.createRange();
    before.setStart(text, 0);
    before.setEnd(node, at);
    return Number(text.dataset.start) + Array.from(before.toString()).length;
  };

  function selected() {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    if (!range.intersectsNode(text)) return null;
    const inside = document.createRange();
    inside.selectNodeContents(text);
    if (range.compareBoundaryPoints(Range.START_TO_START, inside) > 0) {
      inside.setStart(range.startContainer, range.startOffset);
    }
    if (range.compareBoundaryPoints(Range.END_TO_END, inside) < 0) inside.setEnd(range.endContainer, range.endOffset);
    if (!inside.toString().trim()) return null;
    return [offset(inside.startContainer, inside.startOffset), offset(inside.endContainer, inside.endOffset)];
  }

  async function offer() {
    const span = selected();
    latest += 1;
    if (!span) {
      bar.hidden = true;
      return;
    }
    const mine = latest;
    const answer = await fetch(`${text.dataset.span}?start=${span[0]}&end=${span[1]}`).catch(() => null);
    if (mine !== latest) return;
    taken = answer?.ok ? await answer.json() : null;
    bar.hidden = taken === null;
    said.textContent = "";
  }

  async function copy(words) {
    try {
      await navigator.clipboard.writeText(words);
    } catch {
      // Without a secure address the browser has no clipboard of its own to offer.
      const area = document.createElement("textarea");
      area.value = words;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    said.textContent = said.dataset.done;
  }

  document.addEventListener("selectionchange", () => {
    if (bar.contains(document.activeElement)) return;
    clearTimeout(waiting);
    waiting = setTimeout(offer, 200);
  });
  // A press on a button would take the selection away before it is used.
  bar.addEventListener("mousedown", (event) => event.preventDefault());
  bar.addEventListener("click", (event) => {
    const take = event.target.closest("button")?.dataset.take;
    if (!take || !taken) return;
    const address = location.origin + taken.address;
    copy(take === "address" ? address : `${taken.text}\n${address}`);
  });
  bar.addEventListener("keydown", (event) => {
    if (event.key === "Escape") bar.hidden = true;
  });
})();
