import { defineConfig } from "vitest/config";

// Tests run real processes on machines of any speed: the time-outs only end what hangs.
export default defineConfig({
  test: { include: ["test/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000, maxWorkers: 2 },
});
