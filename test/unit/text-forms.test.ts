import { describe, expect, it } from "vitest";
import { BrandSettingsDraft } from "../../shared/contracts/branding";
import { EventChange, TicketTypeChange } from "../../shared/contracts/events";
import { PersonName } from "../../shared/contracts/orders";
import { withoutDirectionControls } from "../../shared/contracts/text";
import { ProfileChange } from "../../workers/users/profiles";

const organizerId = "0197f3c2-1a2b-7d3c-8e4f-0a1b2c3d4e5f";
const look = (change: object) => BrandSettingsDraft.safeParse({ organizerId, ...change });

describe("text that a table could not hold or a reader not show", () => {
  it.each(["\u0000abc", "a\u0000", "a\u0007b", "a\u009bb", "\ud800"])("%j is none", (text) => {
    expect(ProfileChange.safeParse({ bio: text }).success).toBe(false);
    expect(ProfileChange.safeParse({ name: text }).success).toBe(false);
    expect(look({ customCSS: text }).success).toBe(false);
    expect(look({ fontFamily: text }).success).toBe(false);
  });

  it.each([..."\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"])("%j turns no name and no title", (control) => {
    const name = `Ada${control}ecalevol`;
    expect(PersonName.safeParse(name).success).toBe(false);
    expect(EventChange.safeParse({ title: name }).success).toBe(false);
    expect(TicketTypeChange.safeParse({ name }).success).toBe(false);
    expect(withoutDirectionControls(name)).toBe("Adaecalevol");
  });

  it("may have marks of a direction, and run either way", () => {
    for (const name of ["ليلى", "דנה Dana", "Ada\u200f!"]) {
      expect(PersonName.parse(name)).toBe(name);
      expect(EventChange.parse({ title: name }).title).toBe(name);
    }
  });

  it("may have lines, tabs and any script", () => {
    const bio = "Läuft\n\tdie Tür.\r\n扉 🚪";
    expect(ProfileChange.parse({ bio })).toEqual({ bio });
  });
});

describe("the address of a picture", () => {
  it.each(["https:example.com/l.svg", "HTTPS://Example.com/l.svg", "https:/example.com/l.svg", " https://example.com/l.svg "])(
    "%j is kept as a browser would ask for it",
    (logoUrl) => {
      expect(look({ logoUrl }).data?.logoUrl).toBe("https://example.com/l.svg");
    },
  );

  it.each(["http://example.com/l.svg", "javascript:alert(1)", "data:image/png;base64,AAAA", "//example.com", "https://"])(
    "%j is none",
    (logoUrl) => {
      expect(look({ logoUrl }).success).toBe(false);
      expect(look({ faviconUrl: logoUrl }).success).toBe(false);
    },
  );
});

describe("an organizer's look", () => {
  it("names fonts that readers have, kept without quotes", () => {
    expect(look({ fontFamily: `"times new roman", 'Georgia' ,serif` }).data?.fontFamily).toBe("Times New Roman, Georgia, serif");
    for (const fontFamily of ["", "Comic Papyrus", "Georgia;color:red", "url(x)", "serif,", "serif,".repeat(8).concat("serif")])
      expect(look({ fontFamily }).success, fontFamily).toBe(false);
  });

  it("leads to https only, by a line of words each", () => {
    const link = { label: "Imprint", url: "https://a.example/imprint" };
    expect(look({ links: [link], tagline: "  Jazz  " }).data).toMatchObject({ links: [link], tagline: "Jazz" });
    for (const change of [
      { url: "http://a.example" },
      { url: "javascript:alert(1)" },
      { label: "" },
      { label: "a\nb" },
      { why: 1 },
    ])
      expect(look({ links: [{ ...link, ...change }] }).success, JSON.stringify(change)).toBe(false);
    expect(look({ links: Array.from({ length: 9 }, () => link) }).success).toBe(false);
    expect(look({ tagline: "x".repeat(161) }).success).toBe(false);
  });

  it("has a logo here or elsewhere, not both", () => {
    const logoAssetId = organizerId;
    expect(look({ logoAssetId, logoUrl: "https://a.example/l.png" }).success).toBe(false);
    expect(look({ logoAssetId, logoUrl: null }).success).toBe(true);
    expect(look({ logoAssetId: "mine" }).success).toBe(false);
  });
});
