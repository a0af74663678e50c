/**
 * The pages' one script, for every page: none of them needs it. It counts a reservation's time down, sums up chosen tickets, keeps a
 * form from being sent twice, and looks for news of a payment. It changes text in places that the page has made room for.
 */
export const PAGE_SCRIPT = `(() => {
"use strict";
const one = (selector) => document.querySelector(selector);

const summary = one("#errors");
if (summary) summary.focus();

const total = one("[data-total]");
if (total) {
  const form = total.closest("form");
  const choices = [...form.querySelectorAll("select[data-price]")];
  const digits = Number(total.dataset.digits);
  const money = new Intl.NumberFormat(document.documentElement.lang, {
    style: "currency", currency: total.dataset.currency, minimumFractionDigits: digits, maximumFractionDigits: digits,
  });
  const show = () => {
    let count = 0, amount = 0;
    for (const choice of choices) {
      count += Number(choice.value);
      amount += Number(choice.value) * Number(choice.dataset.price);
    }
    total.textContent = count === 0 ? "\\u00a0" : total.dataset[count === 1 ? "one" : "total"].replace("{count}", count).replace("{price}", money.format(amount / 10 ** digits));
  };
  form.addEventListener("change", show);
  addEventListener("pageshow", show);
  show();
}

const clock = one("[data-seconds]");
if (clock) {
  const told = one("#clock-news");
  const endsAt = performance.now() + Number(clock.dataset.seconds) * 1000;
  let said = null;
  const tick = () => {
    const left = Math.max(0, Math.ceil((endsAt - performance.now()) / 1000));
    clock.textContent = Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
    const mark = left === 0 ? 0 : left <= 60 ? 1 : left <= 300 ? 5 : null;
    if (mark !== null && mark !== said) {
      told.textContent = mark === 0 ? told.dataset.ended : mark === 1 ? told.dataset.one : told.dataset.five;
      said = mark;
    }
    if (left > 0) setTimeout(tick, 1000);
    else {
      document.body.classList.add("ended");
      clock.parentElement.textContent = told.dataset.ended;
    }
  };
  clock.parentElement.classList.remove("later");
  tick();
}

for (const form of document.querySelectorAll("form[method=post]")) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
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
      if (answer.ok && (await answer.text()) !== watched.dataset.state) return location.reload();
    } catch {}
    if (looks < 100) setTimeout(look, Math.min(1000 + looks * 250, 10000));
  };
  setTimeout(look, 700);
}
})();`;
