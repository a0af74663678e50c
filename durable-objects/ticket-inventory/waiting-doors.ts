/** The object's doors for those who wait (`WaitingInventoryRpc`), and what its alarm does for them. */
import { ok } from "../../shared/contracts/result";
import type { WaitingEntry, WaitingInventoryRpc, WaitingQuestion, WaitingRequest } from "../../shared/contracts/waiting";
import type { Commands } from "./commands";
import type { Terms } from "./event";
import * as entries from "./waiting-entries";
import { eraseAddresses, nextErasureMs } from "./waiting-erasure";
import * as joins from "./waiting-joins";
import { announceEntry } from "./waiting-offers";

export class WaitingDoors implements WaitingInventoryRpc {
  readonly #sql: SqlStorage;
  readonly #commands: Commands;

  constructor(sql: SqlStorage, commands: Commands) {
    this.#sql = sql;
    this.#commands = commands;
  }

  /** The answer says what the list came to at once: where there is enough nobody waits. */
  joinWaitlist(request: WaitingRequest) {
    return this.#commands.write((terms, nowMs) => {
      const joined = joins.join(this.#sql, terms, request, nowMs);
      if (!joined.ok) return joined;
      const entry = this.#look(terms, request.entryId, nowMs);
      if (entry.state === "waiting" || entry.state === "unconfirmed")
        announceEntry(this.#sql, terms, "waitlist.joined", request.entryId, nowMs);
      return ok(entry);
    });
  }

  confirmWaiting(entryId: string) {
    return this.#commands.write((terms, nowMs) => {
      const confirmed = joins.confirm(this.#sql, terms, entryId, nowMs);
      if (!confirmed.ok) return confirmed;
      return confirmed.value ? ok(this.#look(terms, entryId, nowMs)) : entries.readEntry(this.#sql, terms, entryId, nowMs);
    });
  }

  /** Whether it is his turn at once who has just come. */
  #look(terms: Terms, entryId: string, nowMs: number): WaitingEntry {
    const { waiting } = this.#commands;
    waiting.stir();
    waiting.look(nowMs, entryId);
    const entry = entries.readEntry(this.#sql, terms, entryId, nowMs);
    if (!entry.ok) throw new Error("an entry that was just written is not there");
    return entry.value;
  }

  waitingEntry(entryId: string) {
    return this.#commands.read((terms, nowMs) => entries.readEntry(this.#sql, terms, entryId, nowMs));
  }

  waitingEntries(question: WaitingQuestion) {
    return this.#commands.read((terms, nowMs) => ok(entries.listEntries(this.#sql, terms, question, nowMs)));
  }

  /** For the alarm: some of the addresses that are to go by now, and nothing where none is. */
  async forgetAddresses(): Promise<void> {
    if ((nextErasureMs(this.#sql) ?? Number.POSITIVE_INFINITY) > Date.now()) return;
    await this.#commands.run((nowMs) => ok(eraseAddresses(this.#sql, nowMs)));
  }

  leaveWaitlist(entryId: string) {
    return this.#commands.write((terms, nowMs) => entries.leave(this.#sql, terms, entryId, nowMs));
  }

  acceptOffer(entryId: string) {
    return this.#commands.write((terms, nowMs) => entries.accept(this.#sql, terms, entryId, nowMs));
  }

  declineOffer(entryId: string) {
    return this.#commands.write((terms, nowMs) => entries.decline(this.#sql, terms, entryId, nowMs));
  }
}
