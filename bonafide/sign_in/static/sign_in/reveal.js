/* Passwords: a button beside each to see what one types. The words are the input's own data-show and data-hide. What is sent is
   always a password field, so that browsers and password managers keep knowing it as one. */
"use strict";

(() => {
  for (const input of document.querySelectorAll("input[type=password][data-show]")) {
    const label = document.querySelector(`label[for="${input.id}"]`);
    const button = document.createElement("button");
    const turn = (open) => {
      input.type = open ? "text" : "password";
      button.textContent = open ? input.dataset.hide : input.dataset.show;
      button.setAttribute("aria-pressed", String(open));
    };
    button.type = "button";
    button.className = "reveal";
    button.setAttribute("aria-controls", input.id);
    button.addEventListener("click", () => {
      turn(input.type === "password");
      input.focus();
    });
    input.form?.addEventListener("submit", () => turn(false));
    label.after(button);
    turn(false);
  }
})();
