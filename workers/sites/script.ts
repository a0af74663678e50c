/** So long a second press of a button is the same press. */
const RESEND_AFTER_MS = 5_000;

/**
 * The pages' one script, for every page: none of them needs it. It counts a reservation's time down, sums up chosen tickets, keeps a
 * form from being sent twice, and looks for news of a payment. It changes text in places that the page has made room for.
 */
export const PAGE_SCRIPT = `(() => {
"use strict";
// An answer to a form that is loaded anew, or come back to, is asked for: nobody has to confirm that it is sent again.
history.replaceState(history.state, "", location.href);

const one = (selector) => document.querySelector(selector);

const summary = one("#errors");
if (summary) summary.focus();

const total = one("[data-total]");
if (total) {
  const form = total.closest("form");
  const choices = [...form.querySelectorAll("select[data-price]")];
  const digits = Number(total.dataset.digits);
  const money = new Intl.NumberFormat(total.dataset.locale, {
    style: "currency", currency: total.dataset.currency, minimumFractionDigits: digits, maximumFractionDigits: digits,
  });
  // Decimal text, which is formatted exactly.
  const decimal = (amount) => {
    const text = String(amount).padStart(digits + 1, "0");
    return text.slice(0, text.length - digits) + (digits > 0 ? "." + text.slice(-digits) : "");
  };
  const show = () => {
    let count = 0, amount = 0;
    for (const choice of choices) {
      count += Number(choice.value);
      amount += Number(choice.value) * Number(choice.dataset.price);
    }
    total.parentElement.hidden = count === 0;
    total.textContent = count === 0 ? "" : total.dataset[count === 1 ? "one" : "total"].replace("{count}", count).replace("{price}", amount === 0 ? total.dataset.free : money.format(decimal(amount)));
  };
  form.addEventListener("change", show);
  addEventListener("pageshow", show);
  show();
}

// Of moments that concern the reader alone, what his own clock shows.
for (const time of document.querySelectorAll("time[data-own-zone]")) {
  time.textContent = new Intl.DateTimeFormat(time.dataset.ownZone, { timeStyle: "medium" }).format(new Date(time.dateTime));
}

const clock = one("[data-seconds]");
if (clock) {
  const told = one("#clock-news");
  const lasts = Number(clock.dataset.seconds) * 1000;
  const [began, beganAt] = [performance.now(), Date.now()];
  let said = null, next;
  const tick = () => {
    clearTimeout(next);
    // The first stands still while a device sleeps, the second may be set back.
    const gone = Math.max(performance.now() - began, Date.now() - beganAt);
    const left = Math.max(0, Math.ceil((lasts - gone) / 1000));
    clock.textContent = Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
    const mark = left === 0 ? 0 : left <= 60 ? 1 : left <= 300 ? 5 : null;
    if (mark !== null && mark !== said) {
      told.textContent = mark === 0 ? told.dataset.ended : mark === 1 ? told.dataset.one : told.dataset.five;
      said = mark;
    }
    if (left > 0) next = setTimeout(tick, 1000);
    else {
      document.removeEventListener("visibilitychange", tick);
      document.body.classList.add("ended");
      const said = clock.closest("p");
      // What stands below stays where it is.
      said.style.minHeight = said.offsetHeight + "px";
      said.textContent = told.dataset.ended;
      for (const button of document.querySelectorAll("button[data-ended]")) {
        button.textContent = button.dataset.ended;
        const again = document.createElement("input");
        Object.assign(again, { type: "hidden", name: "again", value: "yes" });
        button.form.append(again);
      }
    }
  };
  clock.parentElement.classList.remove("later");
  document.addEventListener("visibilitychange", tick);
  tick();
}

for (const form of document.querySelectorAll("form[method=post]")) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) return event.preventDefault();
    sent = true;
    // Whoever stopped the page from loading, or lost the network, may send it again: its key is still the same.
    setTimeout(() => { sent = false; }, ${RESEND_AFTER_MS});
  });
  addEventListener("pageshow", ({ persisted }) => {
    sent = false;
    // Whoever comes back to a page that was kept and sends it again wants something new.
    if (persisted && form.elements.key) form.elements.key.value = crypto.randomUUID();
  });
}

const watched = one("[data-watch]");
if (watched) {
  let looks = 0;
  const look = async () => {
    looks += 1;
    try {
      const answer = await fetch(watched.dataset.watch);
      const state = answer.ok ? await answer.text() : watched.dataset.state;
      if (state === watched.dataset.ready) return location.assign(watched.dataset.next);
      if (state !== watched.dataset.state) return location.reload();
    } catch {}
    if (looks < 100) setTimeout(look, Math.min(1000 + looks * 250, 10000));
  };
  setTimeout(look, 700);
}
})();`;
