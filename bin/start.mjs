// Runs the program named by the first argument, and keeps what Node makes of its sources: the next start needs neither
// the compiler of TypeScript, which alone takes 30 MB of memory, nor the time for it. Where that cannot be kept, and
// where there is nothing to keep it in, nothing else changes.
import { executionAsyncResource } from "node:async_hooks";
import { existsSync } from "node:fs";
import { enableCompileCache, flushCompileCache } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const packages = join(import.meta.dirname, "..", "node_modules");
const millisecondsToStart = 2000;

const [main] = process.argv.splice(2, 1);
process.argv[1] = main;
if (existsSync(packages)) {
  enableCompileCache(join(packages, ".cache", "quant-runs"));
  setTimeout(flushCompileCache, millisecondsToStart).unref(); // a server that is killed leaves it, too
}
// V8 forgets the shape of objects of which none is left at a collection, and what makes them is slower from then on. One
// that process.nextTick has made stays here: it makes several for every answer, a tenth of the time of a short one.
export let tick;
process.nextTick(() => {
  tick = executionAsyncResource();
});
await import(pathToFileURL(main).href);
