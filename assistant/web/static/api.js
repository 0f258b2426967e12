// "Try it": the request goes to this server from the form, and what comes back is shown as it is.
"use strict";

function addressOf(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const field of form.querySelectorAll("[data-where]")) {
    if (field.dataset.where === "path") {
      const value = field.value.split("/").map(encodeURIComponent).join("/");
      path = path.replace(`{${field.name}}`, () => value);
    } else if (field.value !== "") {
      query.set(field.name, field.value);
    }
  }
  return query.size ? `${path}?${query}` : path;
}

function requestOf(form) {
  const body = form.querySelector("[data-body]");
  if (!body) return { method: form.dataset.method };
  return { method: form.dataset.method, headers: { "Content-Type": "application/json" }, body: body.value };
}

function shown(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-path]");
  if (!form) return;
  event.preventDefault();
  const reply = form.querySelector(".reply");
  const [line, text] = [reply.querySelector(".meta"), reply.querySelector("pre")];
  const began = performance.now();
  reply.hidden = false;
  line.textContent = "…";
  text.textContent = "";
  try {
    const response = await fetch(addressOf(form), requestOf(form));
    const type = response.headers.get("content-type") ?? "";
    const body = await response.text();
    line.textContent = `${response.status} ${response.statusText} · ${Math.round(performance.now() - began)} ms`;
    text.textContent = type.startsWith("application/json") ? shown(body) : body;
  } catch (error) {
    line.textContent = String(error);
  }
});
