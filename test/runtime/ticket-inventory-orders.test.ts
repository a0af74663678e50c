import { reset } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  availableOf,
  claimRequest,
  codeOf,
  configOf,
  confirmRequest,
  DAY_MS,
  granted,
  HOLD_MS,
  holdRequest,
  openInventory,
  plainPool,
  poolsOf,
  refusalOf,
  rowsOf,
  someId,
  typeDraft,
} from "../support/inventory";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

async function openWith(quantity: number) {
  const type = typeDraft({ quantity });
  const config = configOf([type]);
  return { type, config, inventory: await openInventory(config) };
}

test("twenty claims of one hold by twenty orders bind one; the one that won may ask again", async () => {
  const { type, inventory } = await openWith(10);
  const { holdId } = granted(await inventory.placeHold(holdRequest(type.id, 1)));
  const claims = Array.from({ length: 20 }, () => ({ ...claimRequest(type.id, 1), holdId, items: null }));
  const answers = await Promise.all(claims.map((claim) => inventory.claim(claim)));
  expect(answers.filter((answer) => answer.ok)).toHaveLength(1);
  expect(answers.filter((answer) => codeOf(answer) === "hold_in_use")).toHaveLength(19);
  const winner = answers.findIndex((answer) => answer.ok);
  const again = await inventory.claim(claims[winner] ?? claimRequest(type.id, 1));
  expect(granted(again)).toMatchObject({ holdId, orderId: claims[winner]?.orderId });
});

test("an order without a hold places and claims in one command, once for its id", async () => {
  const { type, inventory } = await openWith(10);
  const claim = claimRequest(type.id, 4);
  const answers = await Promise.all(Array.from({ length: 20 }, () => inventory.claim(claim)));
  for (const answer of answers) expect(granted(answer)).toMatchObject({ orderId: claim.orderId, lines: [{ quantity: 4 }] });
  expect(await poolsOf(inventory)).toMatchObject([{ held: 4 }]);
  expect(codeOf(await inventory.claim({ ...claim, requestHash: "other" }))).toBe("idempotency_key_reused");
  expect(codeOf(await inventory.claim({ ...claim, holdId: someId() }))).toBe("idempotency_key_reused");
  expect(codeOf(await inventory.claim({ ...claimRequest(type.id, 1), items: null }))).toBe("hold_not_found");
  const refusal = refusalOf(await inventory.claim(claimRequest(type.id, 7)));
  expect(refusal).toEqual({ code: "sold_out", members: { available: [{ ticketTypeId: type.id, available: 6 }] } });
});

test("confirming turns the hold into tickets once, however often it is asked", async () => {
  const house = someId();
  const types = [typeDraft({ poolIds: [house] }), typeDraft({ poolIds: [house] })] as const;
  const config = configOf([...types], { pools: [plainPool(house, 10)] });
  const inventory = await openInventory(config);
  const items = [
    { ticketTypeId: types[1].id, quantity: 1 },
    { ticketTypeId: types[0].id, quantity: 2 },
  ];
  const claim = { ...claimRequest("", 1), items };
  granted(await inventory.claim(claim));
  const request = confirmRequest(config.eventId, claim.orderId, { attendees: [{ name: "Grace", email: "grace@example.org" }] });
  const answers = await Promise.all(Array.from({ length: 20 }, () => inventory.confirm(request)));
  const [tickets = []] = answers.map(granted);
  for (const answer of answers) expect(granted(answer)).toEqual(tickets);
  const ada = { name: "Ada", email: "ada@example.org" };
  const common = { eventId: config.eventId, orderId: claim.orderId, status: "valid", version: 1, createdAtMs: Date.now() };
  expect(tickets).toMatchObject([
    { ...common, ticketTypeId: types[1].id, holder: { name: "Grace", email: "grace@example.org" } },
    { ...common, ticketTypeId: types[0].id, holder: ada },
    { ...common, ticketTypeId: types[0].id, holder: ada },
  ]);
  expect(new Set(tickets.map(({ id }) => id)).size).toBe(3);
  expect(granted(await inventory.ticketsOf(claim.orderId))).toEqual(tickets);
  expect(await poolsOf(inventory)).toMatchObject([{ sold: 3, held: 0 }]);
  pass(HOLD_MS);
  expect(granted(await inventory.confirm(request))).toEqual(tickets);
  expect(granted(await inventory.hold(claim.holdId))).toMatchObject({ orderId: claim.orderId });
  expect(await availableOf(inventory)).toMatchObject({ [types[0].id]: 7 });
});

