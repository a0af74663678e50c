import { describe, expect, it } from "vitest";
import { contrast, readableOn, textOn } from "../../shared/color/contrast";

describe("contrast", () => {
  it("is 21 for black on white, 1 for a colour on itself, and the same both ways", () => {
    expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
    expect(contrast("#336699", "#336699")).toBe(1);
    expect(contrast("#336699", "#ffffff")).toBe(contrast("#ffffff", "#336699"));
  });

  it("knows WCAG's well-known edge: #767676 passes on white, #777777 does not", () => {
    expect(contrast("#767676", "#ffffff")).toBeGreaterThanOrEqual(4.5);
    expect(contrast("#777777", "#ffffff")).toBeLessThan(4.5);
  });

  it("text on any background reaches 4.5", () => {
    for (let value = 0; value < 0x1000000; value += 0x1357) {
      const background = `#${value.toString(16).padStart(6, "0")}`;
      expect(contrast(background, textOn(background))).toBeGreaterThanOrEqual(4.5);
    }
  });

  it("a brand's colour is kept as text where it can be read, and replaced where not", () => {
    expect(readableOn("#ffffff", "#7c2d12")).toBe("#7c2d12");
    expect(readableOn("#ffffff", "#fde047")).toBe("#000000");
  });
});
