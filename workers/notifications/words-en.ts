/** What mails and tickets say in English. Names, titles and sums come in as arguments; nothing here is markup. */
import type { InvitationMail, MemberRole } from "../../shared/contracts/organizers";
import type { Moved } from "./move-mails";

const ROLES: Record<MemberRole, string> = {
  owner: "as an owner",
  manager: "as a manager",
  finance: "for orders and money",
  marketing: "for events and how they look",
  door: "at the door",
};

type Invited = Pick<InvitationMail, "organizerName" | "inviterName" | "role">;

/** "date and place" */
const thingsOf = ({ when, where }: Moved): string =>
  [...(when === null ? [] : [when]), ...(where ? ["place"] : [])].join(" and ");

export const en = {
  hello: (name: string | null) => (name === null ? "Hello," : `Hello ${name},`),
  order: (id: string) => `Order ${id}`,
  orderAndRefund: (orderId: string, refundId: string) => `Order ${orderId}, refund ${refundId}`,
  openOrder: "Open your order",
  by: (organizer: string) => `${organizer}. Tickets by Bilten.`,
  total: (sum: string) => `Total: ${sum}`,
  discount: (sum: string) => `Discount: ${sum}`,
  fees: (sum: string) => `Fees: ${sum}`,
  tax: (sum: string) => `Tax: ${sum}`,
  confirmation: {
    subject: (title: string) => `Your tickets for ${title}`,
    opening: (organizer: string, title: string) => `${organizer} confirms your order for ${title}.`,
    /** Null: it costs nothing. */
    line: (quantity: number, name: string, price: string | null) =>
      `${quantity} × ${name}, ${price === null ? "free" : `${price}${quantity === 1 ? "" : " each"}`}`,
    ticket: (number: number, of: number, type: string) => `Ticket ${number} of ${of}: ${type}`,
    qr: (number: number, type: string) => `QR code of ticket ${number}, ${type}`,
    code: (code: string) => `Code: ${code}`,
    atTheDoor: "Show the QR code at the door, on your phone or on paper. It admits once: keep it to yourself.",
    attached: "Attached are your tickets to print and for your phone, and the date for your calendar.",
    more: (count: number) => `${count} more ${count === 1 ? "ticket stands" : "tickets stand"} on your order's page.`,
    moreInFiles: (count: number) => `${count} more ${count === 1 ? "is" : "are"} in the attached files.`,
    noTickets: "The tickets of this order are no longer valid.",
  },
  refund: {
    subject: (title: string) => `Your refund for ${title}`,
    eventCancelled: (title: string, sum: string) => `${title} was cancelled, and ${sum} goes back to you.`,
    requested: (organizer: string, sum: string, title: string) => `${organizer} pays back ${sum} of your order for ${title}.`,
    soldOut: (title: string, sum: string) =>
      `Your payment for ${title} came after your reservation had ended, and the tickets were gone. It goes back in full: ${sum}.`,
    orderEnded: (title: string, sum: string) =>
      `Your payment for ${title} came after your order had ended. It goes back in full: ${sum}.`,
    eventEnded: (title: string, sum: string) =>
      `Your payment for ${title} came after the event was cancelled. It goes back in full: ${sum}.`,
    paidTwice: (title: string, sum: string) =>
      `Your order for ${title} had been paid already when this payment came. It goes back in full: ${sum}.`,
    personLimit: (title: string, sum: string) =>
      `You already have as many tickets for ${title} as one person may. Your payment for this order goes back in full: ${sum}.`,
    notTaken: (title: string, sum: string) =>
      `Your payment for ${title} could not be taken for tickets. It goes back in full: ${sum}.`,
    ticketsInvalid: "Your tickets are no longer valid.",
    noTickets: "You have no tickets by this order.",
    ticketsUntouched: "Your tickets are not affected by it.",
    noneAffected: "None of your tickets is affected by it.",
    voided: (count: number) => (count === 1 ? "This ticket is no longer valid:" : `These ${count} tickets are no longer valid:`),
    calendar: "If you have no other tickets for it, the attached file takes the date out of your calendar.",
    closing: "The money takes the way by which it was paid. Depending on your bank it may be a few days until you see it.",
  },
  cancellation: {
    subject: (title: string) => `${title} is cancelled`,
    opening: (organizer: string, title: string) => `${organizer} had to cancel ${title}. We are sorry.`,
    tickets: "Your tickets are no longer valid.",
    reason: (reason: string) => `The reason: ${reason}`,
    money: "What you paid goes back to you by the way it was paid. A mail of its own tells you when it is on its way.",
    calendar: "The attached file takes the date out of your calendar.",
  },
  move: {
    subject: (title: string, moved: Moved) => `New ${thingsOf(moved)} for ${title}`,
    opening: (organizer: string, title: string, moved: Moved) =>
      `${organizer} has changed the ${thingsOf(moved)} of ${title}. This is when and where it is now:`,
    was: "Before that it was to be:",
    tickets:
      "Your tickets stay valid, and their codes are the same. If you have printed them, you may print them again from your order's page.",
    unable: (organizer: string) => `If you cannot come, please ask ${organizer} what can be done.`,
    calendar: "The attached file changes the entry in your calendar.",
  },
  seats: {
    subject: (title: string) => `New seats for ${title}`,
    opening: (organizer: string, title: string) => `${organizer} has given you other seats for ${title}:`,
    /** Null: the seat that was bought. */
    line: (ticket: string, seat: string, bought: string | null) =>
      bought === null ? `${ticket}, ${seat}` : `${ticket}, ${seat} instead of ${bought}`,
    tickets:
      "Attached are your tickets with the seats as they are now. Their codes are the same, so tickets that you already have open the door too.",
  },
  expiry: {
    subject: (title: string) => `Your reservation for ${title} has ended`,
    opening: (title: string) =>
      `You began to order tickets for ${title}, but no payment came before your reservation ended. The tickets are free again.`,
    money:
      "As far as we know nothing was taken from you. Should a payment come after all, you get the tickets if they are still there, or your money back in full.",
    again: "See what is left",
  },
  waitlist: {
    confirmSubject: (title: string) => `Please confirm: the waiting list for ${title}`,
    asked: (organizer: string, title: string, quantity: number) =>
      `Somebody has named this address for the waiting list of ${organizer} for ${title}: ${quantity} ${quantity === 1 ? "ticket" : "tickets"}.`,
    confirm:
      "Open this link and confirm there that you want to wait. Before that you are not on the list. If it was not you, do nothing.",
    takePlace: "Take my place on the list",
    joinedSubject: (title: string) => `You are on the waiting list for ${title}`,
    joined: (organizer: string, title: string, quantity: number) =>
      `${organizer} has put you on the waiting list for ${title}: ${quantity} ${quantity === 1 ? "ticket" : "tickets"}.`,
    whatNow:
      "As soon as tickets come back and it is your turn, we hold them for you and write to you. Nobody who came after you is served before you.",
    notYou: "If it was not you who asked for this, or you no longer want tickets, leave the list by this link.",
    look: "Your place on the list",
    offeredSubject: (title: string) => `Tickets for ${title} are held for you`,
    offered: (title: string) => `It is your turn: tickets for ${title} came back, and they are held for you.`,
    line: (quantity: number, name: string) => `${quantity} × ${name}`,
    until: (moment: string) => `They are yours to order until ${moment}. After that they go to the next on the list.`,
    declining: "If you no longer want them, please decline there: somebody else is waiting.",
    take: "Accept or decline",
    endedSubject: (title: string) => `The waiting list for ${title} has ended`,
    cancelled: (organizer: string, title: string) =>
      `${organizer} had to cancel ${title}. We are sorry: you are no longer on the waiting list.`,
    full: (title: string) =>
      `You are no longer on the waiting list for ${title}: it was closed, what you waited for is not sold any more, or you already have as many tickets as one person may.`,
  },
  /** Of what was done with an account. */
  done: (moment: string, device: string | null, place: string | null) =>
    `When: ${moment}.${device === null ? "" : ` Device: ${device}.`}${place === null ? "" : ` Place, roughly: ${place}.`}`,
  account: {
    verification: {
      subject: "Confirm your e-mail address",
      sentences: [
        "Somebody, we hope you, opened an account at Bilten with this address. Please confirm that it is yours.",
        "If you did not do that just now, do nothing: a click would open the account to whoever did.",
      ],
      link: "Confirm this address",
    },
    already_registered: {
      subject: "You already have an account",
      sentences: [
        "Somebody, perhaps you, tried to open an account at Bilten with this address. There is one already, and nothing was changed.",
        "If you forgot your password, ask for a new one where you log in.",
      ],
      link: "",
    },
    password_reset: {
      subject: "Choose a new password",
      sentences: ["Somebody, we hope you, asked for a new password for your account at Bilten. If it was not you, do nothing."],
      link: "Choose a new password",
    },
    password_changed: {
      subject: "Your password was changed",
      sentences: [
        "The password of your account at Bilten was just changed, and other devices were signed out.",
        "If it was not you, ask for a new password at once where you log in.",
      ],
      link: "",
    },
    factors_changed: {
      subject: "How you sign in was changed",
      sentences: [
        "A passkey, the authenticator app or the recovery codes of your account at Bilten were just changed.",
        "If it was not you, ask for a new password at once where you log in, and look through your passkeys.",
      ],
      link: "",
    },
    totp_added: {
      subject: "An authenticator app was added",
      sentences: [
        "An authenticator app was just added to your account at Bilten. From now on signing in asks for one of its codes.",
        "If it was not you, ask for a new password at once where you log in, and look through your passkeys.",
      ],
      link: "",
    },
    totp_removed: {
      subject: "The authenticator app was removed",
      sentences: [
        "The authenticator app was just removed from your account at Bilten. Signing in no longer asks for its codes.",
        "If it was not you, ask for a new password at once where you log in, and look through your passkeys.",
      ],
      link: "",
    },
    passkey_added: {
      subject: "A passkey was added",
      sentences: [
        "A passkey was just added to your account at Bilten. Whoever has it can sign in with it.",
        "If it was not you, ask for a new password at once where you log in, and look through your passkeys.",
      ],
      link: "",
    },
    passkey_removed: {
      subject: "A passkey was removed",
      sentences: [
        "A passkey was just removed from your account at Bilten. It no longer opens your account.",
        "If it was not you, ask for a new password at once where you log in, and look through your passkeys.",
      ],
      link: "",
    },
    recovery_code_used: {
      subject: "A recovery code was used",
      sentences: [
        "A recovery code of your account at Bilten was just used. It does not work again.",
        "You can make new ones where you manage how you sign in.",
        "If it was not you, ask for a new password at once where you log in, and look through your passkeys.",
      ],
      link: "",
    },
    recovery_codes_renewed: {
      subject: "You have new recovery codes",
      sentences: [
        "New recovery codes were just made for your account at Bilten. The older ones no longer work.",
        "If it was not you, ask for a new password at once where you log in, and look through your passkeys.",
      ],
      link: "",
    },
    second_factor_locked: {
      subject: "Somebody tried wrong codes at your account",
      sentences: [
        "Ten wrong codes in a row were typed for your account at Bilten. For a while it takes none of your app; passkeys and recovery codes go on working.",
        "Whoever did that knew your password or was signed in already.",
        "If it was not you, ask for a new password at once where you log in: it signs out every device.",
      ],
      link: "",
    },
    api_key_created: {
      subject: "An API key was made",
      sentences: [
        "An API key was just made in your account at Bilten. Programs that have it act for you in your teams, as far as its scopes go.",
        "If it was not you, end the key among your API keys, and ask for a new password at once where you log in.",
      ],
      link: "",
    },
    api_key_rotated: {
      subject: "An API key was replaced",
      sentences: [
        "An API key of your account at Bilten was just replaced by a new one. The old one goes on for a while, a week at most.",
        "If it was not you, end both among your API keys, and ask for a new password at once where you log in.",
      ],
      link: "",
    },
    unlock: {
      subject: "Unlock your account",
      sentences: [
        "After too many wrong passwords your account at Bilten is locked for a while. If it was you, you can unlock it now.",
        "If it was not you, do nothing: nobody got in.",
      ],
      link: "Unlock the account",
    },
    new_device: {
      subject: "A new device signed in",
      sentences: [
        "Somebody, we hope you, just signed in to your account at Bilten from a device or a country that we do not know yet.",
        "If it was not you, ask for a new password at once where you log in: it signs out every device.",
      ],
      link: "",
    },
  },
  /** After a new password. */
  keysThatStay: {
    opening: "These API keys of your account still work:",
    closing: "If you do not know one of them, end it among your API keys.",
  },
  invitation: {
    subject: "You are asked to join a team at Bilten",
    /** Where no name may be said. */
    somebody: "Somebody",
    someOrganizer: "an organizer",
    sentences: ({ organizerName, inviterName, role }: Invited) => [
      `${inviterName} asks you to join the team of ${organizerName} at Bilten, ${ROLES[role]}.`,
      "The invitation is good for seven days. If you do not know what this is about, do nothing.",
    ],
    link: "Join the team",
  },
  /** Taken into a team without being asked. */
  addition: {
    subject: "You are in a team at Bilten now",
    sentences: ({ organizerName, inviterName, role }: Invited) => [
      `${inviterName} has taken you into the team of ${organizerName} at Bilten, ${ROLES[role]}.`,
      "The team's managers see your name, your address and your picture. If you do not want that, leave the team: you may at any time.",
    ],
  },
  paper: {
    holder: "Name",
    /** Where none of the name is in letters that the ticket's font has. */
    holderElsewhere: (number: number) => `Holder ${number}, named on your order's page`,
    ticket: "Ticket",
    seat: "Seat",
    of: (number: number, of: number) => `${number} of ${of}`,
    terms:
      "This ticket admits one person once. Whoever shows the code first is let in: keep it to yourself, and do not post it. A copy of a used code is worthless.",
    refunds: (policy: string) => `Refunds: ${policy}`,
    printFile: "tickets-to-print.pdf",
    phoneFile: "tickets-for-your-phone.pdf",
    calendarFile: "event.ics",
  },
};
