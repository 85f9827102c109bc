import type { Bench } from "../machine/bench.ts";
import { startCelery, startRq } from "../peers/peer.ts";
import { startBare, startBareFork } from "./bare.ts";
import type { Contestant } from "./contender.ts";
import { startOurs } from "./ours.ts";

/** Everyone who runs the same no-op jobs, by the names under which results are told. */
export function contestants(bench: Bench): Contestant[] {
  const { python, peers } = bench;
  const others: Contestant[] =
    "leftOut" in peers
      ? []
      : [
          { name: "RQ", kind: "peer", isolates: true, start: () => startRq(peers) },
          { name: "Celery", kind: "peer", isolates: false, start: () => startCelery(peers) },
        ];
  return [
    { name: "bare", kind: "limit", isolates: true, start: () => startBare(python) },
    { name: "quant-runs, cold", kind: "ours", isolates: true, start: () => startOurs(bench, "cold") },
    { name: "quant-runs, warm", kind: "ours", isolates: true, start: () => startOurs(bench, "warm") },
    ...others,
    { name: "bare fork", kind: "limit", isolates: true, start: () => startBareFork(python) },
  ];
}
