// The page Index: a build that is watched, files that are added, set aside and put back. All words come with the page.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const words = byId("words").dataset;
  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  let told = "";
  let looked = 0;

  // What a call answers: its JSON with `ok`, or a sentence where the program is not there.
  async function call(path, body, type = "application/json") {
    try {
      const response = await fetch(`/api/index/${path}`, { method: "POST", headers: { "Content-Type": type }, body });
      const found = await response.json();
      return { ok: response.ok, ...found };
    } catch {
      return { ok: false, error: words.lost };
    }
  }

  const post = (path, values) => call(path, JSON.stringify(values));

  function say(sentence) {
    byId("said").textContent = sentence;
  }

  // The parts of the page that a change touches are fetched again; what somebody is typing into stays.
  async function refresh() {
    const response = await fetch("/index");
    if (!response.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    const filter = byId("filter") ? byId("filter").value : "";
    for (const id of ["state", "holds", "shelf"]) byId(id).replaceWith(fresh.getElementById(id));
    if (byId("filter")) byId("filter").value = filter;
    narrow();
    // The chat opens a new index within two seconds; where it cannot, the page says why and is not asked for ever.
    looked = byId("behind") ? looked + 1 : 0;
    if (looked > 0 && looked < 10) setTimeout(refresh, 2500);
  }

  function narrow() {
    const wanted = byId("filter") ? byId("filter").value.trim().toLowerCase() : "";
    for (const item of byId("list").children) item.hidden = !item.dataset.words.includes(wanted);
  }

  // The build, the same for everybody who looks.
  function show(news) {
    byId("build").innerHTML = news.html;
    if (news.said !== byId("stage").textContent) byId("stage").textContent = news.said;
    const busy = news.elsewhere || news.build.state === "running";
    for (const button of document.querySelectorAll("[data-build]")) button.setAttribute("aria-disabled", String(busy));
    const now = `${news.generation} ${busy}`;
    if (told && now !== told && !busy) refresh();
    told = now;
  }

  new EventSource("/api/index/events").addEventListener("message", (event) => show(JSON.parse(event.data)));

  async function build(button) {
    // Before it is asked for: news of the build may come sooner than the answer.
    byId("stage").textContent = "";
    const answer = await post("build", { rebuild: button.dataset.build === "again" });
    if (answer.ok) return;
    byId("stage").textContent = answer.error;
    tellBuild(answer.error);
  }

  function tellBuild(sentence) {
    const line = document.createElement("p");
    line.className = "told warn";
    line.textContent = sentence;
    byId("build").querySelectorAll(".told.warn").forEach((other) => other.remove());
    byId("build").prepend(line);
  }

  function asks(sentence, yes) {
    const dialog = byId("asks");
    byId("asked").textContent = sentence;
    byId("yes").textContent = yes;
    dialog.returnValue = "no";
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    });
  }

  async function remove(name) {
    if (!(await asks(filled(words.remove, { name }), words.removeYes))) return;
    const answer = await post("documents/remove", { name });
    await changed(answer);
  }

  // The button that was pressed is gone with its line: the focus goes to what became of it.
  async function changed(answer) {
    say(answer.ok ? answer.said : answer.error);
    await refresh();
    byId("said").focus();
  }

  async function add(files) {
    for (const file of files) {
      const line = document.createElement("li");
      line.textContent = filled(words.reading, { name: file.name });
      byId("received").append(line);
      const answer = await sent(file);
      line.textContent = `${answer.ok ? "✓" : "⚠"} ${answer.ok ? answer.said : answer.error}`;
      line.className = answer.ok ? "" : "bad";
    }
    await refresh();
  }

  async function sent(file) {
    const largest = Number(byId("files").dataset.largest);
    if (file.size > largest) {
      return { ok: false, error: filled(words.large, { name: file.name, count: largest / 1e6 }) };
    }
    const send = (more) =>
      call(`documents?${new URLSearchParams({ name: file.name, ...more })}`, file, "application/octet-stream");
    const answer = await send({});
    if (answer.ok || !answer.taken) return answer;
    if (await asks(answer.error, words.replaceYes)) return send({ replace: "true" });
    return { ok: false, error: filled(words.left, { name: file.name }) };
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || button.getAttribute("aria-disabled") === "true") return;
    if (button.dataset.build !== undefined) build(button);
    if (button.dataset.remove !== undefined) remove(button.dataset.remove);
    if (button.dataset.putBack !== undefined) post("documents/put-back", { place: button.dataset.putBack }).then(changed);
  });
  document.addEventListener("input", (event) => { if (event.target.id === "filter") narrow(); });

  const form = byId("add");
  if (!form) return;
  form.addEventListener("submit", (event) => event.preventDefault());
  byId("files").addEventListener("change", async (event) => {
    await add([...event.target.files]);
    event.target.value = "";
  });
  // A file that misses the frame would otherwise take the browser away from the page.
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      form.classList.toggle("over", kind !== "dragleave" && kind !== "drop" && form.contains(event.target));
      if (kind === "drop" && form.contains(event.target)) add([...event.dataTransfer.files]);
    });
  }
})();
