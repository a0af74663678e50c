/** Somebody waits, has an offer, or waits no more: told once each, while it is so. */
import type { WaitingState } from "../../shared/contracts/waiting";
import type { WaitlistLetter } from "../../shared/contracts/waitlist";
import { waitlistLink } from "../../shared/http/guest-links";
import { readableMoment } from "../../shared/locale/moment";
import type { Env } from "./environment";
import { greetable } from "./greetings";
import { lookOf } from "./look";
import { type Composed, composeEach, type Mail, oneLine, writeMail } from "./mail";
import type { Block } from "./mail-page";
import { type Occasion, occasionsOf, told } from "./occasions";
import { type Tongue, tongueOf } from "./words";

const OCCASIONS = ["joined", "offered", "ended"] as const;
export type WaitlistOccasion = (typeof OCCASIONS)[number];

/** The states in which an entry must still be for the mail to say the truth. */
const WANTED: Record<WaitlistOccasion, readonly WaitingState[]> = {
  joined: ["unconfirmed", "waiting"],
  offered: ["offered"],
  ended: ["ended"],
};

interface Owed {
  eventId: string;
  entryId: string;
  occasion: WaitlistOccasion;
}

/** By which the mail is owed once: an entry is found by its event's object alone. */
export const waitlistMailId = ({ eventId, entryId, occasion }: Owed): string => `${eventId}/${entryId}/${occasion}`;

function owedOf(sourceId: string): Owed {
  const [eventId = "", entryId = "", name] = sourceId.split("/");
  const occasion = OCCASIONS.find((known) => known === name);
  if (occasion === undefined) throw new Error(`no mail can be written of ${sourceId}`);
  return { eventId, entryId, occasion };
}

export function composeWaitlistMail(
  occasion: WaitlistOccasion,
  { entry, email, name, language, secret }: WaitlistLetter,
  about: Occasion,
): Promise<Mail> {
  const { organizer, brand, siteOrigin } = about;
  const tongue = tongueOf(language);
  const { words } = tongue;
  const title = oneLine(about.event.title);
  const url = waitlistLink(siteOrigin, entry.eventId, entry.id, secret);
  const said =
    occasion === "ended" ? endedBlocks(title, about, tongue) : openBlocks(occasion, { entry, title, url, about, tongue });
  const subjects = {
    joined: entry.state === "unconfirmed" ? words.waitlist.confirmSubject : words.waitlist.joinedSubject,
    offered: words.waitlist.offeredSubject,
    ended: words.waitlist.endedSubject,
  };
  return writeMail({
    to: email,
    tongue,
    look: lookOf(organizer.name, brand, tongue),
    subject: subjects[occasion](title),
    blocks: [text(words.hello(name === null ? null : greetable(name))), ...said],
    data: { type: `waitlist_${occasion}`, token: secret },
  });
}

const text = (line: string): Block => ({ kind: "text", text: line });

interface Open {
  entry: WaitlistLetter["entry"];
  title: string;
  url: string;
  about: Occasion;
  tongue: Tongue;
}

function openBlocks(occasion: "joined" | "offered", { entry, title, url, about, tongue }: Open): Block[] {
  const { words, locale } = tongue;
  const { waitlist } = words;
  const asks = [oneLine(about.organizer.name), title, entry.quantity] as const;
  if (entry.state === "unconfirmed")
    return [text(waitlist.asked(...asks)), text(waitlist.confirm), { kind: "link", label: waitlist.takePlace, url }];
  if (occasion === "joined")
    return [
      text(waitlist.joined(...asks)),
      text(waitlist.whatNow),
      text(waitlist.notYou),
      { kind: "link", label: waitlist.look, url },
    ];
  const offer = told(entry.offer ?? undefined, `the offer of entry ${entry.id}`);
  const seats = (offer.seats ?? []).map(({ label }) => oneLine(label));
  return [
    text(waitlist.offered(title)),
    { kind: "lines", lines: [waitlist.line(offer.quantity, oneLine(offer.name)), ...seats] },
    text(waitlist.until(readableMoment(offer.expiresAt, about.event.timezone, locale))),
    { kind: "link", label: waitlist.take, url },
    text(waitlist.declining),
  ];
}

const endedBlocks = (title: string, { event, organizer }: Occasion, { words }: Tongue): Block[] => [
  text(event.status === "cancelled" ? words.waitlist.cancelled(oneLine(organizer.name), title) : words.waitlist.full(title)),
];

/** One question to each owner for all of them. What has become something else meanwhile is told otherwise. */
export async function waitlistMails(env: Env, sourceIds: string[]): Promise<Composed> {
  const owed = sourceIds.map(owedOf);
  const letters = await env.EVENTS.waitlistLetters(owed.map(({ eventId, entryId }) => ({ eventId, entryId })));
  const letterOf = new Map(sourceIds.map((id, nth) => [id, letters[nth] ?? null]));
  const wanted = owed.flatMap((mail, nth) => {
    const letter = letters[nth] ?? null;
    return letter !== null && WANTED[mail.occasion].includes(letter.entry.state) ? [aboutOf(letter)] : [];
  });
  const occasionOf = await occasionsOf(env, wanted);
  const unneeded: string[] = [];
  const composed = await composeEach(
    sourceIds,
    (id) => id,
    async (id) => {
      const { occasion } = owedOf(id);
      const letter = letterOf.get(id) ?? null;
      if (letter !== null && WANTED[occasion].includes(letter.entry.state))
        return composeWaitlistMail(occasion, letter, occasionOf(aboutOf(letter)));
      unneeded.push(id);
      return null;
    },
  );
  return { ...composed, unneeded };
}

const aboutOf = ({ entry, organizerId }: WaitlistLetter) => ({ eventId: entry.eventId, organizerId });
