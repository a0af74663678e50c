/** The domain's pages in the OpenAPI document. */
import type { Operation } from "../../shared/http/operation";
import { type FoundEvent, FoundEvents } from "./search";

const found: FoundEvent = {
  id: "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f",
  organizerId: "0197f3c2-1a2b-7d3c-8e4f-0a1b2c3d4e5f",
  title: "An evening at the Blue Note",
  description: "Two sets, one break.",
  category: "Jazz",
  startDate: "2027-06-05T17:30:00.000Z",
  endDate: "2027-06-05T21:00:00.000Z",
  timezone: "Europe/Vienna",
  location: {
    venue: "Blue Note",
    address: "Ring 1",
    city: "Vienna",
    country: "AT",
    coordinates: { lat: 48.2, lng: 16.37 },
  },
  capacity: 50,
  status: "published",
  settings: { allowWaitlist: false, requireApproval: false, isPublic: true, refundPolicy: "organizer", holdSeconds: 600 },
  ticketTypes: [],
  createdAt: "2027-03-01T09:30:00.000Z",
  updatedAt: "2027-03-01T09:30:00.000Z",
  distanceKm: 1.204,
};

const page = {
  description:
    "Published public events that fit every filter given: the best match first where words are asked for, else the nearest where `near` is given, and then the soonest. Words match whole or by their beginning, without case and accents. A change of an event is found within seconds; one that is cancelled, completed or made private is lost as soon.",
  tags: ["search"],
  answers: {
    200: { description: "A page of events", schema: FoundEvents, example: { data: [found], nextCursor: null } },
  },
  refusals: ["invalid_cursor"],
} as const satisfies Partial<Operation>;

export const operations = {
  search: { operationId: "search", summary: "Find what is on", ...page },
  searchEvents: { operationId: "searchEvents", summary: "Find events", ...page },
} as const satisfies Record<string, Operation>;
