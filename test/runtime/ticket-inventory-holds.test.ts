import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, test } from "vitest";
import type { Holder } from "../../shared/contracts/inventory";
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

afterEach(() => reset());

test("a hold carries its event's terms, its frozen prices and its end", async () => {
  const type = typeDraft({ name: "Seated", unitPriceMinor: 4200 });
  const config = configOf([type], { version: 7, currency: "JPY" });
  const inventory = await openInventory(config);
  const request = holdRequest(type.id, 2);
  const before = Date.now();
  const held = granted(await inventory.placeHold(request));
  expect(held).toEqual({
    holdId: request.holdId,
    eventId: config.eventId,
    organizerId: config.organizerId,
    currency: "JPY",
    configVersion: 7,
    holder: request.holder,
    expiresAtMs: held.expiresAtMs,
    extendableUntilMs: held.expiresAtMs + 2 * HOLD_MS,
    lines: [{ ticketTypeId: type.id, quantity: 2, name: "Seated", unitPriceMinor: 4200 }],
    orderId: null,
  });
  expect(held.expiresAtMs).toBeGreaterThanOrEqual(before + HOLD_MS);
  granted(await inventory.reconfigure({ ...config, version: 8, ticketTypes: [{ ...type, unitPriceMinor: 9900 }] }));
  expect(granted(await inventory.hold(request.holdId))).toEqual(held);
});

test("the same hold again is the same hold, also twenty at once; another request under its id is refused", async () => {
  const type = typeDraft();
  const inventory = await openInventory(configOf([type]));
  const request = holdRequest(type.id, 2);
  const answers = await Promise.all(Array.from({ length: 20 }, () => inventory.placeHold(request)));
  const [first] = answers.map(granted);
  for (const answer of answers) expect(granted(answer)).toEqual(first);
  expect(await poolsOf(inventory)).toMatchObject([{ held: 2 }]);
  expect(codeOf(await inventory.placeHold({ ...request, requestHash: "other" }))).toBe("idempotency_key_reused");
  granted(await inventory.releaseHold(request.holdId));
  expect(codeOf(await inventory.placeHold(request))).toBe("hold_released");
  expect(await poolsOf(inventory)).toMatchObject([{ held: 0 }]);
});

test("refusals come in one order: existence, sale, type, quantity, window, holder, stock", async () => {
  const now = Date.now();
  const type = typeDraft({ minPerOrder: 2, maxPerOrder: 3, quantity: 1 });
  const later = typeDraft({ saleStartMs: now + DAY_MS });
  const over = typeDraft({ saleEndMs: now });
  const holder: Holder = { kind: "address", key: "hashed" };
  const config = configOf([type, later, over], { isPublic: false, maxPerAddress: 2 });
  const inventory = await openInventory(config);
  const ask = (items: { ticketTypeId: string; quantity: number }[], insider = true) =>
    inventory.placeHold(holdRequest("", 1, { items, insider, holder })).then(codeOf);
  const unknown = { ticketTypeId: someId(), quantity: 0 };

  expect(await ask([unknown], false)).toBe("event_not_found");
  expect(await ask([{ ticketTypeId: type.id, quantity: 0 }, unknown])).toBe("ticket_type_not_found");
  for (const quantity of [0, 1, 4, 2.5, -2, Number.NaN]) {
    const items = [
      { ticketTypeId: later.id, quantity: 1 },
      { ticketTypeId: type.id, quantity },
    ];
    expect(await ask(items)).toBe("quantity_out_of_range");
  }
  expect(await ask([])).toBe("quantity_out_of_range");
  // Two lines of one type are one wish.
  expect(
    await ask([
      { ticketTypeId: type.id, quantity: 2 },
      { ticketTypeId: type.id, quantity: 2 },
    ]),
  ).toBe("quantity_out_of_range");
  for (const { id } of [later, over]) expect(await ask([{ ticketTypeId: id, quantity: 3 }])).toBe("ticket_type_not_on_sale");
  expect(await ask([{ ticketTypeId: type.id, quantity: 3 }])).toBe("holder_limit");
  expect(await ask([{ ticketTypeId: type.id, quantity: 2 }])).toBe("sold_out");
  granted(await inventory.close("completed"));
  expect(await ask([unknown])).toBe("event_not_on_sale");
  expect(await ask([unknown], false)).toBe("event_not_found");
  expect((await poolsOf(inventory)).every(({ held }) => held === 0)).toBe(true);
});

