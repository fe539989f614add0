import { z } from "zod";

const Endpoint = z
  .string()
  .regex(/^(tcp:\/\/(\*|[^/:]+|\[[0-9a-fA-F:.]+\]):(\d{1,5}|\*)|ipc:\/\/.+|inproc:\/\/.+)$/, {
    message: 'an endpoint is written like "tcp://127.0.0.1:5571" or "ipc:///run/laniakea/submit"',
  });
/** One endpoint or a list of them. (The peer split a plain string into its letters.) */
export const Endpoints = z
  .union([Endpoint, z.array(Endpoint)])
  .transform((value) => (Array.isArray(value) ? value : [value]));
export const Listen = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^:]+):\d{1,5}$/, {
  message: 'written as "address:port", for instance "127.0.0.1:8470"',
});
export const Path = z.string().min(1);
export const StringOrList = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (Array.isArray(value) ? value : value === "" ? [] : [value]));
