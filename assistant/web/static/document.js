// An address that names a citation only behind "#" says nothing to the server: ask for it by name.
"use strict";

(() => {
  const named = decodeURIComponent(location.hash.slice(1));
  if (/^c_[0-9a-f]{12}_\d+_\d+$/.test(named) && !document.getElementById(named)) {
    const address = new URL(location.href);
    if (address.searchParams.get("cite") !== named) {
      address.searchParams.set("cite", named);
      location.replace(address);
    }
  }
})();