test("an event that has ended sells nothing", async () => {
  const type = typeDraft();
  const inventory = await openInventory(configOf([type], { endMs: Date.now() }));
  expect(codeOf(await inventory.placeHold(holdRequest(type.id, 1)))).toBe("event_not_on_sale");
  expect(granted(await inventory.availability()).ticketTypes).toMatchObject([{ status: "ended", available: 10 }]);
});

test("availability tells each type's state, and the types in the organizer's order", async () => {
  const now = Date.now();
  const onSale = typeDraft({ name: "Z" });
  const scheduled = typeDraft({ name: "A", saleStartMs: now + DAY_MS });
  const ended = typeDraft({ name: "M", saleEndMs: now });
  const gone = typeDraft({ name: "B", quantity: 1 });
  const config = configOf([onSale, scheduled, ended, gone]);
  const inventory = await openInventory(config);
  granted(await inventory.placeHold(holdRequest(gone.id, 1)));
  const availability = granted(await inventory.availability());
  expect(availability).toMatchObject({ eventId: config.eventId, isPublic: true, currency: "EUR", version: 1 });
  expect(availability.ticketTypes).toEqual([
    { ...onSale, ticketTypeId: onSale.id, available: 10, reserved: 0, status: "on_sale" },
    { ...scheduled, ticketTypeId: scheduled.id, available: 10, reserved: 0, status: "scheduled" },
    { ...ended, ticketTypeId: ended.id, available: 10, reserved: 0, status: "ended" },
    { ...gone, ticketTypeId: gone.id, available: 0, reserved: 1, status: "sold_out" },
  ]);
});

test("an address may hold or own so many tickets at a time, whatever it has bought before counts until it is void", async () => {
  const type = typeDraft({ quantity: 100 });
  const config = configOf([type], { maxPerAddress: 6 });
  const inventory = await openInventory(config);
  const holder: Holder = { kind: "address", key: "hashed" };
  const claim = { ...claimRequest(type.id, 3), holder };
  granted(await inventory.claim(claim));
  const tickets = granted(await inventory.confirm(confirmRequest(config.eventId, claim.orderId)));
  const second = holdRequest(type.id, 3, { holder });
  granted(await inventory.placeHold(second));
  const third = () => inventory.placeHold(holdRequest(type.id, 1, { holder }));
  expect(codeOf(await third())).toBe("holder_limit");
  expect(codeOf(await inventory.placeHold(holdRequest(type.id, 1, { holder: { kind: "address", key: "another" } })))).toBe("ok");
  granted(await inventory.voidTickets(claim.orderId, [tickets[0]?.id ?? ""]));
  expect(codeOf(await third())).toBe("ok");
  expect(codeOf(await third())).toBe("holder_limit");
  granted(await inventory.releaseHold(second.holdId));
  expect(codeOf(await third())).toBe("ok");
});

test("a person may have so many orders' worth that is not paid, claimed or not; what is bought does not count", async () => {
  for (const kind of ["user", "buyer"] as const) {
    const type = typeDraft({ quantity: 100, maxPerOrder: 4 });
    const config = configOf([type], { unpaidOrdersPerPerson: 2 });
    const inventory = await openInventory(config);
    const holder: Holder = { kind, key: someId() };
    const first = { ...claimRequest(type.id, 4), holder };
    granted(await inventory.claim(first));
    granted(await inventory.placeHold(holdRequest(type.id, 4, { holder })));
    const more = () => inventory.placeHold(holdRequest(type.id, 1, { holder })).then(codeOf);
    expect(await more()).toBe("holder_limit");
    expect(codeOf(await inventory.claim({ ...claimRequest(type.id, 1), holder }))).toBe("holder_limit");
    const others = Array.from({ length: 20 }, () => ({ ...claimRequest(type.id, 2), holder: { kind, key: someId() } }));
    expect(new Set((await Promise.all(others.map((claim) => inventory.claim(claim)))).map(codeOf))).toEqual(new Set(["ok"]));
    granted(await inventory.confirm(confirmRequest(config.eventId, first.orderId)));
    expect(await more()).toBe("ok");
  }
});

