import { userInfo } from "node:os";
import { fileURLToPath } from "node:url";
import { serversGroup } from "./cgroups/delegation.ts";
import { type Config, settingsOf } from "./config/config.ts";

const program = fileURLToPath(new URL("../bin/quant-runs", import.meta.url));

/**
 * A unit under which jobs outlive `systemctl restart` (systemd.service(5), systemd.kill(5)): by default systemd ends
 * every process of a unit, and a session of its own is no way out of a control group.
 */
export function systemdUnit(config: Config, directory: string): string {
  return `[Unit]
Description=quant-runs job server
After=network.target

[Service]
User=${userInfo().username}
WorkingDirectory=${directory}
${environment(config)}
ExecStart=${quoted(program).replaceAll("$", "$$$$")} serve
Restart=always
RestartSec=1
# Only the server is stopped; its jobs run on and are adopted by the next one.
KillMode=process
# Each job gets a control group that bounds its memory and processes, beside that of the server: systemd 254 or later.
Delegate=memory pids
DelegateSubgroup=${serversGroup}
# A job that runs out of memory must not take the unit along.
OOMPolicy=continue
OOMScoreAdjust=-500
LimitNOFILE=65536
TimeoutStopSec=10

[Install]
WantedBy=multi-user.target
`;
}

/** What this shell would run the server with, so that the unit runs the same. */
function environment(config: Config): string {
  // Everybody may read a unit: a token belongs into QUANT_RUNS_TOKEN_FILE.
  const variables = {
    ...settingsOf(config),
    QUANT_RUNS_TOKEN: undefined,
    PYTHONPATH: process.env.PYTHONPATH || undefined,
  };
  const set = Object.entries(variables).filter(([, value]) => value !== undefined);
  return set.map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}`).join("\n");
}

/** One word of a unit, whatever is in it: specifiers and quotes mean themselves (systemd.syntax(7)). */
function quoted(text: string): string {
  return `"${text.replaceAll(/[\\"]/g, "\\$&").replaceAll("%", "%%")}"`;
}
