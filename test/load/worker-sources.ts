/** A Worker's modules in this Node: they name each other without `.ts`, which Node does not add by itself. */
import { existsSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith(".") || !context.parentURL) return next(specifier, context);
    const url = `${new URL(specifier, context.parentURL)}.ts`;
    return next(existsSync(fileURLToPath(url)) ? url : specifier, context);
  },
});
