/** Any text without a colon stands for the star of a pattern. */
const anything = "[^:]*";

/** Whether a text matches one of these patterns from its first character to its last; `*` is anything but a colon. */
export function matchesAny(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => expressionOf(pattern).test(text));
}

function expressionOf(pattern: string): RegExp {
  return new RegExp(`^${pattern.split("*").map(RegExp.escape).join(anything)}$`, "u");
}

/** Whether a text is a pattern of entrypoints: `run_mdps:main`, `strategies.*:run`, `basic:*`. */
export function isEntrypointPattern(text: string): boolean {
  return text.length <= 512 && /^[\p{XID_Continue}.*]+:[\p{XID_Continue}*]+$/u.test(text);
}

/** Whether a text is a pattern of the names of environment variables: `MODEL_*`. */
export function isNamePattern(text: string): boolean {
  return text.length <= 255 && /^[A-Za-z_*][A-Za-z0-9_*]*$/.test(text);
}
