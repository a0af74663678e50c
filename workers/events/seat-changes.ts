/** What organizers do with single seats of an event on sale: the object decides all of it (rule 6). */
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import type { SeatMove, SeatsChange, SwappedSeat } from "../../shared/contracts/seats";
import type { Env } from "./environment";
import { askInventory } from "./inventory";
import { forgetSeats } from "./seat-states";

/** Held back from sale, all or none. */
export const blockSeats = (
  env: Env,
  eventId: string,
  seatIds: string[],
  reason: string | null,
): Promise<Result<SeatsChange, Refusal>> => change(env, eventId, (inventory) => inventory.blockSeats(seatIds, reason));

/** `companions`: those of them that are kept for a companion become everybody's. */
export const releaseSeats = (
  env: Env,
  eventId: string,
  seatIds: string[],
  companions: boolean,
): Promise<Result<SeatsChange, Refusal>> => change(env, eventId, (inventory) => inventory.releaseSeats(seatIds, companions));

/** The tickets keep their codes: a buyer need not get a new one. */
export async function swapSeats(env: Env, eventId: string, moves: SeatMove[]): Promise<Result<SwappedSeat[], Refusal>> {
  const swapped = await change(env, eventId, (inventory) => inventory.swapSeats(moves));
  if (!swapped.ok) return swapped;
  return ok(swapped.value.map(({ id, seat }) => ({ ticketId: id, seatId: seat?.id ?? "", seat: seat?.label ?? "" })));
}

async function change<T>(
  env: Env,
  eventId: string,
  command: Parameters<typeof askInventory<Result<T, Refusal>>>[2],
): Promise<Result<T, Refusal>> {
  const changed = await askInventory(env, eventId, command);
  forgetSeats(eventId);
  // The guard has seen the event: what its object has never heard of is a draft.
  return !changed.ok && changed.error.code === "event_not_found"
    ? refuse({ code: "event_state", detail: "The event is not published yet." })
    : changed;
}
