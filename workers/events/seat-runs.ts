import type { SeatMapDraft } from "../../shared/contracts/seats";

type Section = SeatMapDraft["sections"][number];
type Row = Section["rows"][number];
type Run = NonNullable<Row["run"]>;
export type SeatOfRow = NonNullable<Row["seats"]>[number];

/** Of a run's coordinates, so that they carry no floating point's dust. */
const DECIMALS = 1_000;

/** The seats of a row, those of a run written out. */
export const seatsOfRow = (section: Pick<Section, "id">, row: Row): SeatOfRow[] =>
  row.run ? seatsOfRun(`${section.id}-${row.id}-`, row.run) : (row.seats ?? []);

function seatsOfRun(
  prefix: string,
  { count, category, firstLabel = 1, step = 1, x, y, dx, dy, gapsAfter = [] }: Run,
): SeatOfRow[] {
  const gaps = new Set(gapsAfter);
  return Array.from({ length: count }, (_, index) => ({
    id: `${prefix}${index + 1}`,
    label: `${firstLabel + index * step}`,
    x: Math.round((x + index * dx) * DECIMALS) / DECIMALS,
    y: Math.round((y + index * dy) * DECIMALS) / DECIMALS,
    category,
    ...(gaps.has(index + 1) ? { gapAfter: true } : {}),
  }));
}
