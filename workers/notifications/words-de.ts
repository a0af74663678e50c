/** Was Mails und Tickets auf Deutsch sagen. */
import type { MemberRole } from "../../shared/contracts/organizers";
import type { Moved } from "./move-mails";
import type { Words } from "./words";

const ROLES: Record<MemberRole, string> = {
  owner: "mit allen Rechten",
  manager: "in der Leitung",
  finance: "für Bestellungen und Geld",
  marketing: "für Veranstaltungen und ihr Aussehen",
  door: "am Einlass",
};

const NEW_THINGS = { date: "neuer Termin", time: "neue Uhrzeit", place: "neuer Ort" };
const CHANGED_THINGS = { date: "den Termin", time: "die Uhrzeit", place: "den Ort" };

const inWords = ({ when, where }: Moved, names: typeof NEW_THINGS): string =>
  [...(when === null ? [] : [names[when]]), ...(where ? [names.place] : [])].join(" und ");

export const de: Words = {
  hello: (name) => (name === null ? "Guten Tag," : `Guten Tag ${name},`),
  order: (id) => `Bestellung ${id}`,
  orderAndRefund: (orderId, refundId) => `Bestellung ${orderId}, Rückzahlung ${refundId}`,
  openOrder: "Bestellung öffnen",
  by: (organizer) => `${organizer}. Tickets über Bilten.`,
  total: (sum) => `Summe: ${sum}`,
  discount: (sum) => `Nachlass: ${sum}`,
  fees: (sum) => `Gebühren: ${sum}`,
  tax: (sum) => `Steuer: ${sum}`,
  confirmation: {
    subject: (title) => `Ihre Tickets für ${title}`,
    opening: (organizer, title) => `${organizer} bestätigt Ihre Bestellung für ${title}.`,
    line: (quantity, name, price) =>
      `${quantity} × ${name}, ${price === null ? "kostenlos" : `${quantity === 1 ? "" : "je "}${price}`}`,
    ticket: (number, of, type) => `Ticket ${number} von ${of}: ${type}`,
    qr: (number, type) => `QR-Code von Ticket ${number}, ${type}`,
    code: (code) => `Code: ${code}`,
    atTheDoor: "Zeigen Sie den QR-Code am Einlass, auf dem Handy oder auf Papier. Er gilt einmal: Behalten Sie ihn für sich.",
    attached: "Angehängt sind Ihre Tickets zum Drucken und fürs Handy und der Termin für Ihren Kalender.",
    more: (count) => `${count} weitere ${count === 1 ? "Ticket steht" : "Tickets stehen"} auf der Seite Ihrer Bestellung.`,
    moreInFiles: (count) => `${count} weitere ${count === 1 ? "ist" : "sind"} in den angehängten Dateien.`,
    noTickets: "Die Tickets dieser Bestellung gelten nicht mehr.",
  },
  refund: {
    subject: (title) => `Ihre Rückzahlung für ${title}`,
    eventCancelled: (title, sum) => `${title} wurde abgesagt, und Sie bekommen ${sum} zurück.`,
    requested: (organizer, sum, title) => `${organizer} zahlt Ihnen ${sum} Ihrer Bestellung für ${title} zurück.`,
    soldOut: (title, sum) =>
      `Ihre Zahlung für ${title} kam, nachdem Ihre Reservierung geendet hatte, und die Tickets waren vergeben. Sie bekommen alles zurück: ${sum}.`,
    orderEnded: (title, sum) =>
      `Ihre Zahlung für ${title} kam, nachdem Ihre Bestellung geendet hatte. Sie bekommen alles zurück: ${sum}.`,
    eventEnded: (title, sum) =>
      `Ihre Zahlung für ${title} kam, nachdem die Veranstaltung abgesagt worden war. Sie bekommen alles zurück: ${sum}.`,
    paidTwice: (title, sum) =>
      `Ihre Bestellung für ${title} war schon bezahlt, als diese Zahlung kam. Sie bekommen alles zurück: ${sum}.`,
    personLimit: (title, sum) =>
      `Sie haben schon so viele Tickets für ${title}, wie eine Person haben darf. Ihre Zahlung für diese Bestellung bekommen Sie ganz zurück: ${sum}.`,
    notTaken: (title, sum) =>
      `Für Ihre Zahlung für ${title} konnten keine Tickets ausgegeben werden. Sie bekommen alles zurück: ${sum}.`,
    ticketsInvalid: "Ihre Tickets gelten nicht mehr.",
    noTickets: "Sie haben durch diese Bestellung keine Tickets.",
    ticketsUntouched: "Ihre Tickets gelten weiter.",
    noneAffected: "Alle Ihre Tickets gelten weiter.",
    voided: (count) => (count === 1 ? "Dieses Ticket gilt nicht mehr:" : `Diese ${count} Tickets gelten nicht mehr:`),
    calendar: "Wenn Sie keine anderen Tickets dafür haben, nimmt die angehängte Datei den Termin aus Ihrem Kalender.",
    closing: "Das Geld nimmt den Weg, auf dem es gezahlt wurde. Je nach Bank kann es einige Tage dauern, bis Sie es sehen.",
  },
  cancellation: {
    subject: (title) => `${title} ist abgesagt`,
    opening: (organizer, title) => `${organizer} musste ${title} absagen. Das tut uns leid.`,
    tickets: "Ihre Tickets gelten nicht mehr.",
    reason: (reason) => `Der Grund: ${reason}`,
    money: "Was Sie gezahlt haben, bekommen Sie auf demselben Weg zurück. Eine eigene Mail sagt Ihnen, wenn es unterwegs ist.",
    calendar: "Die angehängte Datei nimmt den Termin aus Ihrem Kalender.",
  },
  move: {
    subject: (title, moved) => `${inWords(moved, NEW_THINGS)} für ${title}`.replace(/^n/, "N"),
    opening: (organizer, title, moved) =>
      `${organizer} hat ${inWords(moved, CHANGED_THINGS)} von ${title} geändert. So gilt es jetzt:`,
    was: "Vorher sollte es sein:",
    tickets:
      "Ihre Tickets gelten weiter, mit denselben Codes. Haben Sie sie gedruckt, können Sie sie von der Seite Ihrer Bestellung neu drucken.",
    unable: (organizer) => `Wenn Sie nicht kommen können, fragen Sie bitte ${organizer}, was möglich ist.`,
    calendar: "Die angehängte Datei ändert den Eintrag in Ihrem Kalender.",
  },
  seats: {
    subject: (title) => `Neue Plätze für ${title}`,
    opening: (organizer, title) => `${organizer} hat Ihnen für ${title} andere Plätze gegeben:`,
    line: (ticket, seat, bought) => (bought === null ? `${ticket}, ${seat}` : `${ticket}, ${seat} statt ${bought}`),
    tickets:
      "Angehängt sind Ihre Tickets mit den Plätzen, wie sie jetzt sind. Die Codes sind dieselben, also öffnen auch Tickets, die Sie schon haben, die Tür.",
  },
  expiry: {
    subject: (title) => `Ihre Reservierung für ${title} ist abgelaufen`,
    opening: (title) =>
      `Sie wollten Tickets für ${title} bestellen, doch bis zum Ende der Reservierung kam keine Zahlung. Die Tickets sind wieder frei.`,
    money:
      "Soweit wir wissen, wurde Ihnen nichts abgebucht. Sollte doch noch eine Zahlung kommen, bekommen Sie die Tickets, wenn es sie noch gibt, oder Ihr Geld ganz zurück.",
    again: "Sehen, was noch frei ist",
  },
  waitlist: {
    confirmSubject: (title) => `Bitte bestätigen: die Warteliste für ${title}`,
    asked: (organizer, title, quantity) =>
      `Jemand hat diese Adresse für die Warteliste von ${organizer} für ${title} angegeben: ${quantity} ${quantity === 1 ? "Ticket" : "Tickets"}.`,
    confirm:
      "Öffnen Sie diesen Link und bestätigen Sie dort, dass Sie warten wollen. Vorher stehen Sie nicht auf der Liste. Waren Sie das nicht, tun Sie nichts.",
    takePlace: "Meinen Platz einnehmen",
    joinedSubject: (title) => `Sie stehen auf der Warteliste für ${title}`,
    joined: (organizer, title, quantity) =>
      `${organizer} hat Sie auf die Warteliste für ${title} gesetzt: ${quantity} ${quantity === 1 ? "Ticket" : "Tickets"}.`,
    whatNow:
      "Sobald Tickets frei werden und Sie an der Reihe sind, halten wir sie für Sie zurück und schreiben Ihnen. Niemand, der nach Ihnen kam, kommt vor Ihnen dran.",
    notYou: "Haben Sie das nicht selbst verlangt oder wollen Sie keine Tickets mehr, verlassen Sie die Liste über diesen Link.",
    look: "Ihr Platz auf der Liste",
    offeredSubject: (title) => `Tickets für ${title} liegen für Sie bereit`,
    offered: (title) => `Sie sind an der Reihe: Für ${title} sind Tickets frei geworden, und wir halten sie für Sie zurück.`,
    line: (quantity, name) => `${quantity} Stück ${name}`,
    until: (moment) => `Sie können sie bis ${moment} bestellen. Danach bekommt sie, wer auf der Liste der Nächste ist.`,
    declining: "Wollen Sie sie nicht mehr, lehnen Sie bitte dort ab: Jemand anderes wartet.",
    take: "Annehmen oder ablehnen",
    endedSubject: (title) => `Die Warteliste für ${title} ist geschlossen`,
    cancelled: (organizer, title) =>
      `${organizer} musste ${title} absagen. Das tut uns leid: Sie stehen nicht mehr auf der Warteliste.`,
    full: (title) =>
      `Sie stehen nicht mehr auf der Warteliste für ${title}: Sie wurde geschlossen, das Gewünschte wird nicht mehr verkauft, oder Sie haben schon so viele Tickets, wie eine Person haben darf.`,
  },
  done: (moment, device, place) =>
    `Wann: ${moment}.${device === null ? "" : ` Gerät: ${device}.`}${place === null ? "" : ` Ort, ungefähr: ${place}.`}`,
  account: {
    verification: {
      subject: "Bestätigen Sie Ihre E-Mail-Adresse",
      sentences: [
        "Jemand, hoffentlich Sie, hat mit dieser Adresse ein Konto bei Bilten eröffnet. Bitte bestätigen Sie, dass sie Ihnen gehört.",
        "Waren Sie das nicht gerade selbst, tun Sie bitte nichts: Ein Klick würde das Konto dem öffnen, der es war.",
      ],
      link: "Adresse bestätigen",
    },
    already_registered: {
      subject: "Sie haben schon ein Konto",
      sentences: [
        "Jemand, vielleicht Sie, wollte mit dieser Adresse ein Konto bei Bilten eröffnen. Es gibt schon eines, und nichts wurde geändert.",
        "Haben Sie Ihr Passwort vergessen, verlangen Sie bei der Anmeldung ein neues.",
      ],
      link: "",
    },
    password_reset: {
      subject: "Wählen Sie ein neues Passwort",
      sentences: [
        "Jemand, hoffentlich Sie, hat ein neues Passwort für Ihr Konto bei Bilten verlangt. Waren Sie es nicht, tun Sie nichts.",
      ],
      link: "Neues Passwort wählen",
    },
    password_changed: {
      subject: "Ihr Passwort wurde geändert",
      sentences: [
        "Das Passwort Ihres Kontos bei Bilten wurde gerade geändert, und andere Geräte wurden abgemeldet.",
        "Waren Sie das nicht, verlangen Sie bei der Anmeldung sofort ein neues Passwort.",
      ],
      link: "",
    },
    factors_changed: {
      subject: "Ihre Anmeldung wurde geändert",
      sentences: [
        "Ein Passkey, die Authenticator-App oder die Wiederherstellungscodes Ihres Kontos bei Bilten wurden gerade geändert.",
        "Waren Sie das nicht, verlangen Sie bei der Anmeldung sofort ein neues Passwort und sehen Sie Ihre Passkeys durch.",
      ],
      link: "",
    },
    totp_added: {
      subject: "Eine Authenticator-App ist hinzugekommen",
      sentences: [
        "Zu Ihrem Konto bei Bilten ist gerade eine Authenticator-App hinzugekommen. Von jetzt an fragt die Anmeldung nach einem ihrer Codes.",
        "Waren Sie das nicht, verlangen Sie bei der Anmeldung sofort ein neues Passwort und sehen Sie Ihre Passkeys durch.",
      ],
      link: "",
    },
    totp_removed: {
      subject: "Die Authenticator-App wurde entfernt",
      sentences: [
        "Die Authenticator-App Ihres Kontos bei Bilten wurde gerade entfernt. Die Anmeldung fragt nicht mehr nach ihren Codes.",
        "Waren Sie das nicht, verlangen Sie bei der Anmeldung sofort ein neues Passwort und sehen Sie Ihre Passkeys durch.",
      ],
      link: "",
    },
    passkey_added: {
      subject: "Ein Passkey ist hinzugekommen",
      sentences: [
        "Zu Ihrem Konto bei Bilten ist gerade ein Passkey hinzugekommen. Wer ihn hat, kann sich damit anmelden.",
        "Waren Sie das nicht, verlangen Sie bei der Anmeldung sofort ein neues Passwort und sehen Sie Ihre Passkeys durch.",
      ],
      link: "",
    },
    passkey_removed: {
      subject: "Ein Passkey wurde entfernt",
      sentences: [
        "Ein Passkey Ihres Kontos bei Bilten wurde gerade entfernt. Er öffnet Ihr Konto nicht mehr.",
        "Waren Sie das nicht, verlangen Sie bei der Anmeldung sofort ein neues Passwort und sehen Sie Ihre Passkeys durch.",
      ],
      link: "",
    },
    recovery_code_used: {
      subject: "Ein Wiederherstellungscode wurde benutzt",
      sentences: [
        "Ein Wiederherstellungscode Ihres Kontos bei Bilten wurde gerade benutzt. Er gilt kein zweites Mal.",
        "Neue bekommen Sie dort, wo Sie Ihre Anmeldung verwalten.",
        "Waren Sie das nicht, verlangen Sie bei der Anmeldung sofort ein neues Passwort und sehen Sie Ihre Passkeys durch.",
      ],
      link: "",
    },
    recovery_codes_renewed: {
      subject: "Sie haben neue Wiederherstellungscodes",
      sentences: [
        "Für Ihr Konto bei Bilten gibt es seit eben neue Wiederherstellungscodes. Die älteren gelten nicht mehr.",
        "Waren Sie das nicht, verlangen Sie bei der Anmeldung sofort ein neues Passwort und sehen Sie Ihre Passkeys durch.",
      ],
      link: "",
    },
    second_factor_locked: {
      subject: "Falsche Codes bei Ihrem Konto",
      sentences: [
        "Bei Ihrem Konto bei Bilten wurden zehn falsche Codes nacheinander eingegeben. Eine Weile nimmt es keinen Ihrer App an; Passkeys und Wiederherstellungscodes gelten weiter.",
        "Wer das war, kannte Ihr Passwort oder war schon angemeldet.",
        "Waren Sie das nicht, verlangen Sie bei der Anmeldung sofort ein neues Passwort: Damit wird jedes Gerät abgemeldet.",
      ],
      link: "",
    },
    api_key_created: {
      subject: "Ein API-Schlüssel wurde erstellt",
      sentences: [
        "In Ihrem Konto bei Bilten wurde gerade ein API-Schlüssel erstellt. Programme, die ihn haben, handeln in Ihren Teams für Sie, soweit seine Berechtigungen reichen.",
        "Waren Sie das nicht, beenden Sie den Schlüssel bei Ihren API-Schlüsseln und verlangen Sie bei der Anmeldung sofort ein neues Passwort.",
      ],
      link: "",
    },
    api_key_rotated: {
      subject: "Ein API-Schlüssel wurde ersetzt",
      sentences: [
        "Ein API-Schlüssel Ihres Kontos bei Bilten wurde gerade durch einen neuen ersetzt. Der alte gilt noch eine Weile, höchstens eine Woche.",
        "Waren Sie das nicht, beenden Sie beide bei Ihren API-Schlüsseln und verlangen Sie bei der Anmeldung sofort ein neues Passwort.",
      ],
      link: "",
    },
    unlock: {
      subject: "Entsperren Sie Ihr Konto",
      sentences: [
        "Nach zu vielen falschen Passwörtern ist Ihr Konto bei Bilten für eine Weile gesperrt. Waren Sie das, können Sie es jetzt entsperren.",
        "Waren Sie es nicht, tun Sie nichts: Niemand ist hineingekommen.",
      ],
      link: "Konto entsperren",
    },
    new_device: {
      subject: "Anmeldung von einem neuen Gerät",
      sentences: [
        "Jemand, hoffentlich Sie, hat sich gerade von einem uns noch unbekannten Gerät oder aus einem neuen Land bei Ihrem Konto bei Bilten angemeldet.",
        "Waren Sie das nicht, verlangen Sie bei der Anmeldung sofort ein neues Passwort: Damit wird jedes Gerät abgemeldet.",
      ],
      link: "",
    },
  },
  keysThatStay: {
    opening: "Diese API-Schlüssel Ihres Kontos gelten weiter:",
    closing: "Kennen Sie einen davon nicht, beenden Sie ihn bei Ihren API-Schlüsseln.",
  },
  invitation: {
    subject: "Eine Einladung in ein Team bei Bilten",
    somebody: "Jemand",
    someOrganizer: "einem Veranstalter",
    sentences: ({ organizerName, inviterName, role }) => [
      `${inviterName} lädt Sie ein, bei Bilten zum Team von ${organizerName} zu gehören: ${ROLES[role]}.`,
      "Die Einladung gilt sieben Tage. Wenn Sie damit nichts anfangen können, tun Sie nichts.",
    ],
    link: "Dem Team beitreten",
  },
  addition: {
    subject: "Sie gehören jetzt zu einem Team bei Bilten",
    sentences: ({ organizerName, inviterName, role }) => [
      `${inviterName} hat Sie bei Bilten ins Team von ${organizerName} aufgenommen: ${ROLES[role]}.`,
      "Die Leitung des Teams sieht Ihren Namen, Ihre Adresse und Ihr Bild. Wollen Sie das nicht, verlassen Sie das Team: Das können Sie jederzeit.",
    ],
  },
  paper: {
    holder: "Name",
    holderElsewhere: (number) => `Person ${number}, mit Namen auf der Seite Ihrer Bestellung`,
    ticket: "Ticket",
    seat: "Platz",
    of: (number, of) => `${number} von ${of}`,
    terms:
      "Dieses Ticket gilt für eine Person und einmal. Wer den Code zuerst zeigt, wird eingelassen: Behalten Sie ihn für sich und veröffentlichen Sie ihn nicht. Eine Kopie eines benutzten Codes ist wertlos.",
    refunds: (policy) => `Rückzahlung: ${policy}`,
    printFile: "tickets-zum-drucken.pdf",
    phoneFile: "tickets-fuers-handy.pdf",
    calendarFile: "termin.ics",
  },
};
