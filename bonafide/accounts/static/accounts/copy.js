// A button with data-copy="id" puts that element's text on the clipboard. Without this script, or where the browser lets no page
// do so, the button stays hidden: the text can be selected.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    } catch {
      button.hidden = true;
      return;
    }
    button.textContent = button.dataset.done;
  });
}
