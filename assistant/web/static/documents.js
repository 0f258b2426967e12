// The list of documents narrowed as somebody types; the server does the same for a form that is sent.
"use strict";

(() => {
  const form = document.getElementById("sift");
  const count = document.getElementById("count");
  let waiting = 0;
  let asked = null;

  form.querySelector("button").hidden = true;

  const address = () => {
    const given = [...new FormData(form)].filter(([name, value]) => value && !(name === "sort" && value === "title"));
    const query = new URLSearchParams(given).toString();
    return form.getAttribute("action") + (query && `?${query}`);
  };

  async function show() {
    asked?.abort();
    asked = new AbortController();
    const wanted = address();
    try {
      const answer = await fetch(wanted, { signal: asked.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.getElementById("shelf").replaceWith(page.getElementById("shelf"));
      // The region that announces stays where it is: a new one would say nothing.
      count.textContent = page.getElementById("count").textContent;
      history.replaceState(null, "", wanted);
    } catch (error) {
      if (error.name !== "AbortError") location.assign(wanted);
    }
  }

  form.addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(show, event.target.type === "search" ? 150 : 0);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    show();
  });
})();
