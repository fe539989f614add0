import pino from "pino";

export type Log = pino.Logger;

/**
 * The log of a program: JSON lines on standard error, or readable lines where that is a
 * terminal. Standard output belongs to answers, never to the log; and where somebody types at the
 * terminal the log goes to a file instead.
 */
export function createLog(options: { level?: string; pretty?: boolean; file?: string } = {}): Log {
  const base = {
    level: options.level ?? "info",
    base: null,
    redact: ["*.password", "*.token", "*.secret", "*.access_token"],
  };
  if (options.file !== undefined) {
    return pino(base, pino.destination({ dest: options.file, mkdir: true, mode: 0o600 }));
  }
  if (options.pretty !== true) return pino(base, pino.destination({ fd: 2, sync: true }));
  const transport = pino.transport({
    target: "pino-pretty",
    options: { destination: 2, ignore: "pid,hostname", translateTime: "SYS:HH:MM:ss" },
  });
  return pino(base, transport);
}

/** A log that says nothing: the default of parts that were not given one. */
export function silentLog(): Log {
  return pino({ level: "silent" });
}
