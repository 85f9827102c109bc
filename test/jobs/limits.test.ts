import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { defaultPython } from "../../src/runtimes/python.ts";
import { textOf } from "../shim/rows.ts";
import { ended, home, type Job, send, sharedServer, startServer } from "../support/server.ts";
import { runAlone } from "../support/shim.ts";

const python = defaultPython(process.env, home);
const hasNumpy = !(await execa(python, ["-c", "import numpy"], { reject: false })).failed;
const server = sharedServer({
  args: ["--concurrency", "4"],
  env: { QUANT_RUNS_PYTHON: python, OPENBLAS_NUM_THREADS: "1" },
});

/** 256 MiB: room for Python and numpy, and for none of what the fixtures ask for. */
const memory_bytes = 2 ** 28;

async function runWith(limits: object, entrypoint: string, parameters = {}, at = server()): Promise<Job> {
  const answer = await send<Job>(at, "/jobs", { entrypoint, parameters, ...limits });
  expect(answer.text).toContain('"pending"');
  return ended(at, answer.body.job_id);
}

const seenIn = (job: Job): Record<string, [number, number]> => Object(job.result).result;

const failed = (reason: string, error: unknown, facts: object = {}) => ({
  status: "failed",
  result: null,
  error,
  failure: { reason, ...facts },
});

const lacking = (told = "", type = "MemoryError") =>
  failed("memory", `Out of memory: memory_bytes = ${memory_bytes}${told}`, {
    exit_code: 1,
    signal: null,
    type,
    traceback: expect.stringContaining(type),
  });

describe("memory", () => {
  test.each<[string, string, object, object]>([
    ["one large object", "limits:takes_bytes", { count: 2 ** 30 }, lacking()],
    ["many small ones", "limits:takes_small_objects", {}, lacking()],
    ["deep in calls", "limits:recurses", {}, lacking()],
    [
      "a file mapped",
      "limits:maps",
      { count: 2 ** 30 },
      lacking(": [Errno 12] Cannot allocate memory", "OSError"),
    ],
    ["at import", "runs_out_on_import:main", {}, lacking()],
    ["while the result is encoded", "limits:returns_swollen", {}, lacking()],
    ["in a process that it started", "limits:runs_out_in_child", {}, lacking()],
    ["raised by hand", "limits:raises_memory_error", {}, lacking(": by hand")],
  ])("a job over its limit ends with the reason memory: %s", async (_what, entrypoint, parameters, end) => {
    const job = await runWith({ memory_bytes }, entrypoint, parameters);
    expect(job).toMatchObject(end);
    expect(textOf(server(), job, "stderr.log")).toContain(job.failure?.traceback);
  });

  test.skipIf(!hasNumpy)("an array of numpy's too, with what numpy says", async () => {
    const told = /^Out of memory: memory_bytes = \d+: Unable to allocate 7\.45 GiB for an array /;
    const job = await runWith({ memory_bytes }, "limits:takes_array", { count: 1e9 });
    expect(job).toMatchObject(
      failed("memory", expect.stringMatching(told), { type: "MemoryError", exit_code: 1 }),
    );
  });

  test("a limit that leaves no room for a module names itself", async () => {
    const job = await runWith({ memory_bytes: 2 ** 24 }, "limits:sees");
    expect(job).toMatchObject(
      failed("memory", expect.stringMatching(/^Out of memory: memory_bytes = 16777216/)),
    );
  });

  test("is what SystemError tells in a process whose address space is full, and in no other", async () => {
    const script = `import resource, sys
sys.path.insert(0, ${JSON.stringify(join(home, "bin", "shims"))})
from quant_runs_shim.limits import Bounds
bounds = Bounds({"memory_bytes": 2**24}, None)
print(bounds.out_of_memory(SystemError()))
resource.setrlimit(resource.RLIMIT_AS, (2**24, resource.RLIM_INFINITY))
print(bounds.out_of_memory(SystemError()))
`;
    const { stdout } = await execa(python, ["-c", script]);
    expect(stdout).toBe("None\nOut of memory: memory_bytes = 16777216");
  });

  test("is not what a job without the limit ends by, nor one that crashes within it", async () => {
    const plain = await runWith({}, "limits:takes_bytes", { count: 2 ** 62 });
    expect(plain).toMatchObject(failed("exception", "MemoryError", { type: "MemoryError" }));
    const crashed = failed("crashed", expect.stringMatching(/^Killed by /));
    for (const name of ["SIGKILL", "SIGSEGV", "SIGXCPU"]) {
      expect(await runWith({ memory_bytes }, "limits:kills_itself", { name })).toMatchObject(crashed);
    }
    const raised = await runWith({ memory_bytes }, "endings:raises");
    expect(raised).toMatchObject(failed("exception", "went wrong", { type: "ValueError" }));
  });

  test("within the limit a job completes", async () => {
    const job = await runWith({ memory_bytes }, "limits:takes_bytes", { count: 2 ** 20 });
    expect(job).toMatchObject({ status: "completed", result: { result: 2 ** 20 } });
  });
});

