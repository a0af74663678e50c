/** What everybody may see of an event's seats, at most a second old: as JSON, or as a picture. */
import { toTimestamp } from "../../shared/contracts/ids";
import type { Principal } from "../../shared/contracts/principal";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import type { CompiledSeatMap, SeatStates } from "../../shared/contracts/seats";
import { sha256 } from "../../shared/crypto/bytes";
import type { Language } from "../../shared/locale/languages";
import type { Env } from "./environment";
import { readEvent } from "./event-reads";
import { askInventory } from "./inventory";
import { isInsiderOf } from "./members";
import { drawSeats } from "./seat-drawing";
import { LEGEND_WORDS } from "./seat-legend";
import { readSeatMap } from "./seat-maps";
import { eventSeatsJson } from "./seat-views";

const SNAPSHOT_MS = 1_000;
const MAX_SNAPSHOTS = 100;
/** Answers' letters that an isolate remembers together; a 60,000-seat map's JSON has four million. */
const MAX_REMEMBERED_LETTERS = 20_000_000;

interface Snapshot extends Omit<SeatStates, "asOfMs"> {
  asOf: string;
  /** Names the states, so that a reader who knows them need not hear them again. */
  digest: string;
  untilMs: number;
  answers: Map<string, string>;
}
const snapshots = new Map<string, Snapshot>();

export interface SeatsAsked {
  eventId: string;
  format: "json" | "svg";
  sectionId: string | null;
  language: Language;
}

export interface SeatsAnswer {
  body: string;
  etag: string;
  /** True when everybody gets the same, so that a cache may keep it. */
  known: boolean;
}

type NoSeats = Refusal<"event_not_found" | "seat_map_not_found">;

/** After a change by this isolate's own hand. */
export const forgetSeats = (eventId: string): void => void snapshots.delete(eventId);

export async function readSeats(env: Env, principal: Principal, asked: SeatsAsked): Promise<Result<SeatsAnswer, NoSeats>> {
  const { eventId, format, sectionId, language } = asked;
  const read = await snapshotOf(env, principal, eventId);
  if (!read.ok) return read;
  const snapshot = read.value;
  const map = await readSeatMap(env, snapshot.seatMapId);
  if (!map || (sectionId !== null && !map.sections.some(({ id }) => id === sectionId)))
    return refuse({ code: "seat_map_not_found", detail: "The event's seat map has no such section." });
  const name = [format, format === "svg" ? language : "", encodeURIComponent(sectionId ?? "")].join("/");
  const rendered = snapshot.answers.get(name) ?? render(map, snapshot, asked);
  rememberAnswer(snapshot, name, rendered);
  const body = format === "json" ? `{"asOf":"${snapshot.asOf}",${rendered.slice(1)}` : rendered;
  return ok({ body, etag: `W/"${snapshot.digest}-${name}"`, known: snapshot.isPublic });
}

const render = (
  map: CompiledSeatMap,
  { states, releasedCompanions }: Snapshot,
  { eventId, format, sectionId, language }: SeatsAsked,
): string =>
  format === "json"
    ? eventSeatsJson(map, eventId, states, sectionId, releasedCompanions)
    : drawSeats(map, { title: LEGEND_WORDS[language].seats, language, states, sectionId });

function rememberAnswer(snapshot: Snapshot, name: string, body: string): void {
  let letters = body.length;
  for (const other of snapshots.values()) for (const answer of other.answers.values()) letters += answer.length;
  if (letters > MAX_REMEMBERED_LETTERS) for (const other of snapshots.values()) other.answers.clear();
  snapshot.answers.set(name, body);
}

async function snapshotOf(env: Env, principal: Principal, eventId: string): Promise<Result<Snapshot, NoSeats>> {
  const nowMs = Date.now();
  const remembered = snapshots.get(eventId);
  const snapshot = remembered && remembered.untilMs > nowMs ? ok(remembered) : await askAnew(env, eventId, nowMs);
  if (!snapshot.ok)
    return snapshot.error.code === "event_not_found" ? planned(env, principal, eventId) : hide(env, principal, eventId, snapshot);
  return snapshot.value.isPublic || (await isInsiderOf(env, principal, eventId)) ? snapshot : refuse({ code: "event_not_found" });
}

/** That an event has no seats is told to those who may know of it. */
async function hide(env: Env, principal: Principal, eventId: string, answer: { ok: false; error: NoSeats }) {
  const readable = await readEvent(env, principal, eventId);
  return readable.ok ? answer : readable;
}

async function askAnew(env: Env, eventId: string, nowMs: number): Promise<Result<Snapshot, NoSeats>> {
  const answer = await askInventory(env, eventId, (inventory) => inventory.seatStates());
  if (!answer.ok) return answer;
  if (answer.value === null) return refuse({ code: "seat_map_not_found", detail: "The event has no seats." });
  const before = snapshots.get(eventId);
  const { asOfMs, ...standing } = answer.value;
  const digest = await digestOf(standing.seatMapId, standing.states, standing.releasedCompanions);
  const asOf = toTimestamp(asOfMs);
  // What says the same is rendered once, however long nobody buys.
  const answers = before?.digest === digest ? before.answers : new Map<string, string>();
  const snapshot = { ...standing, asOf, digest, untilMs: nowMs + SNAPSHOT_MS, answers };
  if (snapshots.size >= MAX_SNAPSHOTS) snapshots.clear();
  snapshots.set(eventId, snapshot);
  return ok(snapshot);
}

/** A draft's, for those who plan it: every seat is free, and nobody else sees it. */
async function planned(env: Env, principal: Principal, eventId: string): Promise<Result<Snapshot, NoSeats>> {
  if (principal.kind === "anonymous") return refuse({ code: "event_not_found" });
  const read = await readEvent(env, principal, eventId);
  if (!read.ok) return read;
  const { seatMapId, organizerId } = read.value.event;
  const map = seatMapId === null ? null : await readSeatMap(env, seatMapId);
  if (!map) return refuse({ code: "seat_map_not_found", detail: "The event has no seats." });
  const states = map.segments.map(({ seats }) => "f".repeat(seats.length));
  const digest = await digestOf(map.id, states);
  const asOf = toTimestamp(Date.now());
  return ok({ isPublic: false, organizerId, seatMapId: map.id, states, asOf, digest, untilMs: 0, answers: new Map() });
}

const digestOf = async (seatMapId: string, states: readonly string[], released: readonly string[] = []): Promise<string> =>
  (await sha256([seatMapId, ...states, ...released].join(" "))).slice(0, 32);
