/** Workers' sources import without an extension, as their bundler wants it; Node, which runs these scripts as they stand, does not. */
import { registerHooks } from "node:module";

registerHooks({
  resolve(specifier, context, next) {
    const isOurs = context.parentURL?.endsWith(".ts") && specifier.startsWith(".") && !specifier.endsWith(".ts");
    return next(isOurs ? `${specifier}.ts` : specifier, context);
  },
});
