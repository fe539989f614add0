import type { Router, XPublisher } from "zeromq";
import { asError, OperatorError } from "../../errors.ts";

/**
 * Binds a socket to an endpoint of the configuration.
 *
 * @param key the configuration's name for it, for the error
 * @returns the endpoint as bound, port number filled in
 * @throws OperatorError `ENDPOINT`
 */
export async function bindSocket(
  socket: Router | XPublisher,
  endpoint: string,
  key: string,
): Promise<string> {
  try {
    await socket.bind(endpoint);
    return socket.lastEndpoint ?? endpoint;
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    const why = code === "EADDRINUSE" ? "another program has it" : asError(thrown).message;
    throw new OperatorError(
      "ENDPOINT",
      `Cannot listen on ${endpoint}, named by ${key}: ${why}.`,
      `Stop the other program (another Lighthouse?), or change ${key} in config.toml.`,
      { cause: thrown },
    );
  }
}
