/**
 * Seat maps as data: the draft that an organizer uploads, the compiled form that the event's object decides with, and what is told of
 * the seats' states. Coordinates are numbers in the map's own unit, x to the right and y downwards, the stage wherever the map has it.
 */
import { z } from "zod";
import { Id, Timestamp } from "./ids";
import type { IssuedTicket } from "./inventory";
import type { Refusal } from "./problems";
import type { Result } from "./result";
import { Lines } from "./text";

export const MAX_SEAT_MAP_BYTES = 8 * 1024 * 1024;
/** In one map, whichever way they are written. */
export const MAX_SEATS = 100_000;
export const MAX_SECTIONS = 500;
export const MAX_ROWS = 5_000;
export const MAX_TABLES = 5_000;
export const MAX_SEATS_PER_ROW = 500;
export const MAX_SEATS_PER_TABLE = 20;
export const MAX_SEAT_CATEGORIES = 50;
export const MAX_SEAT_MAPS = 200;
export const MAX_COORDINATE = 1_000_000;
/** Seats in one block or release, and moves in one swap. */
export const MAX_SEATS_PER_CHANGE = 1_000;
export const MAX_SEAT_MOVES = 100;
/** Seats that best available looks for together, and that one line may name. */
export const MAX_SEATS_TOGETHER = 20;
/** Sections that best available is kept to by one line: each is looked at by itself. */
export const MAX_SECTIONS_ASKED = 20;
/** Seats of one part of a map on its way to the object (RPC carries 32 MiB, and a part is one transaction). */
export const SEATS_PER_PART = 10_000;

const OneLine = Lines.regex(/^[^\t\n\r]*$/, "one line");
/** Letters and digits of any script, and what stands between them; seen in ids of rows, sections and categories too. */
const NAME_PATTERN = /^[\p{L}\p{N}._:-]+$/u;
const name = (maxLength: number) => z.string().min(1).max(maxLength).regex(NAME_PATTERN, "letters, digits and . _ : - only");
export const SeatId = name(64).meta({ example: "parterre-12-7" });
const SectionId = name(24);
const RowId = name(24);
export const SeatCategoryId = name(32).meta({ example: "front" });
const ShownLabel = OneLine.trim().min(1).max(32);
const Coordinate = z.number().min(-MAX_COORDINATE).max(MAX_COORDINATE);

const SeatOfTable = z.strictObject({
  id: SeatId,
  label: ShownLabel,
  x: Coordinate,
  y: Coordinate,
  /** A wheelchair's place, or one without steps. */
  accessible: z.boolean().optional(),
  /** The accessible seat beside which somebody comes along: without it the seat is not sold until the organizer releases it. */
  companionOf: SeatId.optional(),
});
const SeatOfRow = SeatOfTable.extend({
  category: SeatCategoryId,
  /** An aisle or a pillar behind it: the next seat is no neighbour. */
  gapAfter: z.boolean().optional(),
});

/** Seats that follow each other evenly: the nth has the id `<section>-<row>-<n>`, from 1. */
const SeatRun = z.strictObject({
  count: z.int().min(1),
  category: SeatCategoryId,
  /** The first seat's label, 1 unless named; the next ones' grow by `step`, which is 1 unless named (2 or -1, for instance). */
  firstLabel: z.int().min(0).max(100_000).optional(),
  step: z
    .int()
    .min(-100)
    .max(100)
    .refine((step) => step !== 0, "is zero")
    .optional(),
  x: Coordinate,
  y: Coordinate,
  dx: Coordinate,
  dy: Coordinate,
  /** Ordinals of seats behind which there is an aisle. */
  gapsAfter: z.array(z.int().min(1)).max(MAX_SEATS_PER_ROW).optional(),
});

const SeatRow = z
  .strictObject({ id: RowId, label: ShownLabel, seats: z.array(SeatOfRow).min(1).optional(), run: SeatRun.optional() })
  .refine((row) => (row.seats === undefined) !== (row.run === undefined), "has either seats or a run");

const SeatTable = z.strictObject({
  id: RowId,
  label: ShownLabel,
  category: SeatCategoryId,
  seats: z.array(SeatOfTable).min(1),
});

