/** How a mail looks: an organizer's name and colours with contrast kept, or the house's own. */
import { contrast, readableOn, textOn } from "../../shared/color/contrast";
import type { BrandSettings } from "../../shared/contracts/branding";
import { oneLine } from "./mail";
import { DESK, type Look } from "./mail-page";
import type { Tongue } from "./words";

const PAPER = "#ffffff";
const HOUSE_COLOR = "#1d4ed8";
const COLOR = /^#[0-9a-f]{6}$/;
/** A band that hardly differs from the paper gets an ink that does. */
const EDGE_CONTRAST = 1.2;

const colorOf = (color: string): string => (COLOR.test(color) ? color : HOUSE_COLOR);

type Brand = Pick<BrandSettings, "primaryColor" | "fontFamily" | "links">;

export function lookOf(name: string, brand: Brand, { words }: Tongue): Look {
  const primary = colorOf(brand.primaryColor);
  const band = contrast(primary, PAPER) >= EDGE_CONTRAST ? primary : "#27272a";
  return {
    name: oneLine(name),
    signature: words.by(oneLine(name)),
    fontFamily: brand.fontFamily,
    band,
    onBand: textOn(band),
    link: readableOn(DESK, primary),
    links: brand.links.map(({ label, url }) => ({ label: oneLine(label), url })),
  };
}

export const houseLook = (): Look => ({
  name: "Bilten",
  signature: "Bilten",
  fontFamily: "system-ui",
  band: HOUSE_COLOR,
  onBand: textOn(HOUSE_COLOR),
  link: HOUSE_COLOR,
  links: [],
});
