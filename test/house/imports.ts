/** Who may import whom: shared/contracts ← shared/* ← durable-objects/* ← the owner's index.ts, and ← workers/*. */
import { dirname, join } from "node:path/posix";
import type { Source } from "../support/sources";

interface Import {
  /** Relative to the root, without an extension. */
  target: string;
  typeOnly: boolean;
}

const STATEMENT =
  /\b(import|export)\s+(type\s+)?(?:[\w*{}\s,$]+\s+from\s+)?["'](\.[^"']*)["']|\bimport\(\s*["'](\.[^"']*)["']\s*\)/g;

export const importsOf = ({ path, text }: Source): Import[] =>
  [...text.matchAll(STATEMENT)].map((match) => ({
    target: join(dirname(path), match[3] ?? match[4] ?? ""),
    typeOnly: match[2] !== undefined,
  }));

const room = (path: string): string[] => path.split("/").slice(0, 2);

/** Null when the import is in order, else what is wrong with it. `ownerOf` names the Worker that owns an object's folder. */
function objection(from: string, { target, typeOnly }: Import, ownerOf: (object: string) => string | undefined): string | null {
  const [top, name] = room(from);
  const [targetTop, targetName] = room(target);
  if (top === "test") return null;
  if (targetTop === "test") return "only tests import tests";
  if (targetTop === "migrations") return "migrations are applied, not imported";
  if (targetTop === "shared" && targetName === "scripts" && !(top === "shared" && name === "scripts"))
    return "scripts are not for Workers";
  if (targetTop === "shared" && targetName === "contracts") return null;
  if (top === "shared" && name === "contracts") return "contracts import contracts alone";
  if (targetTop === "shared") return null;
  if (top === "shared") return "shared rooms import shared rooms alone";
  if (targetTop === "durable-objects") {
    if (top === "durable-objects") return targetName === name ? null : "an object's folder is its own";
    if (ownerOf(targetName ?? "") !== name) return "only the owner reaches an object's code";
    return typeOnly || from === `workers/${name}/index.ts` ? null : "only the owner's index.ts imports an object";
  }
  if (targetTop === "workers" && top === "workers" && targetName === name) return null;
  return targetTop === "workers" ? "Workers are not imported" : "outside of the rooms";
}

export const findImportProblems = (sources: Source[], ownerOf: (object: string) => string | undefined): string[] =>
  sources.flatMap((source) =>
    importsOf(source).flatMap((imported) => {
      const problem = objection(source.path, imported, ownerOf);
      return problem ? [`${source.path} imports ${imported.target}: ${problem}`] : [];
    }),
  );