test("all who are not signed in hold their share of a pool together, until some of it is paid", async () => {
  const type = typeDraft({ quantity: 20 });
  const config = configOf([type], { anonymousShare: 0.5, maxPerAddress: 8 });
  const inventory = await openInventory(config);
  const guest = (quantity: number, kind: "address" | "buyer" = "address") => ({
    ...claimRequest(type.id, quantity),
    holder: { kind, key: someId() },
  });
  const [paying, giving] = [guest(5, "buyer"), guest(4)];
  granted(await inventory.claim(paying));
  granted(await inventory.placeHold({ ...giving, requestHash: "" }));
  const more = (quantity: number) => inventory.placeHold({ ...guest(quantity), requestHash: "" }).then(codeOf);
  expect(await more(2)).toBe("holder_limit");
  expect(codeOf(await inventory.placeHold(holdRequest(type.id, 10)))).toBe("ok");
  // Among what he has himself, a guest may still choose.
  expect(codeOf(await inventory.changeHold(giving.holdId, [{ ticketTypeId: type.id, quantity: 5 }]))).toBe("ok");
  expect(codeOf(await inventory.changeHold(giving.holdId, [{ ticketTypeId: type.id, quantity: 6 }]))).toBe("holder_limit");
  expect(await poolsOf(inventory)).toMatchObject([{ held: 20, held_anonymously: 10 }]);
  granted(await inventory.releaseHold(giving.holdId));
  granted(await inventory.confirm(confirmRequest(config.eventId, paying.orderId)));
  expect(await poolsOf(inventory)).toMatchObject([{ sold: 5, held: 10, held_anonymously: 0 }]);
  expect(await more(5)).toBe("ok");
});

test("a guests' share is never less than what one address may have", async () => {
  const type = typeDraft({ quantity: 4 });
  const inventory = await openInventory(configOf([type], { anonymousShare: 0.25, maxPerAddress: 4 }));
  expect(codeOf(await inventory.placeHold(holdRequest(type.id, 4, { holder: { kind: "address", key: "hashed" } })))).toBe("ok");
});

test("a changed hold frees as much of a shared pool as it takes, keeps old prices, and keeps what it has when refused", async () => {
  const house = someId();
  const [near, far] = ["Near", "Far"].map((name) => typeDraft({ name, poolIds: [house] })) as [
    ReturnType<typeof typeDraft>,
    ReturnType<typeof typeDraft>,
  ];
  const config = configOf([near, far], { pools: [plainPool(house, 4)] });
  const inventory = await openInventory(config);
  const { holdId, expiresAtMs } = granted(await inventory.placeHold(holdRequest(near.id, 4)));
  granted(
    await inventory.reconfigure({
      ...config,
      version: 2,
      ticketTypes: [
        { ...near, unitPriceMinor: 1 },
        { ...far, unitPriceMinor: 2 },
      ],
    }),
  );
  const changed = granted(
    await inventory.changeHold(holdId, [
      { ticketTypeId: far.id, quantity: 3 },
      { ticketTypeId: near.id, quantity: 1 },
    ]),
  );
  expect(changed).toMatchObject({
    expiresAtMs,
    lines: [
      { ticketTypeId: far.id, quantity: 3, unitPriceMinor: 2 },
      { ticketTypeId: near.id, quantity: 1, unitPriceMinor: 2500 },
    ],
  });
  const refusal = refusalOf(await inventory.changeHold(holdId, [{ ticketTypeId: far.id, quantity: 5 }]));
  expect(refusal).toEqual({ code: "sold_out", members: { available: [{ ticketTypeId: far.id, available: 0 }] } });
  expect(granted(await inventory.hold(holdId))).toEqual(changed);
  expect(await poolsOf(inventory)).toMatchObject([{ held: 4 }]);
});

