/** `npm run lint`: Biome's rules and format. With `--write` it repairs what it safely can. */
import { runTool } from "./processes.ts";

const { code } = await runTool("biome", ["check", ...process.argv.slice(2)], { stream: true });
process.exitCode = code;
