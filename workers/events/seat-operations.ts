/** The pages of seat maps and of an event's seats in the OpenAPI document. */
import { z } from "zod";
import { PublishedEvent } from "../../shared/contracts/events";
import {
  MAX_SEATS,
  MAX_SEATS_PER_ROW,
  MAX_SEATS_PER_TABLE,
  MAX_SECTIONS,
  SeatMapSummary,
  SeatsChange,
  SwappedSeat,
} from "../../shared/contracts/seats";
import { listOf } from "../../shared/http/list";
import type { Operation } from "../../shared/http/operation";
import * as example from "./operation-examples";
import { changeRefusals } from "./operations";
import * as seat from "./seat-examples";
import { EventSeats, SeatMap } from "./seat-views";

const MAP_LIMITS = `At most ${MAX_SEATS.toLocaleString("en")} seats in ${MAX_SECTIONS} sections, ${MAX_SEATS_PER_ROW} a row and ${MAX_SEATS_PER_TABLE} a table; the body may have 8 MiB.`;

export const seatMapOperations = {
  createSeatMap: {
    operationId: "createSeatMap",
    summary: "Upload a seat map",
    description: `Sections with rows of seats and tables, which are sold whole; a row may be written seat by seat or as an even run. Coordinates are in the map's own unit. A map never changes, and any number of its organizer's events may be sold by it. ${MAP_LIMITS} A map that contradicts itself is refused with every place where it does.`,
    tags: ["seats"],
    requestExample: seat.seatMapDraft,
    answers: { 201: { description: "The map, counted", schema: SeatMapSummary, example: seat.seatMapSummary } },
    refusals: ["seat_map_invalid", "too_many_seat_maps", "overloaded"],
  },
  listSeatMaps: {
    operationId: "listSeatMaps",
    summary: "An organizer's seat maps, newest first",
    tags: ["seats"],
    answers: {
      200: {
        description: "A page of maps without their seats",
        schema: listOf(SeatMapSummary),
        example: { data: [seat.seatMapSummary], nextCursor: null },
      },
    },
  },
  getSeatMap: {
    operationId: "getSeatMap",
    summary: "A seat map with all of its seats",
    tags: ["seats"],
    answers: { 200: { description: "The map", schema: SeatMap, example: seat.seatMap } },
  },
  deleteSeatMap: {
    operationId: "deleteSeatMap",
    summary: "Delete a seat map that no event uses",
    tags: ["seats"],
    answers: { 204: { description: "It is gone" } },
    refusals: ["seat_map_in_use"],
  },
} as const satisfies Record<string, Operation>;

const ON_SALE = "The event has to be published, if only with a sale that starts later.";

export const seatOperations = {
  setSeatMap: {
    operationId: "setSeatMap",
    summary: "Say by which seat map an event is sold",
    description:
      "Null takes the map away. Ticket types name the categories that they sell in `seatCategories`. On sale, seats that are taken must be on the new map too. `If-Match` is optional.",
    tags: ["seats"],
    requestExample: { seatMapId: seat.SEAT_MAP_ID },
    answers: {
      200: {
        description: "The event as it stands now",
        schema: PublishedEvent,
        example: { ...example.event, seatMapId: seat.SEAT_MAP_ID },
      },
    },
    refusals: ["seat_map_not_found", "seat_map_in_use", ...changeRefusals],
  },
  getSeats: {
    operationId: "getSeats",
    summary: "An event's seats with their states, as data or as a picture",
    description:
      "At most a second old. `format=svg`, or an `Accept` that wants `image/svg+xml` and no JSON, is answered with a picture in which states differ by colour and shape, and categories by lines and letters that the legend names. `sectionId` narrows it to one section. `If-None-Match` is honoured, so that what has not changed is not sent again.",
    tags: ["seats"],
    answers: {
      200: {
        description: "The seats",
        schema: EventSeats,
        example: seat.eventSeats,
        contentTypes: ["image/svg+xml"],
      },
      304: { description: "The copy named in `If-None-Match` is the current one" },
    },
    refusals: ["event_not_found", "seat_map_not_found", "overloaded"],
  },
  blockSeats: {
    operationId: "blockSeats",
    summary: "Keep seats back from sale",
    description: `All of them or none; what is blocked already stays so. ${ON_SALE}`,
    tags: ["seats"],
    requestExample: { seatIds: ["p-1-1", "p-1-2"], reason: "The camera stands there" },
    answers: { 200: { description: "How many are blocked now that were not", schema: SeatsChange, example: { changed: 2 } } },
    refusals: ["event_state", "seat_unknown", "seat_repeated", "seat_taken", "overloaded"],
  },
  releaseSeats: {
    operationId: "releaseSeats",
    summary: "Give blocked seats, and companions' seats, to the sale",
    description: `What is not blocked stays as it is. A companion's seat is sold with the accessible seat that it belongs to; with \`companions\` those named are ordinary seats from then on. ${ON_SALE}`,
    tags: ["seats"],
    requestExample: { seatIds: ["p-1-1", "p-1-2"] },
    answers: {
      200: { description: "How many are free, or everybody's, now that were not", schema: SeatsChange, example: { changed: 2 } },
    },
    refusals: ["event_state", "seat_unknown", "seat_repeated", "overloaded"],
  },
  swapSeats: {
    operationId: "swapSeats",
    summary: "Move tickets to other seats",
    description:
      "All moves in one change, or none: two tickets may change places. A seat must be of a category that the ticket's type sells. The tickets' codes stay. Whoever has other seats then is told by mail, once for all swaps of some minutes.",
    tags: ["seats"],
    requestExample: { moves: [{ ticketId: example.ticket.id, seatId: "p-1-2" }] },
    answers: {
      200: {
        description: "Where the tickets sit now",
        schema: z.object({ data: z.array(SwappedSeat) }),
        example: { data: [{ ticketId: example.ticket.id, seatId: "p-1-2", seat: "Parterre · Row 1 · Seat 2" }] },
      },
    },
    refusals: ["event_state", "ticket_not_seated", "seat_unknown", "seat_repeated", "seat_taken", "overloaded"],
  },
} as const satisfies Record<string, Operation>;
