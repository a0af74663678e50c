import { describe, expect, it } from "vitest";
import { localDay, readableMoment, readableSpan } from "../../shared/locale/moment";
import { decimalOf, readableMoney } from "../../shared/locale/money";

describe("money for people", () => {
  it.each([
    [2500, "EUR", "25.00"],
    [5, "EUR", "0.05"],
    [0, "EUR", "0.00"],
    [2500, "JPY", "2500"],
    [2500, "KWD", "2.500"],
    [1, "CLF", "0.0001"],
    [1_000_000_000_001, "EUR", "10000000000.01"],
    [-5, "EUR", "-0.05"],
  ])("%i in %s is %s", (amount, currency, decimal) => {
    expect(decimalOf({ amount, currency })).toBe(decimal);
  });

  it("has ISO's digits also where the runtime would cut them", () => {
    expect(readableMoney({ amount: 2500, currency: "EUR" }, "en-GB")).toBe("€25.00");
    expect(readableMoney({ amount: 2500, currency: "JPY" }, "en-GB")).toBe("JP¥2,500");
    expect(readableMoney({ amount: 150050, currency: "HUF" }, "en-GB")).toContain("1,500.50");
    expect(readableMoney({ amount: 2500, currency: "KWD" }, "en-GB")).toContain("2.500");
  });
});

describe("moments for people", () => {
  // A comma behind the weekday comes and goes with ICU's versions.
  it("are told as the clocks at the event show them, across the change of the clocks", () => {
    expect(readableMoment("2027-06-05T17:30:00Z", "Europe/Vienna", "en-GB")).toMatch(/^Saturday,? 5 June 2027 at 19:30 CEST$/);
    expect(readableMoment("2027-12-31T23:30:00Z", "Europe/Vienna", "en-GB")).toMatch(/^Saturday,? 1 January 2028 at 00:30 CET$/);
  });

  it("say once what beginning and end have in common", () => {
    const evening = readableSpan("2027-06-05T17:30:00Z", "2027-06-05T21:00:00Z", "Europe/Vienna", "en-GB");
    expect(evening.match(/June/g)).toHaveLength(1);
    expect(evening).toMatch(/19:30\s*–\s*23:00 CEST$/);
    const nights = readableSpan("2027-06-05T17:30:00Z", "2027-06-07T21:00:00Z", "Europe/Vienna", "en-GB");
    expect(nights).toMatch(/5 June.*\s–\s.*7 June/);
  });

  it("have each their own zone where the clocks change between them", () => {
    const night = readableSpan("2027-10-30T20:00:00Z", "2027-10-31T03:00:00Z", "Europe/Vienna", "en-GB");
    expect(night).toMatch(/30 October 2027 at 22:00 CEST – Sunday,? 31 October 2027 at 04:00 CET$/);
  });

  it("belong to the local day", () => {
    expect(localDay(Date.parse("2027-06-01T22:00:00Z"), "Europe/Vienna")).toBe("2027-06-02");
    expect(localDay(Date.parse("2027-06-01T22:00:00Z"), "America/New_York")).toBe("2027-06-01");
  });
});