test("after a confirm a release hears confirmed, and nothing moves", async () => {
  const { type, config, inventory } = await openWith(5);
  const claim = claimRequest(type.id, 2);
  granted(await inventory.claim(claim));
  granted(await inventory.confirm(confirmRequest(config.eventId, claim.orderId)));
  expect(granted(await inventory.release(claim.orderId, "cancelled"))).toEqual({ outcome: "confirmed" });
  expect(await poolsOf(inventory)).toMatchObject([{ sold: 2, held: 0 }]);
  expect(await rowsOf(inventory, "SELECT outcome, reason FROM orders")).toEqual([{ outcome: "confirmed", reason: null }]);
});

test("after a release a confirm hears state_moved, and the stock is free", async () => {
  const { type, config, inventory } = await openWith(5);
  const claim = claimRequest(type.id, 2);
  granted(await inventory.claim(claim));
  for (let again = 0; again < 2; again++)
    expect(granted(await inventory.release(claim.orderId, "cancelled"))).toEqual({ outcome: "released" });
  expect(codeOf(await inventory.confirm(confirmRequest(config.eventId, claim.orderId)))).toBe("state_moved");
  expect(codeOf(await inventory.extend(claim.orderId, Date.now() + DAY_MS))).toBe("state_moved");
  expect(codeOf(await inventory.claim(claim))).toBe("hold_released");
  expect(granted(await inventory.ticketsOf(claim.orderId))).toEqual([]);
  expect(await poolsOf(inventory)).toMatchObject([{ sold: 0, held: 0 }]);
});

test("of a confirm and a release at the same moment one wins, and both hear which", async () => {
  const { type, config, inventory } = await openWith(100);
  for (let round = 0; round < 20; round++) {
    const { orderId, ...claim } = claimRequest(type.id, 1);
    granted(await inventory.claim({ ...claim, orderId }));
    const confirm = () => inventory.confirm(confirmRequest(config.eventId, orderId));
    const release = () => inventory.release(orderId, "cancelled");
    const first = round % 2 === 0 ? [confirm(), release()] : [release(), confirm()];
    const answers = (await Promise.all(first)).map((answer) => (answer.ok ? answer.value : answer.error.code));
    const tickets = granted(await inventory.ticketsOf(orderId));
    expect(answers).toContainEqual(tickets.length === 1 ? { outcome: "confirmed" } : { outcome: "released" });
    expect(answers).toContainEqual(tickets.length === 1 ? tickets : "state_moved");
  }
});

test("money that comes after the hold's end gets what is still there at the frozen price", async () => {
  const { type, config, inventory } = await openWith(2);
  const claim = claimRequest(type.id, 2);
  const held = granted(await inventory.claim(claim));
  pass(HOLD_MS);
  granted(await inventory.reconfigure({ ...config, version: 2, ticketTypes: [{ ...type, unitPriceMinor: 1 }] }));
  expect(granted(await inventory.confirm(confirmRequest(config.eventId, claim.orderId)))).toHaveLength(2);
  expect(granted(await inventory.hold(claim.holdId)).lines).toEqual(held.lines);
  expect(await poolsOf(inventory)).toMatchObject([{ sold: 2, held: 0 }]);
});

test("late money without stock hears sold_out, may try again when there is some, and a release decides", async () => {
  const { type, config, inventory } = await openWith(2);
  const late = claimRequest(type.id, 2);
  granted(await inventory.claim(late));
  pass(HOLD_MS);
  const rival = holdRequest(type.id, 1);
  granted(await inventory.placeHold(rival));
  const confirm = () => inventory.confirm(confirmRequest(config.eventId, late.orderId));
  const refusal = { code: "sold_out", members: { available: [{ ticketTypeId: type.id, available: 1 }] } };
  expect(refusalOf(await confirm())).toEqual(refusal);
  expect(await poolsOf(inventory)).toMatchObject([{ sold: 0, held: 1 }]);
  granted(await inventory.releaseHold(rival.holdId));
  expect(granted(await confirm())).toHaveLength(2);

  const later = claimRequest(type.id, 1);
  expect(codeOf(await inventory.claim(later))).toBe("sold_out");
});

