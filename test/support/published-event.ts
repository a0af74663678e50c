import type { PublishedEvent } from "../../shared/contracts/events";

/** An event as events answers it, for tests that run without that Worker. */
export const publishedEvent = (change: Partial<PublishedEvent> = {}): PublishedEvent => ({
  id: "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f",
  organizerId: "0197f3c2-1a2b-7d3c-8e4f-0a1b2c3d4e5f",
  title: "An evening at the Blue Note",
  description: "Two sets, one break.",
  category: "Jazz",
  startDate: "2027-06-05T17:30:00.000Z",
  endDate: "2027-06-05T21:00:00.000Z",
  timezone: "Europe/Vienna",
  location: { venue: "Blue Note", address: "Ring 1", city: "Vienna", country: "AT", coordinates: { lat: 48.2, lng: 16.37 } },
  capacity: 50,
  status: "published",
  settings: { allowWaitlist: false, requireApproval: false, isPublic: true, refundPolicy: "organizer", holdSeconds: 600 },
  ticketTypes: [],
  createdAt: "2027-03-01T09:30:00.000Z",
  updatedAt: "2027-03-01T09:30:00.000Z",
  ...change,
});
