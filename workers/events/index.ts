import { WorkerEntrypoint } from "cloudflare:workers";
import type { EventsRpc, PublicEventsPage } from "../../shared/contracts/events-rpc";
import type { PlainHold } from "../../shared/contracts/holds";
import type { ClaimRequest, ConfirmRequest } from "../../shared/contracts/inventory";
import type { WaitlistGuest } from "../../shared/contracts/waitlist";
import { serve } from "../../shared/http/app";
import { openapiOf } from "../../shared/http/operation";
import { formerAppointmentsOf } from "./appointments";
import { eventsWithoutTickets, readSnapshot } from "./availability";
import { announcedEventsAfter, eventsById, publicEventsOf } from "./event-lists";
import { placePlainHold } from "./hold-door";
import { askInventory } from "./inventory";
import * as stock from "./order-stock";
import { app } from "./routes";
import { sweep } from "./sweep";
import * as waitingList from "./waiting-list";

export { AvailabilityFeed } from "../../durable-objects/availability-feed";
export { TicketInventory } from "../../durable-objects/ticket-inventory";

/** For sibling Workers. Not reachable from the internet. */
export class EventsService extends WorkerEntrypoint<EventsEnv> implements EventsRpc {
  async ping() {
    return "ok" as const;
  }

  openapi() {
    return openapiOf(app);
  }

  sweep() {
    return sweep(this.env, this.ctx);
  }

  placePlainHold(request: PlainHold) {
    return placePlainHold(this.env, this.ctx, request);
  }

  claimHold(request: ClaimRequest) {
    return stock.claimHold(this.env, request);
  }

  extendOrder(eventId: string, orderId: string, untilMs: number) {
    return askInventory(this.env, eventId, (inventory) => inventory.extend(orderId, untilMs));
  }

  confirmOrder(request: ConfirmRequest) {
    return stock.confirmOrder(this.env, request);
  }

  confirmOrders(eventId: string, requests: ConfirmRequest[]) {
    return askInventory(this.env, eventId, (inventory) => inventory.confirmMany(requests));
  }

  releaseOrder(eventId: string, orderId: string, reason: string) {
    return askInventory(this.env, eventId, (inventory) => inventory.release(orderId, reason));
  }

  releaseOrders(eventId: string, orderIds: string[], reason: string) {
    return askInventory(this.env, eventId, (inventory) => inventory.releaseMany(orderIds, reason));
  }

  voidTickets(eventId: string, orderId: string, ticketIds: string[] | null) {
    return stock.voidTickets(this.env, eventId, orderId, ticketIds);
  }

  voidOrders(eventId: string, orderIds: string[]) {
    return askInventory(this.env, eventId, (inventory) => inventory.voidMany(orderIds));
  }

  ticketsOf(eventId: string, orderId: string) {
    return stock.ticketsOf(this.env, eventId, orderId);
  }

  ticketsOfOrders(orders: { eventId: string; orderId: string }[]) {
    return stock.ticketsOfOrders(this.env, this.ctx, orders);
  }

  events(ids: string[]) {
    return eventsById(this.env, ids);
  }

  formerAppointments(eventIds: string[]) {
    return formerAppointmentsOf(this.env, eventIds);
  }

  announcedEvents(afterId: string) {
    return announcedEventsAfter(this.env, afterId);
  }

  waitlistLetters(asked: { eventId: string; entryId: string }[]) {
    return waitingList.lettersOf(this.env, asked);
  }

  joinWaitlistAsGuest(eventId: string, guest: WaitlistGuest) {
    return waitingList.joinAsGuest(this.env, eventId, guest);
  }

  availability(eventId: string) {
    return readSnapshot(this.env, { kind: "anonymous" }, eventId);
  }

  eventsWithoutTickets(ids: string[]) {
    return eventsWithoutTickets(this.env, ids);
  }

  publicEvents(organizerId: string, page?: PublicEventsPage) {
    return publicEventsOf(this.env, organizerId, page);
  }
}

export default { fetch: serve(app) } satisfies ExportedHandler<EventsEnv>;
