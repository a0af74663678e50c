import { pathToFileURL } from "node:url";

/** True in the module that the command line named, false where it was imported. */
export const isMain = (moduleUrl: string): boolean =>
  process.argv[1] !== undefined && moduleUrl === pathToFileURL(process.argv[1]).href;