test("a released hold gives its stock back once; a claimed one is its order's", async () => {
  const type = typeDraft({ quantity: 5 });
  const inventory = await openInventory(configOf([type]));
  const { holdId } = granted(await inventory.placeHold(holdRequest(type.id, 3)));
  for (let again = 0; again < 2; again++) expect(codeOf(await inventory.releaseHold(holdId))).toBe("ok");
  expect(await availableOf(inventory)).toEqual({ [type.id]: 5 });
  expect(codeOf(await inventory.hold(holdId))).toBe("hold_released");
  const claim = claimRequest(type.id, 1);
  granted(await inventory.claim(claim));
  expect(codeOf(await inventory.releaseHold(claim.holdId))).toBe("hold_in_use");
  expect(codeOf(await inventory.changeHold(claim.holdId, claim.items))).toBe("hold_in_use");
  expect(codeOf(await inventory.releaseHold(someId()))).toBe("hold_not_found");
  expect(codeOf(await inventory.hold(someId()))).toBe("hold_not_found");
});

describe("a refusal of a hold with a key", () => {
  test("stays for a day, whatever becomes free, and belongs to its request", async () => {
    const type = typeDraft({ quantity: 4 });
    const inventory = await openInventory(configOf([type]));
    const rival = holdRequest(type.id, 2);
    granted(await inventory.placeHold(rival));
    const keyed = holdRequest(type.id, 3, { keyed: true });
    const refusal = refusalOf(await inventory.placeHold(keyed));
    expect(refusal).toMatchObject({ code: "sold_out", members: { available: [{ available: 2 }] } });
    granted(await inventory.releaseHold(rival.holdId));
    expect(refusalOf(await inventory.placeHold(keyed))).toEqual(refusal);
    expect(codeOf(await inventory.placeHold({ ...keyed, requestHash: "other" }))).toBe("idempotency_key_reused");
    expect(codeOf(await inventory.placeHold({ ...keyed, holdId: someId() }))).toBe("ok");
    await runInDurableObject(inventory, (_, { storage }) => {
      storage.sql.exec("UPDATE kept_refusals SET kept_until_ms = ?", Date.now());
    });
    granted(await inventory.close("completed"));
    expect(codeOf(await inventory.placeHold(keyed))).toBe("event_not_on_sale");
  });

  test("is kept of each state's refusal, and of nothing that reads like a thing that is not there", async () => {
    const type = typeDraft({ maxPerOrder: 2 });
    const inventory = await openInventory(configOf([type], { isPublic: false }));
    const ask = (change: object) => inventory.placeHold(holdRequest(type.id, 3, { keyed: true, insider: true, ...change }));
    expect(codeOf(await ask({ insider: false }))).toBe("event_not_found");
    expect(codeOf(await ask({ items: [{ ticketTypeId: someId(), quantity: 1 }] }))).toBe("ticket_type_not_found");
    expect(codeOf(await ask({ keyed: false }))).toBe("quantity_out_of_range");
    expect(await rowsOf(inventory, "SELECT number FROM kept_refusals")).toEqual([]);
    expect(codeOf(await ask({}))).toBe("quantity_out_of_range");
    expect(await rowsOf(inventory, "SELECT refusal ->> 'code' AS code FROM kept_refusals")).toEqual([
      { code: "quantity_out_of_range" },
    ]);
  });

  test("makes room for later ones", async () => {
    const type = typeDraft({ quantity: 1 });
    const inventory = await openInventory(configOf([type]));
    const refuseOne = () => inventory.placeHold(holdRequest(type.id, 2, { keyed: true })).then(codeOf);
    for (let n = 0; n < 15; n++) expect(await refuseOne()).toBe("sold_out");
    await runInDurableObject(inventory, (_, { storage }) => {
      storage.sql.exec("UPDATE kept_refusals SET kept_until_ms = ?", Date.now() - 1);
    });
    await refuseOne();
    expect(await rowsOf(inventory, "SELECT number FROM kept_refusals")).toHaveLength(6);
    await refuseOne();
    expect(await rowsOf(inventory, "SELECT number FROM kept_refusals")).toHaveLength(2);
  });
});
