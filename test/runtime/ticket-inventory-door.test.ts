import { reset } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import {
  claimRequest,
  codeOf,
  configOf,
  confirmRequest,
  granted,
  type Inventory,
  openInventory,
  refusalOf,
  rowsOf,
  scanRequest,
  someId,
  typeDraft,
} from "../support/inventory";

afterEach(() => reset());

async function sellTwo() {
  const type = typeDraft();
  const config = configOf([type]);
  const inventory = await openInventory(config);
  const claim = claimRequest(type.id, 2);
  granted(await inventory.claim(claim));
  const tickets = granted(await inventory.confirm(confirmRequest(config.eventId, claim.orderId)));
  const [first, second] = tickets.map(({ id }) => id) as [string, string];
  return { inventory, orderId: claim.orderId, first, second };
}

const admissionsOf = (inventory: Inventory) => rowsOf(inventory, "SELECT ticket_id FROM admissions");

test("a ticket is admitted once, however many doors scan it at the same moment", async () => {
  const { inventory, first, orderId } = await sellTwo();
  const scans = Array.from({ length: 50 }, (_, n) => scanRequest(first, { deviceId: `device ${n}`, gate: `gate ${n}` }));
  const answers = await Promise.all(scans.map((scan) => inventory.checkIn(scan)));
  const [admitted] = answers.filter((answer) => answer.ok).map(granted);
  expect(answers.filter((answer) => answer.ok)).toHaveLength(1);
  expect(admitted).toMatchObject({ ticket: { id: first, status: "admitted", orderId } });
  const refusal = {
    code: "already_admitted",
    members: { admittedAt: new Date(admitted?.admittedAtMs ?? 0).toISOString(), gate: admitted?.gate },
  };
  for (const answer of answers) if (!answer.ok) expect(answer.error).toEqual(refusal);
  expect(await admissionsOf(inventory)).toEqual([{ ticket_id: first }]);
  expect(granted(await inventory.ticketsOf(orderId)).map(({ status }) => status)).toEqual(["admitted", "valid"]);
});

test("a nonce again with the same code is the first answer, the refused ones too", async () => {
  const { inventory, first, second, orderId } = await sellTwo();
  const admitted = scanRequest(first);
  const again = scanRequest(first);
  const voided = scanRequest(second);
  const firstAnswers = [await inventory.checkIn(admitted), await inventory.checkIn(again)];
  granted(await inventory.voidTickets(orderId, [second]));
  firstAnswers.push(await inventory.checkIn(voided));
  expect(firstAnswers.map(codeOf)).toEqual(["ok", "already_admitted", "ticket_void"]);
  granted(await inventory.close("cancelled"));
  const repeated = await Promise.all([admitted, again, voided].map((scan) => inventory.checkIn(scan)));
  expect(repeated).toEqual(firstAnswers);
  expect(await admissionsOf(inventory)).toHaveLength(1);
});

test("a nonce with another code is refused, and its ticket stays outside; another device's nonce is its own", async () => {
  const { inventory, first, second } = await sellTwo();
  const scan = scanRequest(first, { nonce: "1" });
  granted(await inventory.checkIn(scan));
  expect(refusalOf(await inventory.checkIn(scanRequest(second, { nonce: "1" })))).toEqual({ code: "nonce_reused" });
  expect(await admissionsOf(inventory)).toEqual([{ ticket_id: first }]);
  expect(codeOf(await inventory.checkIn(scanRequest(second, { nonce: "1", deviceId: "another" })))).toBe("ok");
});

test("an old version, a void ticket and a cancelled event let nobody in; an unknown ticket leaves no trace", async () => {
  const { inventory, first, second, orderId } = await sellTwo();
  expect(codeOf(await inventory.checkIn(scanRequest(first, { ticketVersion: 0 })))).toBe("ticket_void");
  expect(codeOf(await inventory.checkIn(scanRequest(someId(), { nonce: "unknown" })))).toBe("ticket_unknown");
  expect(await rowsOf(inventory, "SELECT nonce FROM scans WHERE nonce = 'unknown'")).toEqual([]);
  granted(await inventory.voidTickets(orderId, [first]));
  expect(codeOf(await inventory.checkIn(scanRequest(first)))).toBe("ticket_void");
  granted(await inventory.close("cancelled"));
  expect(codeOf(await inventory.checkIn(scanRequest(second)))).toBe("ticket_void");
  expect(await admissionsOf(inventory)).toEqual([]);
});
