import { reset } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import type { Holder } from "../../shared/contracts/inventory";
import {
  aUser,
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
  poolsOf,
  refusalOf,
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
    { ...onSale, ticketTypeId: onSale.id, available: 10, status: "on_sale" },
    { ...scheduled, ticketTypeId: scheduled.id, available: 10, status: "scheduled" },
    { ...ended, ticketTypeId: ended.id, available: 10, status: "ended" },
    { ...gone, ticketTypeId: gone.id, available: 0, status: "sold_out" },
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

test("a person may hold twice an order's worth without ordering; what an order has claimed does not count", async () => {
  const type = typeDraft({ quantity: 100, maxPerOrder: 4 });
  const inventory = await openInventory(configOf([type]));
  const holder = aUser();
  const first = holdRequest(type.id, 4, { holder });
  granted(await inventory.placeHold(first));
  granted(await inventory.placeHold(holdRequest(type.id, 4, { holder })));
  expect(codeOf(await inventory.placeHold(holdRequest(type.id, 1, { holder })))).toBe("holder_limit");
  granted(await inventory.claim({ ...first, orderId: someId(), items: null }));
  expect(codeOf(await inventory.placeHold(holdRequest(type.id, 4, { holder })))).toBe("ok");
});

test("a changed hold frees as much of a shared pool as it takes, keeps old prices, and keeps what it has when refused", async () => {
  const house = someId();
  const [near, far] = ["Near", "Far"].map((name) => typeDraft({ name, poolIds: [house] })) as [
    ReturnType<typeof typeDraft>,
    ReturnType<typeof typeDraft>,
  ];
  const config = configOf([near, far], { pools: [{ id: house, capacity: 4 }] });
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
