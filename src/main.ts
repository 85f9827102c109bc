import { Command } from "commander";
import { completeConfig, dropEmptyVariables, serveOptions } from "./config/config.ts";
import { StartError } from "./errors.ts";
import { product } from "./product.ts";
import { serve } from "./serve.ts";
import { systemdUnit } from "./systemd-unit.ts";

dropEmptyVariables(process.env);

const program = new Command(product.name).description(product.description).version(product.version);

const serveCommand = program
  .command("serve", { isDefault: true })
  .description("run the server in the foreground")
  .action((options) => serve(completeConfig(options)));

const unitCommand = program
  .command("systemd-unit")
  .description("print a systemd unit under which jobs outlive a restart of the server")
  .action((options) => void process.stdout.write(systemdUnit(completeConfig(options), process.cwd())));

for (const option of serveOptions()) {
  serveCommand.addOption(option);
  unitCommand.addOption(option);
}

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`quant-runs: ${error.message}\n`);
  process.exit(1);
}
