// SPDX-License-Identifier: Apache-2.0
// What has data-live is replaced by what its stream sends; the browser comes back to the stream by itself.
"use strict";
for (const first of document.querySelectorAll("[data-live]")) {
  const stream = new EventSource(first.dataset.live);
  let shown = first;
  let fresh = null;
  const place = () => {
    if (fresh === null || shown.contains(document.activeElement)) return; // nobody loses their place
    shown.replaceWith(fresh);
    [shown, fresh] = [fresh, null];
  };
  stream.addEventListener("message", (event) => {
    fresh = document.createRange().createContextualFragment(event.data).firstElementChild;
    place();
  });
  stream.addEventListener("end", () => stream.close());
  document.addEventListener("focusout", () => setTimeout(place));
}
