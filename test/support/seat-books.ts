/** What an object's tables say of its seats, held to each other: of any event with a map, after any commands. */
import { expect } from "vitest";
import { readSegments } from "../../durable-objects/ticket-inventory/seat-rows";
import { runsOf, windowsOf } from "../../durable-objects/ticket-inventory/seat-runs";
import type { CompiledSeatMap } from "../../shared/contracts/seats";

/** Everything that the tables say of the seats, told from their owners on. */
export function checkSeats(sql: SqlStorage, map: CompiledSeatMap): void {
  const owners = new Map(
    sql
      .exec<{ seat_id: string; state: string; owner: string | null }>("SELECT seat_id, state, owner FROM seat_owners")
      .toArray()
      .map((row) => [row.seat_id, row]),
  );
  const expected = new Map<string, string>();
  const claim = (seatId: string, state: string) => {
    expect(expected.has(seatId), `${seatId} is had twice`).toBe(false);
    expected.set(seatId, state);
  };
  const held = sql
    .exec<{ id: string; seat_id: string }>(
      `SELECT h.id, seat.value ->> 'id' AS seat_id FROM holds h JOIN json_each(h.lines) l JOIN json_each(l.value, '$.seats') seat
       WHERE h.status IN ('held', 'claimed')`,
    )
    .toArray();
  for (const { id, seat_id } of held) {
    claim(seat_id, "held");
    expect(owners.get(seat_id)?.owner).toBe(id);
  }
  const sold = sql
    .exec<{ seat_id: string; hold: string }>(
      "SELECT t.seat_id, h.id AS hold FROM tickets t JOIN holds h ON h.order_id = t.order_id WHERE t.status <> 'void' AND t.seat_id IS NOT NULL",
    )
    .toArray();
  for (const { seat_id, hold } of sold) {
    claim(seat_id, "sold");
    expect(owners.get(seat_id)?.owner).toBe(hold);
  }
  for (const [seatId, { state }] of owners) if (state === "blocked") claim(seatId, "blocked");
  expect(new Map([...owners].map(([id, { state }]) => [id, state]))).toEqual(expected);

  const numbers = sql.exec<{ number: number }>("SELECT number FROM seat_segments ORDER BY number").toArray();
  const rows = [
    ...readSegments(
      sql,
      numbers.map(({ number: one }) => one),
    ).values(),
  ];
  for (const row of rows)
    expect(row.states).toBe(row.seats.map(([id]) => (owners.get(id)?.state ?? "free").slice(0, 1)).join(""));
  const name = (w: { segment: number; size: number; first: number; orphans: number; distance: number }) =>
    `${w.segment} ${w.size} ${w.first} ${w.orphans} ${w.distance}`;
  const index = sql.exec<{ segment: number; size: number; first: number; orphans: number; distance: number }>(
    "SELECT * FROM seat_windows",
  );
  const recounted = rows.flatMap((row) => runsOf(row, row.states).flatMap((run) => windowsOf(row, run)));
  expect(index.toArray().map(name).sort()).toEqual(recounted.map(name).sort());

  for (const category of map.categories) {
    const own = rows
      .filter((row) => row.categoryId === category.id)
      .map((row) => row.states)
      .join("");
    const count = (letter: string) => [...own].filter((other) => other === letter).length;
    const [pool] = sql.exec("SELECT capacity, held, sold, blocked FROM pools WHERE id = ?", `seats:${category.id}`).toArray();
    expect(pool).toEqual({ capacity: category.seats, held: count("h"), sold: count("s"), blocked: count("b") });
  }
}
