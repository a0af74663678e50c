/** `npm run reset`: forgets all local data. The keys in .dev.vars stay, so that codes printed yesterday keep their signature's key. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./configurations.ts";

rmSync(join(ROOT, ".wrangler/state"), { recursive: true, force: true });
console.log("Local data is gone; npm start begins afresh.");
