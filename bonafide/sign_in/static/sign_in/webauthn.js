/* Passkeys: asks the browser for one and sends what it answers with the form around the button.

   A form says data-passkey="get" (show one) or "create" (make one), and data-options (what the server asks for, as JSON) or
   data-options-url (from where to fetch it). It is hidden until this script finds that the browser knows passkeys; what stands in
   an element with data-without-passkeys is shown until then. What went wrong is said in the form, in the words of its own data-*. */
"use strict";

(() => {
  if (!window.PublicKeyCredential) return;

  const toBytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

  const toText = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const withBytes = (list) => (list || []).map((one) => ({ ...one, id: toBytes(one.id) }));

  function asked(options) {
    const given = { ...options.publicKey };
    given.challenge = toBytes(given.challenge);
    if (given.user) given.user = { ...given.user, id: toBytes(given.user.id) };
    if (given.excludeCredentials) given.excludeCredentials = withBytes(given.excludeCredentials);
    if (given.allowCredentials) given.allowCredentials = withBytes(given.allowCredentials);
    return { publicKey: given };
  }

  function answered(credential) {
    const response = { clientDataJSON: toText(credential.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = toText(credential.response[name]);
    }
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    return {
      id: credential.id,
      rawId: toText(credential.rawId),
      type: credential.type,
      response,
      clientExtensionResults: credential.getClientExtensionResults(),
    };
  }

  async function optionsOf(form) {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const answer = await fetch(form.dataset.optionsUrl, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    return (await answer.json()).request_options;
  }

  /* InvalidStateError: this device holds one for us already. NotAllowedError: refused, cancelled, not unlocked, or too late. */
  function why(form, error) {
    if (error.name === "InvalidStateError") return form.dataset.known;
    if (error.name === "NotAllowedError") return form.dataset.refused;
    return form.dataset.broken;
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    const said = form.querySelector("[data-said]");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      said.hidden = true;
      try {
        const options = asked(await optionsOf(form));
        const credential = await navigator.credentials[form.dataset.passkey](options);
        form.elements.credential.value = JSON.stringify(answered(credential));
        form.submit();
      } catch (error) {
        said.textContent = why(form, error);
        said.hidden = false;
      }
    });
  }
  for (const note of document.querySelectorAll("[data-without-passkeys]")) note.hidden = true;
})();
