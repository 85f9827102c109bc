const identifier = "[\\p{XID_Start}_][\\p{XID_Continue}]*";
const dotted = `${identifier}(?:\\.${identifier})*`;
const modulePattern = new RegExp(`^${dotted}$`, "u");
const pattern = new RegExp(`^${dotted}:${identifier}$`, "u");

/** What an entrypoint looks like, for error messages. */
export const entrypointForm = "'module:callable', for example 'run_mdps:main' or 'strategies.trend:run'";

/**
 * Whether a text names one callable of one module, both Python identifiers (Python Language Reference, 2.3) in their
 * normal form, so that two spellings never name one module.
 */
export function isEntrypoint(text: string): boolean {
  return text.length <= 512 && pattern.test(text) && text.normalize("NFKC") === text;
}

/** Whether a text is the full name of a module. */
export function isModule(text: string): boolean {
  return modulePattern.test(text);
}
