/** What the document shows. */
import type { AvailabilityChange, AvailabilityState } from "../../shared/contracts/availability";
import type {
  AvailableTicketType,
  EventDraft,
  PublishedEvent,
  Ticket,
  TicketType,
  TicketTypeDraft,
} from "../../shared/contracts/events";
import type { Hold } from "../../shared/contracts/holds";
import type { Pool, PoolDraft, PoolMove } from "../../shared/contracts/pools";

const EVENT_ID = "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f";

export const typeDraft = {
  name: "Standing",
  description: "The floor in front of the stage",
  price: { amount: 2500, currency: "EUR" },
  quantity: 300,
  maxPerOrder: 6,
  saleEnd: "2027-06-01T16:00:00.000Z",
} satisfies TicketTypeDraft;

export const ticketType: TicketType = {
  ...typeDraft,
  id: "0197f3c2-7b1f-7a52-8f0d-6f0e5b1c2d3e",
  eventId: EVENT_ID,
  minPerOrder: 1,
  maxPerOrder: 6,
};

export const eventDraft: EventDraft = {
  organizerId: "0197f3b0-11aa-7d55-b1c4-7a6f5e4d3c2b",
  title: "An evening at the Blue Note",
  description: "Two sets, one break.",
  category: "Jazz",
  startDate: "2027-06-01T18:00:00.000Z",
  endDate: "2027-06-01T21:00:00.000Z",
  timezone: "Europe/Vienna",
  location: {
    venue: "Blue Note",
    address: "Ring 1",
    city: "Vienna",
    country: "AT",
    coordinates: { lat: 48.2, lng: 16.37 },
  },
  capacity: 300,
  settings: { holdSeconds: 600, maxPerPerson: 8 },
  ticketTypes: [typeDraft],
};

export const event = {
  ...eventDraft,
  id: EVENT_ID,
  status: "draft",
  settings: {
    allowWaitlist: false,
    requireApproval: false,
    isPublic: true,
    refundPolicy: "organizer",
    holdSeconds: 600,
    maxHoldSeconds: 1800,
    maxPerPerson: 8,
    refuseOrphanSeats: false,
    offerSeconds: 86_400,
  },
  ticketTypes: [ticketType],
  createdAt: "2027-03-01T09:30:00.000Z",
  updatedAt: "2027-03-01T09:30:00.000Z",
} satisfies PublishedEvent;

export const published = { ...event, status: "published", updatedAt: "2027-03-01T10:00:00.000Z" } satisfies PublishedEvent;

export const available: AvailableTicketType = { ...ticketType, available: 298, reserved: 2, status: "on_sale" };

export const availabilityState: AvailabilityState = {
  type: "state",
  version: 7,
  asOf: "2027-03-02T12:00:00.000Z",
  data: [{ ...ticketType, available: 298, status: "on_sale" }],
};

export const availabilityChange: AvailabilityChange = {
  type: "change",
  version: 8,
  asOf: "2027-03-02T12:00:00.250Z",
  data: [{ id: ticketType.id, available: 296, status: "on_sale" }],
};

export const holdDraft = { items: [{ ticketTypeId: ticketType.id, quantity: 2 }] };

export const hold: Hold = {
  id: "7b0e9a4c-5d0f-8c1e-9d7a-3f2b1c0d4e5f",
  eventId: EVENT_ID,
  expiresAt: "2027-03-02T12:10:00.000Z",
  extendableUntil: "2027-03-02T12:30:00.000Z",
  items: [{ ticketTypeId: ticketType.id, quantity: 2, unitPrice: { amount: 2500, currency: "EUR" } }],
  secret: "bh_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
};

export const extendedHold: Hold = { ...hold, expiresAt: "2027-03-02T12:18:00.000Z" };

export const reacquiredHold: Hold = {
  ...hold,
  items: [{ ticketTypeId: ticketType.id, quantity: 2, unitPrice: { amount: 2800, currency: "EUR" } }],
  repriced: [{ ticketTypeId: ticketType.id, from: { amount: 2500, currency: "EUR" }, to: { amount: 2800, currency: "EUR" } }],
};

export const poolDraft: PoolDraft = { name: "Press", capacity: 20, kind: "allocation" };

export const allocation: Pool = {
  id: "0197f3c2-7b20-7c11-9a2b-8d7e6f5a4b3c",
  name: "Press",
  kind: "allocation",
  capacity: 20,
  withinPoolIds: [EVENT_ID],
  sold: 0,
  held: 0,
  blocked: 0,
  available: 20,
};

export const pools: Pool[] = [
  {
    id: EVENT_ID,
    name: eventDraft.title,
    kind: "event",
    capacity: 300,
    withinPoolIds: [],
    sold: 120,
    held: 2,
    blocked: 20,
    available: 158,
  },
  {
    id: ticketType.id,
    name: ticketType.name,
    kind: "ticket_type",
    capacity: 300,
    withinPoolIds: [],
    sold: 120,
    held: 2,
    blocked: 0,
    available: 178,
  },
  allocation,
];

export const poolMove: PoolMove = { toPoolId: EVENT_ID, quantity: 5 };

export const ticket: Ticket = {
  id: "0197f3d0-aa10-7e21-b0c1-9f8e7d6c5b4a",
  eventId: EVENT_ID,
  orderId: "0197f3d0-a9f0-7c11-8b2a-1a2b3c4d5e00",
  ticketTypeId: ticketType.id,
  status: "admitted",
  code: "BT1.AQGX88J7HnzDmMTcDAwHOY8Bl_PQqhB-IbDBn459bFtKAAE",
  holder: { name: "Ada Lovelace", email: "ada@bilten.example" },
  createdAt: "2027-03-02T12:03:00.000Z",
};

export const scan = { code: ticket.code, nonce: "gate-2-000417", gate: "North", deviceId: "scanner-2" };
