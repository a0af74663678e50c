/** Was Mails und Karten auf Deutsch sagen. */
import type { Words } from "./words";

export const de: Words = {
  hello: (name) => (name === null ? "Guten Tag," : `Guten Tag ${name},`),
  order: (id) => `Bestellung ${id}`,
  orderAndRefund: (orderId, refundId) => `Bestellung ${orderId}, Rückzahlung ${refundId}`,
  openOrder: "Bestellung öffnen",
  by: (organizer) => `${organizer}. Karten von Bilten.`,
  total: (sum) => `Summe: ${sum}`,
  discount: (sum) => `Nachlass: ${sum}`,
  fees: (sum) => `Gebühren: ${sum}`,
  tax: (sum) => `Steuer: ${sum}`,
  confirmation: {
    subject: (title) => `Ihre Karten für ${title}`,
    opening: (organizer, title) => `${organizer} bestätigt Ihre Bestellung für ${title}.`,
    line: (quantity, name, price) => `${quantity} × ${name}, je ${price}`,
    ticket: (number, of, type) => `Karte ${number} von ${of}: ${type}`,
    qr: (number, type) => `QR-Code der Karte ${number}, ${type}`,
    code: (code) => `Code: ${code}`,
    atTheDoor: "Zeigen Sie den QR-Code am Einlass, auf dem Handy oder auf Papier. Er gilt einmal: Behalten Sie ihn für sich.",
    attached: "Angehängt sind Ihre Karten zum Drucken und fürs Handy und der Termin für Ihren Kalender.",
    more: (count) => `${count} weitere ${count === 1 ? "Karte steht" : "Karten stehen"} auf der Seite Ihrer Bestellung.`,
    moreInFiles: (count) => `${count} weitere ${count === 1 ? "ist" : "sind"} in den angehängten Dateien.`,
    noTickets: "Die Karten dieser Bestellung gelten nicht mehr.",
  },
  refund: {
    subject: (title) => `Ihre Rückzahlung für ${title}`,
    eventCancelled: (title, sum) => `${title} wurde abgesagt, und Sie bekommen ${sum} zurück.`,
    requested: (organizer, sum, title) => `${organizer} zahlt Ihnen ${sum} Ihrer Bestellung für ${title} zurück.`,
    soldOut: (title, sum) =>
      `Ihre Zahlung für ${title} kam, nachdem Ihre Reservierung geendet hatte, und die Karten waren vergeben. Sie bekommen alles zurück: ${sum}.`,
    orderEnded: (title, sum) =>
      `Ihre Zahlung für ${title} kam, nachdem Ihre Bestellung geendet hatte. Sie bekommen alles zurück: ${sum}.`,
    eventEnded: (title, sum) =>
      `Ihre Zahlung für ${title} kam, nachdem die Veranstaltung abgesagt worden war. Sie bekommen alles zurück: ${sum}.`,
    paidTwice: (title, sum) =>
      `Ihre Bestellung für ${title} war schon bezahlt, als diese Zahlung kam. Sie bekommen alles zurück: ${sum}.`,
    personLimit: (title, sum) =>
      `Sie haben schon so viele Karten für ${title}, wie eine Person haben darf. Ihre Zahlung für diese Bestellung bekommen Sie ganz zurück: ${sum}.`,
    notTaken: (title, sum) =>
      `Für Ihre Zahlung für ${title} konnten keine Karten ausgegeben werden. Sie bekommen alles zurück: ${sum}.`,
    ticketsInvalid: "Ihre Karten gelten nicht mehr.",
    noTickets: "Sie haben durch diese Bestellung keine Karten.",
    ticketsUntouched: "Ihre Karten gelten weiter.",
    noneAffected: "Alle Ihre Karten gelten weiter.",
    voided: (count) => (count === 1 ? "Diese Karte gilt nicht mehr:" : `Diese ${count} Karten gelten nicht mehr:`),
    calendar: "Wenn Sie keine anderen Karten dafür haben, nimmt die angehängte Datei den Termin aus Ihrem Kalender.",
    closing: "Das Geld nimmt den Weg, auf dem es gezahlt wurde. Je nach Bank kann es einige Tage dauern, bis Sie es sehen.",
  },
  cancellation: {
    subject: (title) => `${title} ist abgesagt`,
    opening: (organizer, title) => `${organizer} musste ${title} absagen. Das tut uns leid.`,
    tickets: "Ihre Karten gelten nicht mehr.",
    money: "Was Sie gezahlt haben, bekommen Sie auf demselben Weg zurück. Sobald es unterwegs ist, folgt eine weitere Mail.",
    calendar: "Die angehängte Datei nimmt den Termin aus Ihrem Kalender.",
  },
  expiry: {
    subject: (title) => `Ihre Reservierung für ${title} ist abgelaufen`,
    opening: (title) =>
      `Sie wollten Karten für ${title} bestellen, doch bis zum Ende der Reservierung kam keine Zahlung. Die Karten sind wieder frei.`,
    money:
      "Soweit wir wissen, wurde Ihnen nichts abgebucht. Sollte doch noch eine Zahlung kommen, bekommen Sie die Karten, wenn es sie noch gibt, oder Ihr Geld ganz zurück.",
    again: "Sehen, was noch frei ist",
  },
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
  },
  paper: {
    holder: "Name",
    holderElsewhere: "wie in Ihrer Bestellung",
    ticket: "Karte",
    seat: "Platz",
    of: (number, of) => `${number} von ${of}`,
    terms:
      "Diese Karte gilt für eine Person und einmal. Wer den Code zuerst zeigt, wird eingelassen: Behalten Sie ihn für sich und veröffentlichen Sie ihn nicht. Eine Kopie eines benutzten Codes ist wertlos.",
    refunds: (policy) => `Rückzahlung: ${policy}`,
    printFile: "karten-zum-drucken.pdf",
    phoneFile: "karten-fuers-handy.pdf",
    calendarFile: "termin.ics",
  },
};
