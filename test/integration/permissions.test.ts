/** Every route of every Worker, asked by everybody: each answers as a table says that nothing of the house had a hand in. */
import { beforeAll, expect, inject, test } from "vitest";
import { MEMBER_ROLES, may, PERMISSIONS, type Permission } from "../../shared/contracts/organizers";
import { connect } from "../support/client";
import { gatherCallers } from "../support/permission-callers";
import { setScene } from "../support/permission-scene";
import { DEVELOPMENT, ROLE_MAY, ROLES, type Row, TABLE } from "../support/permission-table";
import {
  ask,
  type Caller,
  cellOf,
  type Operation,
  objection,
  operationsOf,
  placesOf,
  type Things,
  WalkedDocument,
} from "../support/permission-walk";

const api = connect(inject("origin"));
/** At a time. */
const AT_ONCE = 12;
/** For machines that do much else beside. */
const WALK_MS = 300_000;

let operations: Operation[];
let things: Things;
let callers: Caller[];

beforeAll(async () => {
  operations = operationsOf(WalkedDocument.parse((await api.get("/openapi.json")).body));
  const scene = await setScene(api);
  things = scene.things;
  callers = await gatherCallers(api, scene);
}, WALK_MS);

test("the table has a row for every operation, and no other", () => {
  const named = operations.map(({ operationId }) => operationId);
  expect(named.filter((id) => !DEVELOPMENT.includes(id)).sort()).toEqual(Object.keys(TABLE).sort());
  expect(DEVELOPMENT.filter((id) => !named.includes(id))).toEqual([]);
});

test("what asks for a fresh proof is what the table says", () => {
  const said = Object.entries<Row>(TABLE).flatMap(([id, [, , stepUp]]) => (stepUp ? [id] : []));
  const fresh = operations.flatMap(({ operationId, stepUp }) => (stepUp ? [operationId] : []));
  expect(fresh.sort()).toEqual(said.sort());
});

test("each role may what the wire says that it may", () => {
  expect([...MEMBER_ROLES]).toEqual(ROLES);
  const permissions = Object.keys(PERMISSIONS) as Permission[];
  for (const role of ROLES) {
    expect(permissions.filter((permission) => may(role, permission)).sort(), role).toEqual([...ROLE_MAY[role]].sort());
  }
});

/** One after the other for each caller, whose last steps end his session. */
async function walk(caller: Caller): Promise<(string | null)[]> {
  const objections: (string | null)[] = [];
  for (const operation of operations.filter(({ operationId }) => !DEVELOPMENT.includes(operationId))) {
    for (const place of placesOf(operation, caller)) {
      objections.push(objection(operation, caller, place, await ask(caller, operation, place, things)));
    }
  }
  return objections;
}

test(
  "every route answers everybody as the table says",
  async () => {
    const walked: (string | null)[] = [];
    const walkAll = async (some: Caller[]) => {
      const queue = [...some];
      const walkNext = async () => {
        for (let next = queue.shift(); next; next = queue.shift()) walked.push(...(await walk(next)));
      };
      await Promise.all(Array.from({ length: AT_ONCE }, walkNext));
    };
    await walkAll(callers.filter(({ owns }) => !owns));
    await walkAll(callers.filter(({ owns }) => owns));
    expect(walked.filter((wrong) => wrong !== null).sort()).toEqual([]);
    expect(walked.length).toBeGreaterThan(5_000);
  },
  WALK_MS,
);

test("the walk notices who is let in, who is kept out, and who learns too much", () => {
  const operation = (id: string) => operations.find(({ operationId }) => operationId === id);
  const caller = (name: string) => callers.find((one) => one.name === name);
  const noticed = (id: string, name: string, heard: string, place: "public" | "draft" = "public") => {
    const [asked, by] = [operation(id), caller(name)];
    if (!asked || !by) throw new Error(`nobody walked ${id} as ${name}`);
    expect(cellOf(asked, by, place), `${id} as ${name}`).not.toBe(heard);
    return objection(asked, by, place, heard);
  };
  expect(noticed("listMembers", "an attendee", "200")).toBe(
    "GET /organizers/{organizerId}/members (listMembers, for members:read of organizer) as an attendee at a public event: 200, not 403 forbidden",
  );
  expect(noticed("listMembers", "nobody", "403 forbidden")).toContain("not 401 credential_missing");
  expect(noticed("listMembers", "the owner", "404 organizer_not_found")).toContain("not 200");
  expect(noticed("updateEvent", "an attendee", "403 forbidden", "draft")).toContain("not 404 event_not_found");
  expect(noticed("updateEvent", "door staff of the private event", "403 forbidden", "draft")).toContain("not 404");
  expect(noticed("addMember", "another page in an owner's browser", "400 invalid_body")).toContain("not 403 csrf_failed");
  expect(noticed("getUser", "an attendee", "200")).toContain("not 404 user_not_found");
  expect(noticed("getOrder", "the buyer's key", "200")).toContain("not 404 order_not_found");
  expect(noticed("getProfile", "a suspended owner", "200")).toContain("not 401 token_stale");
});