const SeatSection = z.strictObject({
  id: SectionId,
  name: OneLine.trim().min(1).max(100),
  /** What everybody here wants to be near: best available begins there. */
  focus: z.strictObject({ x: Coordinate, y: Coordinate }),
  rows: z.array(SeatRow),
  /** Sold whole or not at all. */
  tables: z.array(SeatTable).optional(),
});

const SeatCategory = z.strictObject({
  id: SeatCategoryId,
  name: OneLine.trim().min(1).max(100),
  color: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, "#rrggbb")
    .optional(),
});

/** The counts that a map may have are the domain's to refuse (422 `seat_map_invalid`), with the place where it goes wrong. */
export const SeatMapDraft = z
  .strictObject({
    organizerId: Id,
    name: OneLine.trim().min(1).max(200),
    /** What stands before a row's, a seat's and a table's label on a ticket; Row, Seat and Table unless named. */
    words: z
      .strictObject({
        row: OneLine.trim().min(1).max(20),
        seat: OneLine.trim().min(1).max(20),
        table: OneLine.trim().min(1).max(20),
      })
      .partial()
      .optional(),
    categories: z.array(SeatCategory).min(1),
    sections: z.array(SeatSection).min(1),
  })
  .meta({ id: "SeatMapDraft" });
export type SeatMapDraft = z.infer<typeof SeatMapDraft>;
export type SeatCategory = z.infer<typeof SeatCategory>;

export interface CompiledSeat {
  id: string;
  /** Of the seat alone; `labelOfSeat` says it in full. */
  label: string;
  x: number;
  y: number;
  accessible: boolean;
  companionOf: string | null;
}

/** Seats of one section, row and category that are neighbours, in their order; or a table, which is sold `whole`. */
export interface SeatSegment {
  /** From 0, in the map's order: its place in `segments`. */
  number: number;
  sectionId: string;
  rowId: string;
  rowLabel: string;
  /** What a ticket says before the seat's own label: "Parterre · Row 12 · Seat". */
  label: string;
  category: string;
  whole: boolean;
  seats: CompiledSeat[];
}

export interface CompiledSection {
  id: string;
  name: string;
  focus: { x: number; y: number };
}

/** A checked map: every id is there once, every name leads somewhere. */
export interface CompiledSeatMap {
  id: string;
  categories: { id: string; name: string; color: string | null; seats: number }[];
  sections: CompiledSection[];
  segments: SeatSegment[];
}

/** As a ticket shows it: "Parterre · Row 12 · Seat 7". */
export const labelOfSeat = (segment: Pick<SeatSegment, "label">, seat: Pick<CompiledSeat, "label">): string =>
  `${segment.label} ${seat.label}`;

/** The pool that counts a category's seats in the object. */
export const poolOfSeatCategory = (category: string): string => `seats:${category}`;

/** A part of a map on its way to the object, at most `SEATS_PER_PART` seats; categories and sections come with each. */
export interface SeatMapPart extends CompiledSeatMap {
  /** From 0. */
  part: number;
  parts: number;
}

export const SEAT_STATES = ["free", "held", "sold", "blocked"] as const;
export type SeatState = (typeof SEAT_STATES)[number];
/** One character a seat, so that 60,000 states are 60 kB. */
export const SEAT_STATE_LETTERS = { f: "free", h: "held", s: "sold", b: "blocked" } as const satisfies Record<string, SeatState>;

export interface SeatStates {
  isPublic: boolean;
  organizerId: string;
  seatMapId: string;
  asOfMs: number;
  /** By segment's number, a letter of `SEAT_STATE_LETTERS` for each of its seats in their order. */
  states: string[];
  /** Companions' seats that anybody may have; absent where an older object tells it. */
  releasedCompanions?: string[];
}

export interface SeatMove {
  ticketId: string;
  seatId: string;
}

