// Asks the browser for the passkey and Doorward for what happens next. Decides nothing, and writes text only as text.
"use strict";
(() => {
  const page = document.querySelector("main");
  const use = document.getElementById("use");
  const reject = document.getElementById("reject");
  const left = document.getElementById("left");
  const say = document.getElementById("say");
  if (use === null) return;
  let over = false;

  const tell = (tone, title, text) => {
    const strong = document.createElement("strong");
    strong.textContent = title;
    say.dataset.tone = tone;
    say.replaceChildren(strong, document.createTextNode(text));
  };
  const end = (tone, title, text) => {
    over = true;
    use.remove();
    if (reject !== null) reject.remove();
    left.remove();
    page.dataset.state = "over";
    tell(tone, title, text);
  };
  const busy = (is) => {
    use.disabled = is;
    if (reject !== null) reject.disabled = is;
    page.setAttribute("aria-busy", String(is));
  };

  const bytes = (text) => {
    const padded = text.replaceAll("-", "+").replaceAll("_", "/");
    return Uint8Array.from(atob(padded), (c) => c.charCodeAt(0));
  };
  const text = (buffer) => {
    let binary = "";
    for (const byte of new Uint8Array(buffer)) binary += String.fromCharCode(byte);
    return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  };
  const listed = (credentials) => (credentials ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

  const step = async (body) => {
    const response = await fetch(page.dataset.step, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ shown: page.dataset.shown, ...body }),
    });
    return response.json();
  };

  const get = async (asked) => {
    const publicKey = { ...asked, challenge: bytes(asked.challenge), allowCredentials: listed(asked.allowCredentials) };
    const { id, rawId, type, response } = await navigator.credentials.get({ publicKey });
    return {
      id, rawId: text(rawId), type, extensions: {},
      response: {
        authenticatorData: text(response.authenticatorData),
        clientDataJSON: text(response.clientDataJSON),
        signature: text(response.signature),
        userHandle: response.userHandle === null ? null : text(response.userHandle),
      },
    };
  };
  const create = async (asked) => {
    const publicKey = {
      ...asked,
      challenge: bytes(asked.challenge),
      user: { ...asked.user, id: bytes(asked.user.id) },
      excludeCredentials: listed(asked.excludeCredentials),
    };
    const { id, rawId, type, response } = await navigator.credentials.create({ publicKey });
    return {
      id, rawId: text(rawId), type, extensions: {},
      response: {
        attestationObject: text(response.attestationObject),
        clientDataJSON: text(response.clientDataJSON),
        transports: response.getTransports?.() ?? null,
      },
    };
  };

  const run = async (first) => {
    busy(true);
    let next = await step(first);
    while (next.kind === "get" || next.kind === "create") {
      if (next.text !== "") tell("wait", next.title, next.text);
      const answer = next.kind === "get" ? await get(next.publicKey) : await create(next.publicKey);
      next = await step({ answer });
    }
    if (next.kind === "again") tell("bad", next.title, next.text);
    else end(next.kind === "done" ? "good" : "bad", next.title, next.text);
  };
  const guarded = async (first) => {
    if (over) return;
    try {
      await run(first);
    } catch (error) {
      if (error?.name === "InvalidStateError") {
        tell("bad", "This one is enrolled already.", "Choose another authenticator and try again.");
      } else if (error?.name === "NotAllowedError" || error?.name === "AbortError") {
        tell("bad", "No passkey was used.", "It was cancelled, or it did not answer. Nothing was done. Try again within the time.");
      } else if (error instanceof TypeError) {
        end("bad", "Doorward does not answer here any more.", "The time is over, or Doorward was closed. Start again in Doorward.");
      } else {
        tell("bad", "The passkey did not work.", `${error?.name ?? "It failed"}. Nothing was done. Try again, or use another passkey.`);
      }
    } finally {
      busy(false);
      // A button that was off for a moment has lost the focus; whoever works by keyboard gets it back.
      if (!over) use.focus({ preventScroll: true });
    }
  };

  if (window.PublicKeyCredential === undefined || navigator.credentials === undefined) {
    end("bad", "This browser cannot use passkeys.",
      "Open the same address in a current Chrome, Edge, Firefox or Safari, within the time. Nothing was done.");
    return;
  }
  use.addEventListener("click", () => guarded({ answer: null }));
  if (reject !== null) reject.addEventListener("click", () => guarded({ reject: true }));

  const until = Number(page.dataset.until);
  const tick = () => {
    if (over) return;
    const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} left, works once`;
    if (seconds === 0) end("bad", "The time for this page is over.", "Nothing was done. Start again in Doorward.");
    else setTimeout(tick, 1000);
  };
  tick();
  use.focus({ preventScroll: true });
})();