test("an order released because its time was up may still be confirmed by late money; a cancelled one may not", async () => {
  const { type, config, inventory } = await openWith(2);
  const claim = claimRequest(type.id, 1);
  granted(await inventory.claim(claim));
  pass(HOLD_MS);
  expect(granted(await inventory.release(claim.orderId, "expired"))).toEqual({ outcome: "released" });
  expect(granted(await inventory.confirm(confirmRequest(config.eventId, claim.orderId)))).toHaveLength(1);
  expect(granted(await inventory.release(claim.orderId, "expired"))).toEqual({ outcome: "confirmed" });

  const cancelled = claimRequest(type.id, 1);
  granted(await inventory.claim(cancelled));
  pass(HOLD_MS);
  granted(await inventory.release(cancelled.orderId, "expired"));
  granted(await inventory.release(cancelled.orderId, "cancelled"));
  expect(codeOf(await inventory.confirm(confirmRequest(config.eventId, cancelled.orderId)))).toBe("state_moved");
  expect(await poolsOf(inventory)).toMatchObject([{ sold: 1, held: 0 }]);
});

test("an order's end moves out, never in, and not beyond seven days or the event's", async () => {
  const { type, config, inventory } = await openWith(2);
  const claim = claimRequest(type.id, 2);
  const claimedAtMs = Date.now();
  const { expiresAtMs } = granted(await inventory.claim(claim));
  const extend = (untilMs: number) => inventory.extend(claim.orderId, untilMs).then(granted);
  expect(await extend(expiresAtMs - 1)).toEqual({ expiresAtMs });
  expect(await extend(expiresAtMs + 4 * HOLD_MS)).toEqual({ expiresAtMs: expiresAtMs + 4 * HOLD_MS });
  pass(HOLD_MS + 1);
  expect(granted(await inventory.hold(claim.holdId)).expiresAtMs).toBe(expiresAtMs + 4 * HOLD_MS);
  expect(await extend(config.endMs + DAY_MS)).toEqual({ expiresAtMs: claimedAtMs + 7 * DAY_MS });
  expect(codeOf(await inventory.extend(someId(), 0))).toBe("order_not_found");
  const soon = configOf([type], { endMs: Date.now() + DAY_MS });
  const other = await openInventory(soon);
  granted(await other.claim(claim));
  expect(granted(await other.extend(claim.orderId, soon.endMs + 1))).toEqual({ expiresAtMs: soon.endMs });
});

test("an order whose hold has ended gets its stock again to be paid, while there is some", async () => {
  const { type, config, inventory } = await openWith(2);
  const claim = claimRequest(type.id, 2);
  granted(await inventory.claim(claim));
  pass(HOLD_MS);
  granted(await inventory.release(claim.orderId, "expired"));
  const rival = holdRequest(type.id, 1);
  granted(await inventory.placeHold(rival));
  const untilMs = Date.now() + HOLD_MS;
  expect(refusalOf(await inventory.extend(claim.orderId, untilMs))).toMatchObject({ code: "sold_out" });
  granted(await inventory.releaseHold(rival.holdId));
  expect(codeOf(await inventory.extend(claim.orderId, Date.now()))).toBe("hold_expired");
  expect(granted(await inventory.extend(claim.orderId, untilMs))).toEqual({ expiresAtMs: untilMs });
  expect(await poolsOf(inventory)).toMatchObject([{ sold: 0, held: 2 }]);
  expect(granted(await inventory.confirm(confirmRequest(config.eventId, claim.orderId)))).toHaveLength(2);
  expect(await poolsOf(inventory)).toMatchObject([{ sold: 2, held: 0 }]);
});

test("an order gets its stock again three times, and not after its seven days", async () => {
  const { type, inventory } = await openWith(5);
  const [often, late] = [claimRequest(type.id, 2), claimRequest(type.id, 1)];
  for (const claim of [often, late]) granted(await inventory.claim(claim));
  for (let again = 0; again < 3; again++) {
    pass(HOLD_MS);
    granted(await inventory.extend(often.orderId, Date.now() + HOLD_MS));
  }
  pass(HOLD_MS);
  expect(codeOf(await inventory.extend(often.orderId, Date.now() + HOLD_MS))).toBe("hold_expired");
  pass(7 * DAY_MS);
  expect(codeOf(await inventory.extend(late.orderId, Date.now() + HOLD_MS))).toBe("hold_expired");
  expect(await availableOf(inventory)).toEqual({ [type.id]: 5 });
});

