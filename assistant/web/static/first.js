// The first view goes in the moment in which the chat itself is there: what is seen stays where it is.
"use strict";

(() => {
  const first = document.getElementById("first");
  const watcher = new MutationObserver(() => {
    if (!document.querySelector("#transcript .log")) return;
    first.remove();
    watcher.disconnect();
  });
  watcher.observe(document.documentElement, { childList: true, subtree: true });
})();
