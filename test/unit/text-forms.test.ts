import { describe, expect, it } from "vitest";
import { BrandSettingsDraft } from "../../shared/contracts/branding";
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