test("an order that is not due any more is not ended for being due", async () => {
  const { type, config, inventory } = await openWith(2);
  const claim = claimRequest(type.id, 2);
  granted(await inventory.claim(claim));
  pass(HOLD_MS - 1);
  granted(await inventory.extend(claim.orderId, Date.now() + HOLD_MS));
  pass(1);
  expect(granted(await inventory.release(claim.orderId, "expired"))).toEqual({ outcome: "open" });
  expect(await rowsOf(inventory, "SELECT outcome FROM orders")).toEqual([]);
  expect(await poolsOf(inventory)).toMatchObject([{ held: 2 }]);
  expect(granted(await inventory.confirm(confirmRequest(config.eventId, claim.orderId)))).toHaveLength(2);
});

test("a claim that no order ever decides keeps its ticket type for seven days and no longer", async () => {
  const [type, other] = [typeDraft(), typeDraft()];
  const config = configOf([type, other]);
  const inventory = await openInventory(config);
  granted(await inventory.claim(claimRequest(type.id, 1)));
  const without = { ...config, version: 2, pools: [plainPool(other.id, 10)], ticketTypes: [other] };
  pass(7 * DAY_MS - 1);
  expect(codeOf(await inventory.reconfigure(without))).toBe("ticket_type_in_use");
  pass(1);
  expect(codeOf(await inventory.reconfigure(without))).toBe("ok");
});

test("a closed event confirms nothing more, and answers for what it has confirmed", async () => {
  for (const reason of ["cancelled", "completed"] as const) {
    const { type, config, inventory } = await openWith(5);
    const [paid, pending] = [claimRequest(type.id, 1), claimRequest(type.id, 1)];
    granted(await inventory.claim(paid));
    granted(await inventory.claim(pending));
    const hold = holdRequest(type.id, 1);
    granted(await inventory.placeHold(hold));
    const tickets = granted(await inventory.confirm(confirmRequest(config.eventId, paid.orderId)));
    expect(granted(await inventory.close(reason))).toEqual({ version: 1 });
    expect(granted(await inventory.confirm(confirmRequest(config.eventId, paid.orderId)))).toEqual(tickets);
    expect(codeOf(await inventory.confirm(confirmRequest(config.eventId, pending.orderId)))).toBe("state_moved");
    expect(codeOf(await inventory.claim({ ...hold, orderId: someId(), items: null }))).toBe("event_not_on_sale");
    expect(granted(await inventory.release(pending.orderId, "cancelled"))).toEqual({ outcome: "released" });
  }
});

test("voided tickets give their stock back once, but in a cancelled event; an admitted one stays", async () => {
  const { type, config, inventory } = await openWith(5);
  const claim = claimRequest(type.id, 4);
  granted(await inventory.claim(claim));
  expect(granted(await inventory.voidTickets(claim.orderId, null))).toEqual([]);
  const tickets = granted(await inventory.confirm(confirmRequest(config.eventId, claim.orderId)));
  const [first, second] = tickets.map(({ id }) => id) as [string, string];
  for (let again = 0; again < 2; again++)
    expect(granted(await inventory.voidTickets(claim.orderId, [first]))).toMatchObject([{ id: first, status: "void" }]);
  expect(await poolsOf(inventory)).toMatchObject([{ sold: 3 }]);
  expect(codeOf(await inventory.voidTickets(claim.orderId, [second, someId()]))).toBe("order_not_found");
  expect(codeOf(await inventory.voidTickets(someId(), null))).toBe("order_not_found");
  const scan = { ticketId: second, ticketVersion: 1, codeHash: "c", nonce: "n", deviceId: "d", gate: null, scannedAtMs: null };
  granted(await inventory.checkIn(scan));
  granted(await inventory.close("cancelled"));
  const statuses = granted(await inventory.voidTickets(claim.orderId, null)).map(({ status }) => status);
  expect(statuses).toEqual(["void", "admitted", "void", "void"]);
  expect(await poolsOf(inventory)).toMatchObject([{ sold: 3 }]);
});
