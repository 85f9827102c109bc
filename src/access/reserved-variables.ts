/**
 * Variables that no request sets, whatever is allowed: they say which code the dynamic linker (ld.so(8)), the shell, an
 * interpreter or Git runs before the job or beside it, or they are the server's own.
 */
const reserved = [
  /^(LD|DYLD)_/,
  /^(GCONV_PATH|GLIBC_TUNABLES)$/,
  /^OPENSSL_/,
  /^(PATH|HOME|ENV|BASH_ENV|BASHOPTS|SHELLOPTS|PS4|IFS)$/,
  /^_*PYTHON/,
  /^NODE_OPTIONS$/,
  /^GIT_/,
  /^QUANT_RUNS_/,
  /^MDPS_ENTRYPOINT$/,
];

/** Whether a job's variable of this name stays what the server makes it. */
export function isReservedVariable(name: string): boolean {
  return reserved.some((names) => names.test(name));
}
