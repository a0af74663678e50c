/** What must hold after every step, whatever the step was: the tables, as they stand, beside the model. */
import type { SeatState } from "../../shared/contracts/seats.ts";
import { agree, Difference } from "./inventory-command.ts";
import type { Letter } from "./inventory-map.ts";
import type { Model, ModelHold } from "./inventory-model.ts";
import type { Ground } from "./inventory-storage.ts";

const LETTERS: Record<string, Letter> = { held: "h", sold: "s", blocked: "b" } satisfies Partial<Record<SeatState, Letter>>;

type PoolRow = { id: string; capacity: number; sold: number; held: number; held_anonymously: number; blocked: number };
type HoldRow = {
  id: string;
  status: string;
  order_id: string | null;
  expires_at_ms: number;
  outcome: string | null;
  reason: string | null;
  lines: string;
};

/** Holds past their end whose stock the object has not given back yet: it may, until somebody needs it. */
export const isLagging = ({ storage }: Ground, nowMs: number): boolean =>
  storage.sql.exec("SELECT 1 FROM holds WHERE status IN ('held', 'claimed') AND expires_at_ms <= ? LIMIT 1", nowMs).toArray()
    .length > 0;

export function checkPools({ storage }: Ground, model: Model): void {
  const counts = model.pools();
  if (model.map !== null) {
    const taken = model.takenSeats();
    for (const { id } of model.map.categories) {
      const seats = [...model.seats.values()].filter(({ category }) => category === id);
      const count = (letter: Letter) => seats.filter((seat) => taken.get(seat.id) === letter).length;
      counts.set(`seats:${id}`, {
        capacity: seats.length,
        sold: count("s"),
        held: count("h"),
        heldByGuests: 0,
        blocked: count("b"),
      });
    }
  }
  const rows = storage.sql.exec<PoolRow>("SELECT * FROM pools").toArray();
  agree("pools", rows.length, counts.size);
  const lags = isLagging({ storage } as Ground, model.nowMs);
  for (const { id, capacity, sold, held, held_anonymously, blocked } of rows) {
    if (sold + held + blocked > capacity)
      throw new Difference(`pool ${id} is oversold: ${sold} + ${held} + ${blocked} of ${capacity}`);
    const count = counts.get(id);
    if (count === undefined) throw new Difference(`there is a pool ${id}`);
    agree(`pool ${id}`, [capacity, sold], [count.capacity, count.sold]);
    if (lags) continue;
    agree(`pool ${id}`, [held, held_anonymously, blocked], [count.held, count.heldByGuests, count.blocked]);
  }
}

export function checkSeats({ storage }: Ground, model: Model): void {
  if (isLagging({ storage } as Ground, model.nowMs)) return;
  const taken = model.takenSeats();
  const rows = storage.sql.exec<{ seat_id: string; state: string }>("SELECT seat_id, state FROM seat_owners").toArray();
  agree("seats that somebody has", rows.length, taken.size);
  for (const { seat_id, state } of rows) agree(`seat ${seat_id}`, LETTERS[state], taken.get(seat_id) ?? "f");
}

/** Before the first end there must be an alarm, or nobody would be told. */
export function checkAlarm({ storage, alarmAtMs }: Ground): void {
  const [first] = storage.sql
    .exec<{ due: number | null }>("SELECT MIN(expires_at_ms) AS due FROM holds WHERE status IN ('held', 'claimed')")
    .toArray();
  const due = first?.due ?? null;
  const alarm = alarmAtMs();
  if (due !== null && (alarm === null || alarm > due))
    throw new Difference(`a hold ends at ${due}, and the alarm stands at ${alarm}`);
}

/** Row by row: costs more, and is done now and then and at the end. */
export function checkEverything({ storage }: Ground, model: Model): void {
  const holds = storage.sql
    .exec<HoldRow>(
      "SELECT h.id, h.status, h.order_id, h.expires_at_ms, h.lines, o.outcome, o.reason FROM holds h LEFT JOIN orders o ON o.order_id = h.order_id ",
    )
    .toArray();
  agree("holds", holds.length, model.holds.length);
  for (const row of holds) {
    const hold = model.hold(row.id);
    if (hold === undefined) throw new Difference(`there is a hold ${row.id}`);
    const isEnded = (row.status === "held" || row.status === "claimed") && row.expires_at_ms <= model.nowMs;
    agree(
      `hold ${row.id}`,
      [row.id, isEnded ? "expired" : row.status, row.order_id, row.expires_at_ms, row.outcome, row.reason],
      [hold.id, statusOf(model, hold), hold.orderId, hold.endMs, outcomeOf(hold), hold.releasedFor],
    );
  }
  const tickets = storage.sql
    .exec<{ id: string; status: string; seat_id: string | null; admitted: number }>(
      "SELECT t.id, t.status, t.seat_id, (SELECT COUNT(*) FROM admissions a WHERE a.ticket_id = t.id) AS admitted FROM tickets t ORDER BY position",
    )
    .toArray();
  agree(
    "all tickets",
    tickets.map(({ id, status, seat_id, admitted }) => [id, status, seat_id, admitted]),
    model.tickets.map(({ id, status, seatId }) => [id, status, seatId, status === "admitted" ? 1 : 0]),
  );
}

function statusOf(model: Model, hold: ModelHold): string {
  if (hold.state !== "held") return hold.state;
  if (!model.isLive(hold)) return "expired";
  return hold.orderId === null ? "held" : "claimed";
}

const outcomeOf = (hold: ModelHold): string | null =>
  hold.state === "confirmed" ? "confirmed" : hold.releasedFor === null ? null : "released";
