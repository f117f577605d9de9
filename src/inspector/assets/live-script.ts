/**
 * The script of all pages. Without it, a person loads a page again. It replaces the contents of the
 * page when the server says that something has changed, and keeps open details, the place of the
 * page, and the focus. It waits while a person fills in a form.
 */
export const LIVE_SCRIPT = `
(() => {
  const source = document.body.dataset.live;
  if (!source || !("EventSource" in window)) return;
  let waiting = false;
  const isEditing = () => document.activeElement && document.activeElement.closest("form") !== null;
  const refresh = async () => {
    waiting = false;
    if (document.hidden || isEditing()) { later(); return; }
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (!answer.ok) return;
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      const [old, fresh] = [document.querySelector("main"), next.querySelector("main")];
      if (!old || !fresh || isEditing()) return;
      const open = [...old.querySelectorAll("details")].map((each) => each.open);
      fresh.querySelectorAll("details").forEach((each, at) => { each.open = open[at] ?? false; });
      const focused = document.activeElement && document.activeElement.id;
      old.replaceWith(document.adoptNode(fresh));
      if (focused) document.getElementById(focused)?.focus();
    } catch { later(); }
  };
  const later = () => {
    if (waiting) return;
    waiting = true;
    setTimeout(refresh, 700);
  };
  new EventSource(source).addEventListener("changed", later);
})();
`;