/** What the object's doors for seats answer; `TicketInventoryRpc` extends it. */
export interface SeatInventoryRpc {
  /**
   * Lays a part of a map beside what is sold by, before a config names the map; in any order, and again is the same answer. `complete`
   * once all parts are there. The only door besides `open` that may make the object's schema: its Worker calls it for events that exist.
   * A config (`open`, `reconfigure`) whose `seatMapId` is not complete here is refused with `seats_missing`; one whose map lacks a
   * sold, held or blocked seat of the map that stands with `seat_map_in_use` and `seatIds` (at most 20 of them).
   */
  installSeats(part: SeatMapPart): Promise<Result<{ complete: boolean }, Refusal<"seat_map_invalid">>>;
  /** Null while the event has no map. */
  seatStates(): Promise<Result<SeatStates | null, Refusal<"event_not_found">>>;
  /** Free seats only, all or none; one that is blocked already stays so. A table's seats are blocked each by itself. */
  blockSeats(
    seatIds: string[],
    reason: string | null,
  ): Promise<Result<{ changed: number }, Refusal<"event_not_found" | "seat_unknown" | "seat_repeated" | "seat_taken">>>;
  /**
   * Blocked seats become free; one that is not blocked stays as it is. `companions`: those of them that are a companion's are ordinary
   * seats from now on, until the event has another map.
   */
  releaseSeats(
    seatIds: string[],
    companions?: boolean,
  ): Promise<Result<{ changed: number }, Refusal<"event_not_found" | "seat_unknown" | "seat_repeated">>>;
  /**
   * All moves or none: the tickets' seats are free for each other's moves (A↔B). A seat must be of a category that the ticket's type
   * sells; a ticket keeps its code.
   */
  swapSeats(
    moves: SeatMove[],
  ): Promise<
    Result<
      IssuedTicket[],
      Refusal<"event_not_found" | "seat_unknown" | "seat_repeated" | "seat_taken" | "ticket_not_seated" | "event_state">
    >
  >;
}

/** What a line of a hold asks of a seated type beside its quantity: seats by id, or the best that are there. */
export const BestAvailable = z.union([
  z.literal(true),
  z.strictObject({
    /** Only in these; everywhere else too unless named. */
    sectionIds: z.array(SectionId).min(1).max(MAX_SECTIONS_ASKED).optional(),
    /** How many of the seats shall be accessible; the others are their companions first. */
    accessible: z.int().min(0).max(MAX_SEATS_TOGETHER).optional(),
  }),
]);
export type BestAvailable = z.infer<typeof BestAvailable>;
/** Seats as a hold or an order shows them. */
export const NamedSeats = z.array(
  z.object({ id: z.string(), label: z.string().meta({ example: "Parterre · Row 12 · Seat 7" }) }),
);

/** What an organizer sees of a map; its seats are in `GET /events/seat-maps/{id}`. */
export const SeatMapSummary = z
  .object({
    id: Id,
    organizerId: Id,
    name: z.string(),
    seats: z.int(),
    categories: z.array(z.object({ id: z.string(), name: z.string(), color: z.string().optional(), seats: z.int() })),
    sections: z.array(z.object({ id: z.string(), name: z.string(), seats: z.int() })),
    createdAt: Timestamp,
  })
  .meta({ id: "SeatMapSummary" });
export type SeatMapSummary = z.infer<typeof SeatMapSummary>;

export const SeatMapChoice = z.strictObject({ seatMapId: Id.nullable() }).meta({ id: "SeatMapChoice" });
const SeatIds = z.array(SeatId).min(1).max(MAX_SEATS_PER_CHANGE);
export const SeatBlock = z
  .strictObject({ seatIds: SeatIds, reason: OneLine.trim().min(1).max(200).optional() })
  .meta({ id: "SeatBlock" });
export const SeatRelease = z
  .strictObject({
    seatIds: SeatIds,
    companions: z
      .boolean()
      .optional()
      .meta({ description: "Companions' seats among them may be had by anybody from now on, until the event has another map" }),
  })
  .meta({ id: "SeatRelease" });
export const SeatSwap = z
  .strictObject({
    moves: z
      .array(z.strictObject({ ticketId: Id, seatId: SeatId }))
      .min(1)
      .max(MAX_SEAT_MOVES),
  })
  .meta({ id: "SeatSwap" });
/** How many seats are now other than before. */
export const SeatsChange = z.object({ changed: z.int() }).meta({ id: "SeatsChange" });
export type SeatsChange = z.infer<typeof SeatsChange>;
export const SwappedSeat = z.object({ ticketId: Id, seatId: z.string(), seat: z.string() }).meta({ id: "SwappedSeat" });
export type SwappedSeat = z.infer<typeof SwappedSeat>;
