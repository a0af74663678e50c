import { toAvailableTicketTypes } from "../../shared/contracts/availability";
import type { AvailableTicketType } from "../../shared/contracts/events";
import { toTimestamp } from "../../shared/contracts/ids";
import type { Availability } from "../../shared/contracts/inventory";
import type { Principal } from "../../shared/contracts/principal";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import type { Env } from "./environment";
import { readEvent } from "./event-reads";
import { askInventory } from "./inventory";
import { isInsiderOf } from "./members";
import { allocationOf, plannedPools } from "./pool-plans";
import { type StoredEvent, toTicketType } from "./stored-event";

export interface AvailableTickets {
  data: AvailableTicketType[];
  asOf: string;
}
type Available = Result<AvailableTickets, Refusal<"event_not_found">>;

const SNAPSHOT_MS = 1_000;
const MAX_SNAPSHOTS = 1_000;
const snapshots = new Map<string, { availability: Availability; untilMs: number }>();

/** As it stands now, from the object itself. */
export async function readTickets(env: Env, principal: Principal, eventId: string): Promise<Available> {
  const answer = await askInventory(env, eventId, (inventory) => inventory.availability());
  // An event that was never opened is a draft, or none at all.
  return answer.ok ? reveal(env, principal, answer.value) : readDraft(env, principal, eventId);
}

/** At most a second old, so that however many look, the object is asked once a second by an isolate. */
export async function readSnapshot(env: Env, principal: Principal, eventId: string): Promise<Available> {
  const nowMs = Date.now();
  const snapshot = snapshots.get(eventId);
  if (snapshot && snapshot.untilMs > nowMs) return reveal(env, principal, snapshot.availability);
  const answer = await askInventory(env, eventId, (inventory) => inventory.availability());
  if (!answer.ok) return readDraft(env, principal, eventId);
  if (snapshots.size >= MAX_SNAPSHOTS) snapshots.clear();
  snapshots.set(eventId, { availability: answer.value, untilMs: nowMs + SNAPSHOT_MS });
  return reveal(env, principal, answer.value);
}

/** Events that one list shows, and so long it waits for one of them. */
const MAX_LISTED = 20;
const LIST_WAITS_MS = 300;

/** Of which nothing is left, of what anybody sees. A list does not fail for one event that does not answer. */
export async function eventsWithoutTickets(env: Env, ids: readonly string[]): Promise<{ id: string; mayComeBack: boolean }[]> {
  if (ids.length > MAX_LISTED) throw new RangeError(`at most ${MAX_LISTED} events a call`);
  const inTime = new AbortController();
  const late = scheduler.wait(LIST_WAITS_MS, { signal: inTime.signal }).then(
    () => null,
    () => null,
  );
  const told = await Promise.all(
    ids.map(async (id) => {
      const answer = await Promise.race([readSnapshot(env, { kind: "anonymous" }, id).catch(() => null), late]);
      const types = answer?.ok ? answer.value.data.filter(({ status }) => status !== "hidden") : [];
      const isGone = types.length > 0 && types.every(({ status }) => status === "sold_out");
      return isGone ? [{ id, mayComeBack: types.some(({ reserved = 0 }) => reserved > 0) }] : [];
    }),
  );
  inTime.abort();
  return told.flat();
}

async function reveal(env: Env, principal: Principal, availability: Availability): Promise<Available> {
  if (!availability.isPublic && !(await isInsiderOf(env, principal, availability.eventId)))
    return refuse({ code: "event_not_found" });
  return ok({
    data: toAvailableTicketTypes(availability),
    asOf: toTimestamp(availability.asOfMs),
  });
}

/** What its members plan: nothing is sold yet, and nobody else sees it. */
async function readDraft(env: Env, principal: Principal, eventId: string): Promise<Available> {
  if (principal.kind === "anonymous") return refuse({ code: "event_not_found" });
  const read = await readEvent(env, principal, eventId);
  return read.ok ? ok({ data: planned(read.value), asOf: toTimestamp(Date.now()) }) : read;
}

function planned(stored: StoredEvent): AvailableTicketType[] {
  const left = new Map(plannedPools(stored).map(({ id, available }) => [id, available]));
  const leftOf = (poolId: string) => left.get(poolId) ?? 0;
  return stored.types.map((type) => {
    const allocation = allocationOf(stored, type);
    const around = new Set(allocation?.withinPoolIds);
    const poolIds = [type.id, stored.event.id, ...type.poolIds].filter((id) => !around.has(id));
    return { ...toTicketType(type), available: Math.min(...poolIds.map(leftOf)), status: "hidden" };
  });
}