describe("processor time", () => {
  const stopped = (signal: string) =>
    failed("timeout", expect.stringMatching(/^Stopped at its limit cpu_seconds = 1 after \d+\.\d s$/), {
      exit_code: null,
      signal,
    });

  test("a job over its limit ends with the reason timeout", async () => {
    expect(await runWith({ cpu_seconds: 1 }, "limits:burns")).toMatchObject(stopped("SIGXCPU"));
  });

  test("one that does not mind the warning is killed a second later", async () => {
    expect(await runWith({ cpu_seconds: 1 }, "limits:burns_on")).toMatchObject(stopped("SIGKILL"));
  });

  test("one that ends when it is warned ends as it says", async () => {
    const job = await runWith({ cpu_seconds: 1 }, "limits:ends_when_warned");
    expect(job).toMatchObject(failed("crashed", expect.stringMatching(/^Exited with code 3 /)));
  });

  test.each(["SIGKILL", "SIGXCPU"])("one that %s ends before has crashed", async (name) => {
    const job = await runWith({ cpu_seconds: 100 }, "limits:kills_itself", { name });
    expect(job).toMatchObject(failed("crashed", expect.stringMatching(`^Killed by ${name} `)));
  });
});

describe("open files", () => {
  test("the one too many cannot be opened", async () => {
    const job = await runWith({ open_files: 32 }, "limits:opens_files");
    const error = expect.stringMatching(/^\[Errno 24\] Too many open files: /);
    expect(job).toMatchObject(failed("exception", error, { type: "OSError" }));
  });
});

describe("size of files", () => {
  const limit = { file_bytes: 1000 };
  const tooLarge = failed("exception", "[Errno 27] File too large", { type: "OSError", exit_code: 1 });

  test.each([
    ["a file", "limits:writes_file", 1000],
    ["the log", "limits:prints", 999],
  ])("%s may be as large and no larger", async (_what, entrypoint, count) => {
    const fitting = await runWith(limit, entrypoint, { count });
    expect(fitting).toMatchObject({ status: "completed", result: { result: count } });
    const larger = await runWith(limit, entrypoint, { count: count + 1 });
    expect(larger).toMatchObject(tooLarge);
  });

  test("a result that does not fit is told so", async () => {
    const around = '{"result": ""}\n'.length;
    const fitting = await runWith(limit, "limits:returns_text", { length: 1000 - around });
    expect(fitting.status).toBe("completed");
    const larger = await runWith(limit, "limits:returns_text", { length: 1001 - around });
    expect(larger).toMatchObject(
      failed("exception", "The result is larger than its limit file_bytes = 1000"),
    );
    expect((await send(server(), `/jobs/${larger.job_id}/result`)).status).toBe(404);
  });

  test("a job that may write nothing is still told of in full", async () => {
    const job = await runWith({ file_bytes: 0 }, "endings:raises");
    expect(job).toMatchObject(
      failed("exception", "went wrong", { traceback: expect.stringContaining("raises") }),
    );
    expect(textOf(server(), job, "stderr.log")).toBe("");
  });
});

describe("what the kernel has", () => {
  const limits = { memory_bytes, cpu_seconds: 50, open_files: 64, file_bytes: 5000, processes: 4000 };
  const bounds = {
    AS: [memory_bytes, memory_bytes],
    CPU: [50, 51],
    NOFILE: [64, 64],
    FSIZE: [5000, 5000],
    NPROC: [4000, 4000],
  };

  test("is what the job asked for, for the processes that it starts too", async () => {
    expect(seenIn(await runWith(limits, "limits:sees"))).toEqual(bounds);
    expect(seenIn(await runWith(limits, "limits:sees_from_child"))).toEqual(bounds);
  });

  test("is what the server has for all, unless a job asks for its own", async () => {
    const env = Object.fromEntries(
      Object.entries(limits).map(([name, value]) => [
        `QUANT_RUNS_DEFAULT_${name.toUpperCase()}`,
        String(value),
      ]),
    );
    const other = await startServer({ env });
    expect(seenIn(await runWith({}, "limits:sees", {}, other))).toEqual(bounds);
    const own = await runWith({ open_files: 32, cpu_seconds: null }, "limits:sees", {}, other);
    expect(seenIn(own)).toEqual({ ...bounds, NOFILE: [32, 32] });
  });

  test("is never more than the server was started with", async () => {
    const program = join(home, "bin", "quant-runs");
    const command = ["sh", "-c", 'ulimit -n 500; ulimit -t 3000; exec "$@"', "sh", program];
    const other = await startServer({ command });
    const seen = seenIn(await runWith({ open_files: 1000, cpu_seconds: 5000 }, "limits:sees", {}, other));
    expect(seen).toMatchObject({ NOFILE: [500, 500], CPU: [3000, 3000] });
  });

  test("is what it was for a job without limits, and for one of an earlier version's", async () => {
    const unbounded = seenIn(await runWith({}, "limits:sees"));
    const earlier = { timeout_seconds: null, silence_timeout_seconds: null, cancel_grace_seconds: 10 };
    expect(seenIn(await runAlone({ entrypoint: "limits:sees", limits: earlier }))).toEqual(unbounded);
  });
});

test("a job whose limit cannot be set is not started, and says why", async () => {
  const job = await runAlone({ entrypoint: "raises_on_import:main", limits: { memory_bytes: 2 ** 64 } });
  const error = "Not started: the limit memory_bytes = 18446744073709552000 cannot be set: ";
  expect(job).toMatchObject(
    failed("crashed", expect.stringContaining(error), { exit_code: 1, signal: null, type: null }),
  );
});
