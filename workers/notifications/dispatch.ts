/** Writes and sends what is due, as much as one invocation may. */
import { reportError } from "../../shared/observability/report";
import { accountMails } from "./account-mails";
import { cancellationMails } from "./cancellation-mails";
import { CLAIM_LIMIT, claimDue, type Delivery, kindsDue, pause, settle } from "./deliveries";
import { SEND_LIMIT_MS } from "./email-service";
import type { Env } from "./environment";
import { expiryMails } from "./expiry-mails";
import { invitationMails } from "./invitation-mails";
import type { Composed, Mail } from "./mail";
import { type MailSender, mailSenderOf } from "./mail-sender";
import { moveMails } from "./move-mails";
import { OCCASION_QUESTIONS } from "./occasions";
import { orderConfirmations } from "./order-confirmations";
import { refundMails } from "./refund-mails";
import type { DeliveryType } from "./schema";
import { seatMails } from "./seat-mails";
import { waitlistMails } from "./waitlist-mails";

/** What a dispatch may ask of siblings, also beside the sweep that it may be part of. */
const MAX_QUESTIONS = 20;
/** After this it takes up no more. */
const DISPATCH_MS = 20_000;
/** The pieces in which it sends: each is settled before the next leaves. */
const PIECE = 6;
/** Nothing is sent so shortly before somebody else may take it up: by then the carrier has answered, and the answer is written down. */
const LEASE_MARGIN_MS = SEND_LIMIT_MS + 10_000;

interface Kind {
  compose: (env: Env, sourceIds: string[]) => Promise<Composed>;
  /** What it asks of siblings, however many are due. */
  questions: number;
}

export const KINDS: Record<DeliveryType, Kind> = {
  account_mail: { compose: accountMails, questions: 2 },
  invitation_mail: { compose: invitationMails, questions: 1 },
  order_confirmation: { compose: orderConfirmations, questions: 2 + OCCASION_QUESTIONS },
  refund_mail: { compose: refundMails, questions: 2 + OCCASION_QUESTIONS },
  order_expiry: { compose: expiryMails, questions: 1 + OCCASION_QUESTIONS },
  waitlist_mail: { compose: waitlistMails, questions: 1 + OCCASION_QUESTIONS },
  event_cancellation: { compose: cancellationMails, questions: 1 + OCCASION_QUESTIONS },
  seat_change: { compose: seatMails, questions: 2 + OCCASION_QUESTIONS },
  event_move: { compose: moveMails, questions: 3 + OCCASION_QUESTIONS },
};

/** The questions that one invocation may still ask. */
class Allowance {
  #left = MAX_QUESTIONS;

  allows(type: DeliveryType): boolean {
    return KINDS[type].questions <= this.#left;
  }

  take(type: DeliveryType): void {
    this.#left -= KINDS[type].questions;
  }
}

interface Dispatch {
  env: Env;
  sender: MailSender;
  allowance: Allowance;
  report: (error: unknown) => void;
}

interface Written {
  outgoing: { key: string; mail: Mail; leasedUntilMs: number }[];
  dropped: Delivery[];
  /** Not written, and so not sent by anybody. */
  open: Delivery[];
}

/**
 * Composes what is due of one kind. Where all of it fails at once, it may be for the sake of one: the halves are tried by themselves, and
 * theirs, as far as the allowance goes.
 */
async function compose({ env, allowance, report }: Dispatch, type: DeliveryType, due: Delivery[]): Promise<Written> {
  const written: Written = { outgoing: [], dropped: [], open: [] };
  const parts = [due];
  for (let part = parts.shift(); part; part = parts.shift()) {
    if (!allowance.allows(type)) {
      written.open.push(...part);
      continue;
    }
    allowance.take(type);
    try {
      const { mails, unneeded, failures } = await KINDS[type].compose(
        env,
        part.map(({ sourceId }) => sourceId),
      );
      failures.forEach(report);
      for (const delivery of part) {
        const mail = mails.get(delivery.sourceId);
        if (mail) written.outgoing.push({ key: delivery.id, mail, leasedUntilMs: delivery.dueAtMs });
        else (unneeded.includes(delivery.sourceId) ? written.dropped : written.open).push(delivery);
      }
    } catch (error) {
      report(error);
      const half = Math.ceil(part.length / 2);
      if (part.length > 1) parts.push(part.slice(0, half), part.slice(half));
      else written.open.push(...part);
    }
  }
  return written;
}

/** Settles what it can. Whoever is cut off has sent at most one piece that will be sent again. */
async function deliver(dispatch: Dispatch, type: DeliveryType, due: Delivery[]): Promise<number> {
  const { env, sender, report } = dispatch;
  const { outgoing, dropped, open } = await compose(dispatch, type, due);
  await pause(env.DB, open, Date.now());
  let settled = await settle(
    env.DB,
    dropped.map(({ id }) => id),
    "dropped",
  );
  for (let first = 0; first < outgoing.length; first += PIECE) {
    const piece = outgoing
      .slice(first, first + PIECE)
      .filter(({ leasedUntilMs }) => leasedUntilMs - LEASE_MARGIN_MS > Date.now());
    const { sent, refused, failures } = await sender.send(piece);
    failures.forEach(report);
    settled += (await settle(env.DB, sent, "sent")) + (await settle(env.DB, refused, "parked"));
  }
  return settled;
}

export interface Dispatched {
  settled: number;
  /** Its bounds left over what may be due. */
  isCutShort: boolean;
}

/**
 * Composes and sends what is due, oldest first, as much as one invocation may. `waitedMs`: nothing that is due for a shorter time.
 * Without a carrier nothing is settled.
 */
export async function dispatch(env: Env, ctx: Pick<ExecutionContext, "waitUntil">, waitedMs = 0): Promise<Dispatched> {
  const sender = mailSenderOf(env);
  const done = { settled: 0, isCutShort: false };
  if (!sender) return done;
  const untilMs = Date.now() + DISPATCH_MS;
  const allowance = new Allowance();
  const settleSome = async (type: DeliveryType): Promise<number> => {
    if (!allowance.allows(type) || Date.now() > untilMs) {
      done.isCutShort = true;
      return 0;
    }
    const due = await claimDue(env.DB, type, Date.now(), waitedMs);
    if (due.length === 0) return 0;
    const report = (error: unknown) => reportError(error, env, ctx, { task: `deliver ${type}` });
    done.settled += await deliver({ env, sender, allowance, report }, type, due).catch((error: unknown) => {
      report(error);
      return 0;
    });
    return due.length;
  };
  let open = await kindsDue(env.DB, Object.keys(KINDS) as DeliveryType[], Date.now() - waitedMs);
  if (open.includes("account_mail")) open = ["account_mail", ...open.filter((type) => type !== "account_mail")];
  // Each kind in turn, so that a rush of one holds up none of the others, and who waits to sign in waits for no rush at all.
  while (open.length > 0) {
    const full: DeliveryType[] = [];
    for (const type of open) {
      const taken = await settleSome(type);
      if (taken === CLAIM_LIMIT) full.push(type);
      if (taken > 0 && type !== "account_mail") await settleSome("account_mail");
    }
    open = full;
  }
  return done;
}

/** Returns how many were settled. */
export const dispatchDue = async (...asked: Parameters<typeof dispatch>): Promise<number> => (await dispatch(...asked)).settled;
