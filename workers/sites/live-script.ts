/** Before a page that lost its connection asks again: a second at first, doubled each time, at most a minute, and never all at once. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** Says that somebody is there, and keeps what stands between from closing a quiet connection. */
const PING_EVERY_MS = 45_000;

/**
 * Keeps the words beside each ticket type true while tickets are sold (`GET /events/{id}/availability` as a WebSocket). Without it, or
 * where nothing answers, the page says what was left when it was asked for.
 */
export const LIVE_SCRIPT = `(() => {
"use strict";
const list = document.querySelector("[data-live]");
if (!list) return;
const { left, soldOut, ended, locale } = list.dataset;
const number = new Intl.NumberFormat(locale);
const notes = new Map([...list.querySelectorAll("[data-type]")].map((note) => [note.dataset.type, note]));
const said = ({ available, status }) => status === "on_sale" ? left.replace("{count}", number.format(available)) : status === "sold_out" ? soldOut : status === "ended" ? ended : null;
// What is held is not told here: the page that said so, or that all is sold, stays right until some of it is there again.
const stands = (note, { status }) => status === "sold_out" && note.dataset.status === status;
let version = 0, pause = ${FIRST_PAUSE_MS};
const listen = () => {
  const socket = new WebSocket(location.origin.replace(/^http/, "ws") + list.dataset.live);
  const ping = setInterval(() => { if (socket.readyState === 1) socket.send("ping"); }, ${PING_EVERY_MS});
  socket.onmessage = ({ data }) => {
    if (data === "pong") return;
    const frame = JSON.parse(data);
    if (!(frame.version > version) || !Array.isArray(frame.data)) return;
    version = frame.version;
    pause = ${FIRST_PAUSE_MS};
    for (const type of frame.data) {
      const [note, words] = [notes.get(type.id), said(type)];
      if (!note || words === null || stands(note, type)) continue;
      note.dataset.status = type.status;
      const text = words + (note.dataset.own ?? "");
      if (note.textContent !== text) note.textContent = text;
    }
  };
  socket.onclose = ({ code }) => {
    clearInterval(ping);
    // The event is over, or no longer for everybody.
    if (code === 1000 || code === 1008) return;
    setTimeout(listen, pause * (0.5 + Math.random()));
    pause = Math.min(pause * 2, ${LONGEST_PAUSE_MS});
  };
};
listen();
})();`;
