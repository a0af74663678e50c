/** Colours are `#rrggbb`. Formulas and thresholds: WCAG 2.2, relative luminance and contrast ratio. */

/** Enough for text of any size (WCAG 2.2, 1.4.3). */
export const TEXT_CONTRAST = 4.5;

const channel = (hex: string): number => {
  const value = Number.parseInt(hex, 16) / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
};

const luminance = (color: string): number =>
  0.2126 * channel(color.slice(1, 3)) + 0.7152 * channel(color.slice(3, 5)) + 0.0722 * channel(color.slice(5, 7));

/** 1 (the same) to 21 (black on white). */
export function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** Black or white text, whichever is easier to read on this background; one of the two always reaches 4.5. */
export const textOn = (background: string): "#000000" | "#ffffff" =>
  contrast(background, "#ffffff") >= contrast(background, "#000000") ? "#ffffff" : "#000000";

/** The colour itself where it can be read as text on the background, else the plain text colour. */
export const readableOn = (background: string, color: string): string =>
  contrast(color, background) >= TEXT_CONTRAST ? color : textOn(background);
